"""A battery: each probe committed, gone on with, and none lost to another's fault."""

from dataclasses import replace

import pytest

from core.errors import ConfigError, ContextError
from core.lab import battery
from core.lab.battery import kept_record, quick_battery, run_battery
from core.lab.probes import PROBES
from core.lab.values import ProbeResult, Upshot
from core.progress import Stopped
from tests.core.lab.benches import OTHER, TWO, bench_on
from tests.tiny import save_tiny_adapter

FOUND = ProbeResult(upshot=Upshot.OPEN, said="Nothing.")


def succeed(bench):
    return FOUND


def refuse(bench):
    raise ContextError("The constitution is longer than the model reads.")


def break_down(bench):
    raise ZeroDivisionError


def stop(bench):
    raise Stopped


@pytest.fixture
def probed(monkeypatch):
    """Put other functions in the places of the first probes."""

    def put(**functions):
        for key, function in functions.items():
            monkeypatch.setitem(battery.PROBES, key, replace(PROBES[key], needs=(), module=f"tests.core.lab.test_battery:{function.__name__}"))
        return list(functions)

    return put


def test_every_probe_of_the_table_runs_on_a_base_and_an_adapter(tiny, tiny_folder, tmp_path):
    adapter = save_tiny_adapter(tiny_folder, tmp_path / "adapter")
    records = run_battery(bench_on(tiny, tmp_path / "lab", adapter=adapter), [key for key, probe in PROBES.items() if probe.quick])
    assert {record.key: record.why for record in records} == {key: "" for key, probe in PROBES.items() if probe.quick}


def test_a_probe_that_fails_could_not_be_measured_and_the_others_go_on(tiny, tmp_path, probed):
    keys = probed(sami=refuse, prompt=break_down, context=succeed)
    refused, broken, fine = run_battery(bench_on(tiny, tmp_path), keys)
    assert (refused.result, refused.why) == (None, "The constitution is longer than the model reads.")
    assert broken.result is None and "ZeroDivisionError" in broken.why
    assert fine.result == FOUND


def test_what_was_measured_is_not_measured_again_and_what_failed_is(tiny, tmp_path, probed, monkeypatch):
    bench = bench_on(tiny, tmp_path)
    run_battery(bench, probed(sami=refuse, prompt=succeed))
    monkeypatch.undo()
    first, second = run_battery(bench, probed(sami=succeed, prompt=refuse))
    assert (first.result, second.result) == (FOUND, FOUND)


def test_a_stop_keeps_what_was_found_before_it(tiny, tmp_path, probed):
    with pytest.raises(Stopped):
        run_battery(bench_on(tiny, tmp_path), probed(sami=succeed, prompt=stop))
    assert kept_record(tmp_path, "sami").result == FOUND
    assert kept_record(tmp_path, "prompt") is None


def test_a_folder_of_another_battery_is_refused_with_what_differs(tiny, tmp_path, probed):
    keys = probed(sami=succeed)
    run_battery(bench_on(tiny, tmp_path), keys)
    with pytest.raises(ConfigError, match="constitution differ"):
        run_battery(bench_on(tiny, tmp_path, OTHER), keys)


def test_a_probe_that_is_not_there_is_named_beside_those_that_are(tiny, tmp_path):
    with pytest.raises(ConfigError, match=r"'samy'.*sami, prompt"):
        run_battery(bench_on(tiny, tmp_path), ["samy"])


def test_without_an_adapter_a_probe_that_needs_one_says_so(tiny, tmp_path):
    (record,) = run_battery(bench_on(tiny, tmp_path), ["sami"])
    assert (record.result, record.why) == (None, "it needs an adapter")
    assert dict(quick_battery(bench_on(tiny, tmp_path)).left)["sami"] == "it needs an adapter"


def test_a_record_that_was_damaged_is_measured_anew(tiny, tmp_path, probed):
    keys = probed(sami=succeed)
    run_battery(bench_on(tiny, tmp_path), keys)
    (tmp_path / "probes" / "sami.json").write_text('{"key": "sami", "resu')
    assert run_battery(bench_on(tiny, tmp_path), keys)[0].result == FOUND


def test_replies_are_drawn_once_for_all_probes(tiny, tmp_path, monkeypatch):
    from core.lab import bench as benches

    bench, asked = bench_on(tiny, tmp_path), []
    monkeypatch.setattr(benches, "_rows", lambda policy, *rest, rows=benches._rows: asked.append(policy.arm.key) or rows(policy, *rest))
    first, second = bench.answers(bench.control), bench.answers(bench.control)
    assert first == second and asked == ["prompt"]


def test_a_check_without_sense_for_the_model_leaves_the_row_unmeasured(tiny, tmp_path):
    bench = bench_on(tiny, tmp_path, replace(TWO, principles=tuple(replace(p, check=None) for p in TWO.principles)))
    (record,) = run_battery(bench, ["prompt"])
    assert all(row.compliance.value is None and row.compliance.why for row in record.result.rows)
