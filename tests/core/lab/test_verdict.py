"""The rule, branch by branch."""

import pytest

from core.lab.reckoning import ABOVE, BELOW, CHANCE, bound_share, compliance_stands, is_hollow, upshot_of
from core.lab.values import ProbeRecord, Upshot, cells_of, unmeasured
from core.lab.verdict import LEAST_CELLS, Sufficient, verdict_of
from tests.core.lab.found import CAP, changed, known, record, row, with_changes

PRINCIPLES = [f"P{i}" for i in range(10)]


def many(bound_and_compliance, principles=PRINCIPLES):
    """A prompted base and two changes for each principle."""
    rows = [row(title, bound=0.1, compliance=0.3) for title in principles]
    for i, title in enumerate(principles):
        rows += [changed(*bound_and_compliance(2 * i + k), title, f"alpha {k}") for k in range(2)]
    return record(*rows)


def test_behaviour_that_rises_with_the_bound_everywhere_is_sufficient():
    verdict = verdict_of([many(lambda i: (0.01 * i, 0.02 * i))])
    assert (verdict.answer, verdict.cells, verdict.correlation.value) == (Sufficient.YES, LEAST_CELLS, pytest.approx(1.0))
    assert verdict.against == () and verdict.missing == ()
    assert verdict.sentences[0].startswith("Mutual information was sufficient here: over 20 changes")


def test_one_row_with_the_information_and_without_the_behaviour_contradicts_it_however_well_the_rest_goes_together():
    capitals = row("Capitals", "sami", bound=0.98, compliance=0.0, floor=0.0, against="prompt")
    verdict = verdict_of([many(lambda i: (0.01 * i, 0.02 * i)), record(row("Capitals", bound=0.9, compliance=0.5), capitals, key="sami")])
    assert verdict.answer is Sufficient.NO
    assert "98 % of all that there is to tell" in verdict.against[0] and "“Capitals”" in verdict.sentences[0]
    assert "The information is there, the behaviour is not." in verdict.against[0]


def test_the_prompt_alone_may_contradict_it():
    """It makes no change, and is a cell of the rule all the same."""
    verdict = verdict_of([record(row("Capitals", bound=0.85, compliance=0.08, floor=0.1), key="prompt")])
    assert (verdict.answer, verdict.cells) == (Sufficient.NO, 0)


def test_too_few_cells_are_said_to_be_so_with_how_many_more():
    verdict = verdict_of([record(row(), changed(0.1, 0.1), changed(0.2, 0.2, key="alpha 2"))])
    assert verdict.answer is Sufficient.OPEN
    assert verdict.sentences[0].endswith("2 of the 20 changes that the rule asks for.")
    assert verdict.missing[0].startswith("18 more changes")
    assert any("all changes are of one" in said for said in verdict.missing)


def test_changes_that_do_not_go_together_are_not_shown():
    verdict = verdict_of([many(lambda i: (0.01 * i, (0.0, 0.3, 0.3, 0.0)[i % 4]))])
    assert verdict.answer is Sufficient.OPEN
    assert "not shown to move together" in verdict.sentences[0]
    assert "interval of the correlation still holds zero" in verdict.missing[0]


def test_changes_that_go_against_each_other_are_not_sufficient():
    verdict = verdict_of([many(lambda i: (0.01 * i, -0.01 * i))])
    assert verdict.answer is Sufficient.NO
    assert verdict.sentences[0].endswith("compliance fell where the bound rose.")


def test_changes_that_are_all_alike_have_no_correlation():
    verdict = verdict_of([many(lambda i: (0.1, 0.1))])
    assert (verdict.answer, verdict.correlation.value) == (Sufficient.OPEN, None)


def test_nothing_measured_is_nothing_shown():
    verdict = verdict_of([ProbeRecord(key="sami", result=None, why="it needs an adapter")])
    assert (verdict.answer, verdict.cells) == (Sufficient.OPEN, 0)
    assert "sami could not be measured: it needs an adapter." in verdict.missing


def test_an_unjudged_principle_makes_no_cell_and_is_asked_for():
    verdict = verdict_of([record(row(compliance=None), row(key="alpha 1", bound=0.9, compliance=None, against="prompt"))])
    assert (verdict.answer, verdict.cells, verdict.unknown) == (Sufficient.OPEN, 0, 1)
    assert "A check for “Brief”: its compliance is not known." in verdict.missing


def test_the_strongest_counter_evidence_comes_first():
    weak = row("Weak", "sami", bound=0.82, compliance=0.12, floor=0.1)
    strong = row("Strong", "sami", bound=0.99, compliance=0.0, floor=0.2)
    apart = with_changes(changed(0.2, -0.2, "Apart"), known(0.2 * CAP, 0.1, 0.2), known(-0.2, -0.3, -0.1))
    verdict = verdict_of([record(row("Apart"), apart, weak, strong), record(key="readers", upshot=Upshot.FAILED, said="Only it can tell.")])
    assert [next(word for word in ("Strong", "Weak", "Apart", "Only") if word in said) for said in verdict.against] == ["Strong", "Weak", "Apart", "Only"]
    assert "no more than the base’s" in verdict.against[1] and "fewer than the base’s" in verdict.against[0]


def test_few_principles_are_said_to_make_the_interval_too_short():
    assert any("too short" in said for said in verdict_of([many(lambda i: (0.01 * i, 0.02 * i), [*"ab"] * 5)]).sentences)
    assert not any("too short" in said for said in verdict_of([many(lambda i: (0.01 * i, 0.02 * i))]).sentences)


def test_what_two_probes_measured_alike_is_one_cell():
    rows = (row(), changed(0.1, 0.1))
    assert len(cells_of([record(*rows, key="sami"), record(*rows, key="readers")])) == 1


def test_the_random_band_is_what_the_base_does_without_the_text():
    assert [compliance_stands(row(compliance=value, floor=0.3)) for value in (0.2, 0.25, 0.35, 0.36)] == [BELOW, CHANCE, CHANCE, ABOVE]
    assert compliance_stands(row(compliance=None)) is None


def test_either_of_the_two_scores_may_show_the_information():
    found = row(bound=0.3, compliance=0.1, floor=0.1, own_summed=known(0.9 * CAP))
    assert bound_share(found) == pytest.approx(0.9) and is_hollow(found)
    assert not is_hollow(row(bound=0.3, compliance=0.1, floor=0.1))
    assert bound_share(row(own=unmeasured("no text"), own_summed=unmeasured("no text"))) is None


def test_what_rows_come_to():
    up = with_changes(changed(0.2, 0.2), known(0.1, 0.05, 0.2), known(0.2, 0.1, 0.3))
    apart = with_changes(changed(0.2, -0.2, key="alpha 2"), known(0.1, 0.05, 0.2), known(-0.2, -0.3, -0.1))
    flat = with_changes(changed(0.0, 0.0), known(0.0, -0.1, 0.1), known(0.0, -0.1, 0.1))
    assert [upshot_of(rows) for rows in ((row(), flat), (row(), flat, up), (row(), up, apart))] == [Upshot.OPEN, Upshot.HELD, Upshot.FAILED]
