"""The probe of the null rules: a row for the three together and each alone, beside prompting and the adapter, with the length of what is written."""

from dataclasses import replace

import pytest

from core.lab.battery import run_battery
from core.lab.probing.null_rules import _upshot, each_alone
from core.lab.values import Upshot
from tests.core.lab.benches import TWO, bench_on
from tests.core.lab.found import known, row
from tests.tiny import save_tiny_adapter

RULED = ["rules", "rules ending=0 shifts=0", "rules repeats=0 shifts=0", "rules repeats=0 ending=0"]


def test_each_rule_stands_alone_beside_the_three_together():
    assert [arm.key for arm in each_alone()] == RULED[1:]


@pytest.mark.parametrize("trained", [True, False])
def test_it_measures_the_rules_beside_prompting_and_what_is_examined(tiny, tiny_folder, tmp_path, trained):
    adapter = save_tiny_adapter(tiny_folder, tmp_path / "adapter") if trained else None
    (record,) = run_battery(bench_on(tiny, tmp_path / "lab", TWO, adapter=adapter), ["null-rules"])
    assert record.why == "" and record.result is not None
    keys = ["prompt", *RULED, *(["sami"] if trained else []), "rules-alone"]
    assert [found.key for found in record.result.rows] == keys * 2
    assert all(found.own.value is not None and found.compliance.value is not None for found in record.result.rows if found.key in RULED)
    assert all(
        found.own.value is None and "no constitution stands in its prompt" in found.own.why for found in record.result.rows if found.key == "rules-alone"
    )
    (table,) = record.result.tables
    assert len(table.rows) == len(keys) and all(len(line) == len(table.heads) for line in table.rows)
    assert table.rows[0][0] == "Base with the constitution"
    assert bool(record.result.sentences) == (not trained)


def changes(key, compliance, bound=0.0):
    sure = {"own_change": known(bound, bound - 0.01, bound + 0.01), "compliance_change": known(compliance, compliance - 0.01, compliance + 0.01)}
    return replace(row(key=key, against="prompt"), **sure)


def test_rules_that_raise_compliance_count_against_it_and_an_adapter_that_alone_does_for_it():
    before, nothing = row(), changes("rules", 0.0)
    assert _upshot([before, changes("rules", 0.2)], None) is Upshot.FAILED
    assert _upshot([before, nothing, changes("sami", 0.2)], "sami") is Upshot.HELD
    assert _upshot([before, nothing, changes("sami", 0.0)], "sami") is Upshot.OPEN
    assert _upshot([before, nothing], None) is Upshot.OPEN
    assert _upshot([before, changes("rules", -0.2, bound=0.2)], None) is Upshot.FAILED
