"""Text or habit: flips when the sides are swapped, and compliance where the base does it anyway and where it does not, counted by hand."""

import json

from core.measure.habits import flip_rate, flips, pull
from core.measure.report import evaluate
from core.measure.report_data import report_from_data, report_to_data
from core.measure.rows import every_row, rows
from core.measure.statistics import UNMEASURED
from core.measure.values import NO_SIDE
from core.methods.arms import Artifact, make_arm
from tests.core.measure.replies import ALONE, CAPITALS, CONTROL, TRAINED, reply

VECTOR = Artifact(kind="vector", place="", sha256="cd")
BARE, CONTEXT = make_arm("base"), make_arm("context")
STEERED, TURNED = (make_arm("steering-alone", artifact=VECTOR, settings={"multiplier": m}) for m in (1, -1))


def test_a_flip_follows_and_once_swapped_does_not():
    """Six queries: + -, + +, - -, - +, ? -, + ?. Four are judged both ways, one of them flips with the text."""
    figure = flip_rate([True, True, False, False, None, True], [False, True, False, True, False, None])
    assert (figure.value, figure.n) == (0.25, 4)
    assert flip_rate([None], [True]) == UNMEASURED


def test_the_sides_of_a_prompt_are_swapped_and_without_a_prompt_the_vector_is_turned_round():
    outcomes = {
        CONTROL: {"statement": [True, True, False], "antithesis": [True, False, False], "flip": [True, True, True]},
        CONTEXT: {"statement": [True, True, False], "antithesis": [False, False, False]},
        STEERED: {NO_SIDE: [True, True, True]},
        TURNED: {NO_SIDE: [False, True, False]},
        ALONE: {NO_SIDE: [True, True, True]},
        BARE: {NO_SIDE: [False, False, True]},
    }
    found = flips(outcomes)
    assert {arm: round(figure.value, 3) for arm, figure in found.items()} == {CONTROL.key: 0, CONTEXT.key: 0.667, STEERED.key: 0.667}
    # the control is held against this principle alone turned, where others keep their statements


def test_compliance_is_told_apart_by_what_the_base_does_anyway():
    """The habit: + - - ?. Of the arm + + - -: where it agrees 1 of 1, where it does not 1 of 2; the fourth query tells nothing."""
    outcomes = {CONTEXT: {"statement": [True, True, False, False], "antithesis": [False] * 4}, ALONE: {NO_SIDE: [None, False, True, True]}}
    found = pull({**outcomes, BARE: {NO_SIDE: [True, False, False, None]}})
    assert {name: (figure.value, figure.n) for name, figure in found[CONTEXT.key].items()} == {"agrees": (1.0, 1), "disagrees": (0.5, 2)}
    assert {name: (figure.value, figure.n) for name, figure in found[ALONE.key].items()} == {"agrees": (None, 0), "disagrees": (0.5, 2)}
    assert BARE.key not in found
    assert pull(outcomes) == {}


def answers(n, under, against):
    sides = {"statement": under, "antithesis": against}
    return [reply(query=f"q{i}", side=side, text="LOUD" if i < loud else "quiet") for i in range(n) for side, loud in sides.items()]


def alone(n, loud):
    return [reply(query=f"q{i}", side=NO_SIDE, text="LOUD" if i < loud else "quiet", logprobs=()) for i in range(n)]


def lines(report):
    return {row.label.partition(", ")[2]: row for row in rows(report) if row.group == "Is it the text, or the habit of the base?"}


def test_a_report_has_a_line_of_each_for_every_arm_that_it_has_a_meaning_for():
    """Eight queries; the base shouts in two of them, prompted in four (never under the antithesis), the context-aware one in six (twice under it)."""
    report = evaluate(CAPITALS, {CONTROL: answers(8, 4, 0), CONTEXT: answers(8, 6, 2), BARE: alone(8, 2)})
    flipped, agrees, disagrees = lines(report).values()
    assert {arm: figure.value if figure else None for arm, figure in flipped.cells.items()} == {"prompt": 0.5, "context": 0.5, "base": None}
    assert {arm: (figure.value, figure.n) if figure else None for arm, figure in agrees.cells.items()} == {"prompt": (1, 2), "context": (1, 2), "base": None}
    assert [round(disagrees.cells[arm].value, 3) for arm in ("prompt", "context")] == [0.333, 0.667]
    assert report_from_data(json.loads(json.dumps(report_to_data(report)))) == report


def test_where_the_base_was_not_asked_alone_there_is_no_pull_and_an_older_report_has_neither_line():
    report = evaluate(CAPITALS, {CONTROL: answers(8, 4, 0), TRAINED: answers(8, 6, 2)})
    assert len(lines(report)) == 1
    data = json.loads(json.dumps(report_to_data(report)))
    assert "pull" not in data["principles"][0]
    del data["principles"][0]["flips"]
    older = report_from_data(data)
    assert lines(older) == {}
    assert len(every_row(older)) == len(every_row(report))  # so that seeds of both line up
