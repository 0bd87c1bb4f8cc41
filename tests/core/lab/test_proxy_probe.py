"""The probe of proxy-tuning: nothing of the change is the prompted base, all of it the adapter, and what is no adapter is told."""

from dataclasses import replace

from core.lab.battery import run_battery
from core.lab.probing import proxy
from core.methods.arms import VECTOR_NEEDED, make_arm
from tests.core.lab.benches import TWO, bench_on
from tests.tiny import save_tiny_adapter

KEYS = ["prompt", "proxy alpha=0.5", "sami", "proxy alpha=1.5", "proxy alpha=2"]


def replies(bench, arm):
    return [(reply.query, reply.side, reply.tokens, reply.logprobs) for reply in bench.answers(arm)]


def test_from_none_of_the_change_to_twice_of_it(tiny, tiny_folder, tmp_path):
    bench = bench_on(tiny, tmp_path / "lab", TWO, adapter=save_tiny_adapter(tiny_folder, tmp_path / "adapter"))
    (record,) = run_battery(bench, ["proxy"])
    assert record.why == "" and record.result is not None
    assert [found.key for found in record.result.rows] == KEYS * 2
    assert all(found.own.value is not None and found.compliance.value is not None for found in record.result.rows)
    assert [found.against for found in record.result.rows[:5]] == ["", *["prompt"] * 4]
    assert "from weight 0 to 2" in record.result.said


def test_at_one_it_is_the_adapter_to_the_bit(tiny, tiny_folder, tmp_path):
    bench = bench_on(tiny, tmp_path / "lab", adapter=save_tiny_adapter(tiny_folder, tmp_path / "adapter"))
    moved = make_arm("proxy", artifact=bench.examined.artifact, settings={"alpha": 1.0})
    assert proxy.arm_at(bench, 1.0) == bench.trained[0]
    assert replies(bench, moved) == replies(bench, proxy.arm_at(bench, 1.0))
    assert replies(bench, moved) != replies(bench, bench.control)


def test_a_vector_has_nothing_that_could_be_moved_and_without_an_adapter_it_is_not_tried(tiny, tiny_folder, tmp_path):
    bench = bench_on(tiny, tmp_path / "lab", adapter=save_tiny_adapter(tiny_folder, tmp_path / "adapter"))
    vector = replace(bench.examined, artifact=replace(bench.examined.artifact, kind=VECTOR_NEEDED), recipe="steering")
    (record,) = run_battery(replace(bench, examined=vector), ["proxy"])
    assert record.result is None and "this is a steering vector" in record.why
    (without,) = run_battery(bench_on(tiny, tmp_path / "without"), ["proxy"])
    assert without.result is None and without.why == "it needs an adapter"
