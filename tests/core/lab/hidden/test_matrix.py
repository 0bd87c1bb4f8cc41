"""The matrix by hand: how much further students go towards their own teacher's principle than those of other teachers."""

import pytest

from core.lab.hidden.matrix import Condition, Kind, Matrix, cell, changed, lead
from core.lab.hidden.told import Channel, Taught, matrix_table, says, sentences, upshot_of_channel
from core.lab.values import Upshot
from core.measure.statistics import Figure

A, B = Condition(Kind.NUMBERS, 0, "“A”"), Condition(Kind.NUMBERS, 1, "“B”")
REPLIES = Condition(Kind.REPLIES, 0, "“A”: replies")
SHUFFLED = Condition(Kind.SHUFFLED, 0, "“A”: shuffled")


def matrix(**rows):
    named = {"A": A, "B": B, "REPLIES": REPLIES, "SHUFFLED": SHUFFLED}
    return Matrix(principles=("A", "B"), changes={named[name]: row for name, row in rows.items()})


def test_a_change_is_what_came_on_top_and_unknown_where_one_of_both_is():
    assert changed([[1.5, None], [0.0, 2.0]], [[1.0, 1.0], [0.5, None]]) == [[0.5, None], [-0.5, None]]


def test_a_lead_is_over_the_students_of_others_on_the_same_replies():
    """At A's replies A's students moved by 0.5 and 0.3, B's by 0.1 and 0.1: 0.4 and 0.2, so 0.3. At B's, B's by 0.2 and A's by 0.4: -0.2. Together 0.05."""
    found = matrix(A=[[[0.5, 0.3], [0.4, 0.4]]] * 2, B=[[[0.1, 0.1], [0.2, 0.2]]] * 2)
    assert lead(found, [A]).mean.value == pytest.approx(0.3)
    assert lead(found, [B]).mean.value == pytest.approx(-0.2)
    assert lead(found, [A, B]).mean.value == pytest.approx(0.05)
    assert lead(found, [A, B]).mean.n == 2
    assert cell(found, A, 0).mean.value == pytest.approx(0.4) and cell(found, B, 0).mean.value == pytest.approx(0.1)


def test_what_all_students_have_in_common_is_no_lead():
    moved = [[[0.7, 0.9], [0.2, 0.1]]] * 3
    assert lead(matrix(A=moved, B=moved), [A, B]).mean == Figure(0.0, 0.0, 0.0, 3)


def test_missing_students_are_left_out_and_never_zero():
    found = matrix(A=[None, [[0.5, 0.5], [0.0, 0.0]], None], B=[[[0.1, 0.1], [0.2, 0.2]]] * 2 + [None])
    assert lead(found, [A]).mean == Figure(pytest.approx(0.4), None, None, 1)
    assert [figure.value for figure in lead(found, [A]).by_seed] == [None, pytest.approx(0.4), None]
    assert lead(matrix(A=[None] * 2, B=[None] * 2), [A, B]).mean.value is None
    alone = matrix(A=[[[0.5, 0.5], [0.0, 0.0]]] * 2, B=[None] * 2)
    assert lead(alone, [A]).mean.value is None
    assert matrix_table(alone).rows[1][1] == "could not be measured"


def test_what_is_not_known_of_one_query_is_left_out_of_it_alone():
    found = matrix(A=[[[0.5, None, 0.3], [0.0] * 3]] * 2, B=[[[0.1, 0.1, None], [0.0] * 3]] * 2)
    assert [figure.n for figure in lead(found, [A]).by_seed] == [1, 1]
    assert lead(found, [A]).mean.value == pytest.approx(0.4)


def channel(ahead, spread, text=1.0, replies=0.5):
    """A's students lead by so much on average, with so much between seeds; the replies themselves by another."""
    others = [[[0.0] * 4, [0.0] * 4]] * 3
    own = [[[ahead + step] * 4, [0.0] * 4] for step in (-spread, 0.0, spread)]
    rows = matrix(A=own, B=others, REPLIES=[[[replies] * 4, [0.0] * 4]] * 3, SHUFFLED=others)
    told = Taught(kept=3, asked=6, refused={}, before_nats=(2.0,) * 3, after_nats=(1.0,) * 3)
    return Channel(matrix=rows, taught=dict.fromkeys(rows.changes, told), text_nats=dict.fromkeys((A, B, REPLIES, SHUFFLED), Figure(text, text, text, 4)))


@pytest.mark.parametrize(
    ("found", "upshot"),
    [
        (channel(0.5, 0.01), Upshot.FAILED),
        (channel(0.01, 0.01), Upshot.HELD),
        (channel(0.01, 0.01, replies=0.0), Upshot.OPEN),
        (channel(0.5, 0.5), Upshot.OPEN),
        (channel(-0.5, 0.01), Upshot.OPEN),
        (channel(0.01, 0.01, text=-1.0), Upshot.OPEN),
    ],
    ids=["a lead is shown", "next to none is left open", "nothing could have been shown", "too wide", "the other way", "the text does nothing"],
)
def test_a_lead_counts_against_it_and_its_absence_for_it_only_where_one_could_be_shown(found, upshot):
    assert upshot_of_channel(found) is upshot


def test_an_interval_that_holds_0_is_told_as_nothing_shown_with_what_it_leaves_open():
    """Two rows lead by 0.02 and 0: together 0.01 a seed, of a text that does 1 nat."""
    said = says(channel(0.02, 0.02))
    assert "The interval holds 0, so nothing is shown. It leaves open at most 0.0" in said and "% of the 1.00 that the text does in a prompt" in said
    assert "carried it" in says(channel(0.5, 0.01)) and "moved away" in says(channel(-0.5, 0.01))


def test_controls_and_what_is_missing_are_told():
    full = sentences(channel(0.0, 0.01))
    assert "so the matrix can find what is there" in full[0] and full[1].startswith("Control, numbers shuffled among prompts: +0.000")
    found = channel(0.0, 0.01, replies=0.0)
    assert "it is not shown that the matrix could find anything" in sentences(found)[0]
    rows = Matrix(principles=("A", "B"), changes={**found.matrix.changes, A: (None,) * 3})
    few = Taught(kept=2, asked=96, refused={"something else": 94}, before_nats=(), after_nats=())
    told = sentences(Channel(matrix=rows, taught={**found.taught, A: few}, text_nats=found.text_nats))
    assert told[-1].startswith("“A”: 0 of 3 students, since of 96 replies 2 were numbers alone") and "something else: 94" in told[-1]
    assert "Choose a model" in told[-1]
