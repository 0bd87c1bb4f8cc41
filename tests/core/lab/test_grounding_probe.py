"""Symbol grounding: claims beside measurements, with a reason where they cannot be read; symbols with a definition and without; facts against the prior."""

from dataclasses import replace

import pytest

from core.lab.battery import run_battery
from core.lab.probing import grounding
from core.lab.probing.grounding import Line, in_symbols, upshot_of_grounding
from core.lab.values import Upshot
from core.measure.claims import claim_of, said_and_done
from core.measure.statistics import UNMEASURED
from core.methods.arms import make_arm
from tests.core.lab.benches import ONE, TWO, bench_on
from tests.core.lab.found import known, row, with_changes
from tests.tiny import save_tiny_adapter


def test_what_cannot_be_read_is_told_and_all_else_is_measured(tiny, tiny_folder, tmp_path):
    adapter = save_tiny_adapter(tiny_folder, tmp_path / "adapter")
    (record,) = run_battery(bench_on(tiny, tmp_path / "lab", TWO, adapter=adapter), ["grounding"])
    result = record.result
    assert record.why == "" and result is not None
    keys = [f"{arm}{text}" for arm in ("prompt", "sami") for text in ("", ", symbol", ", symbol defined") for _ in TWO.principles]
    assert [found.key for found in result.rows] == keys
    assert all((found.against == "") == ("symbol" not in found.key) for found in result.rows)
    assert all(found.compliance_change.value is not None for found in result.rows if found.against)
    claims, texts, facts = result.tables
    assert len(claims.rows) == 4 and len(texts.rows) == 12 and len(facts.rows) == 2
    assert all(len(line) == len(table.heads) for table in result.tables for line in table.rows)
    assert claims.rows[0][2] == "could not be measured"  # the tiny model writes letters at random
    assert "an answer is neither yes nor no: 2 of 2 replies" in result.said


def test_what_was_asked_is_not_asked_again(tiny, tmp_path, monkeypatch):
    bench = bench_on(tiny, tmp_path, ONE)
    (first,) = run_battery(bench, ["grounding"])
    (tmp_path / "probes" / "grounding.json").unlink()
    monkeypatch.setattr(grounding, "ask_claims", lambda *asked: pytest.fail("asked again"))
    monkeypatch.setattr(grounding, "ask_facts", lambda *asked: pytest.fail("asked again"))
    assert run_battery(bench, ["grounding"])[0].result == first.result


def test_a_model_that_says_yes_to_all_that_it_does_not_do_is_against_the_prediction(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(grounding, "ask_claims", lambda policy, constitution, position, replies: [("Yes.", "No.")] * len(replies))
    queries = tuple(f"Question {i}?" for i in range(12))
    bench = bench_on(tiny, tmp_path, TWO)
    (record,) = run_battery(replace(bench, plan=replace(bench.plan, held_out=queries)), ["grounding"])
    shout = record.result.tables[0].rows[1]
    assert shout[0] == "Shout" and shout[2].startswith("100%") and shout[3].startswith("0%") and shout[4].startswith("+100 points")
    assert record.result.upshot is Upshot.FAILED


def test_each_side_is_told_what_its_own_word_means():
    bare, defined = in_symbols(TWO)
    for plain, one, told in zip(TWO.principles, bare.principles, defined.principles, strict=True):
        assert told.statement.startswith(one.statement) and "means" in told.statement and plain.statement not in told.statement
        assert (one.title, one.check) == (plain.title, plain.check)
        assert told.statement.count("means") == told.antithesis.count("means") == 1
    assert len({side for principle in bare.principles for side in (principle.statement, principle.antithesis)}) == 4


TOLD = known(0.3)
UP, NONE, DOWN = known(0.4, 0.3, 0.5), known(0.0, -0.1, 0.1), known(-0.4, -0.5, -0.3)


def line(gap):
    claims = said_and_done([claim_of("yes", "no")], [True])
    return Line("Brief", make_arm("prompt"), replace(claims, gap=gap), UNMEASURED, UNMEASURED)


def test_what_counts_against_it_is_more_claimed_than_done_or_a_symbol_that_keeps_the_bound_alone():
    def symbol(bound, compliance, told=TOLD):
        return with_changes(row(key="prompt, symbol", against="prompt", own=told), bound, compliance)

    assert upshot_of_grounding([line(NONE.figure)], [symbol(DOWN, DOWN)]) is Upshot.HELD
    assert upshot_of_grounding([line(UP.figure)], []) is Upshot.FAILED
    assert upshot_of_grounding([line(DOWN.figure)], []) is Upshot.OPEN
    assert upshot_of_grounding([line(UNMEASURED)], [symbol(NONE, DOWN)]) is Upshot.FAILED
    assert upshot_of_grounding([line(UNMEASURED)], [symbol(NONE, DOWN, told=known(0.0, -0.1, 0.1))]) is Upshot.OPEN
