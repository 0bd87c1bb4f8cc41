"""The probe of consistency in the frame: its rows are held against the same wrapper's before, and what it asked is not asked again."""

from core.constitution.wrappers import WRAPPERS
from core.lab.battery import run_battery
from tests.core.lab.benches import TWO, bench_on
from tests.tiny import save_tiny_adapter


def test_it_measures_every_wrapper_before_and_after_with_costs_and_sycophancy_beside(tiny, tiny_folder, tmp_path):
    adapter = save_tiny_adapter(tiny_folder, tmp_path / "adapter")
    (record,) = run_battery(bench_on(tiny, tmp_path / "lab", TWO, adapter=adapter), ["consistency"])
    result = record.result
    assert record.why == "" and result is not None
    assert len(result.rows) == 2 * 2 * (1 + len(WRAPPERS))  # principles, arms, wrappers and none
    keys = {(row.principle, row.key) for row in result.rows}
    assert len(keys) == len(result.rows)
    assert all((row.principle, row.against) in keys for row in result.rows if row.against)
    assert [table.title for table in result.tables] == ["Be brief: under wrappers", "Shout: under wrappers", "What it costs, and sycophancy"]
    assert all(len(row) == len(table.heads) for table in result.tables for row in table.rows)
    assert len(result.sentences) == 2 * len(WRAPPERS) + 1
