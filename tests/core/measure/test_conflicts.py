"""Two principles against each other, on replies that are written down: counts, shares, who wins, and whether the order matters, worked by hand."""

from dataclasses import replace

import pytest

from core.constitution.checks import Check, Kept
from core.constitution.principles import Constitution, Principle, render
from core.errors import ConfigError
from core.measure.conflicts import conflict, judge_pair, ordered, orders_of, pair_of, written_order

A = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 3))
B = Principle(title="Asking", statement="Ask.", antithesis="Never ask.", check=Check("ends_with_question"))
C = Principle(title="Kind", statement="Be kind.", antithesis="Be blunt.")
TEXT = Constitution(name="N", principles=(A, C, B), conflict_rule="Ask first.")
PAIR = pair_of(TEXT, 1, 3)
ONLY_A, ONLY_B, BOTH, NEITHER, UNJUDGED = (True, False), (False, True), (True, True), (False, False), (True, None)


def test_a_pair_stands_alone_in_the_prompt_with_the_rule_and_the_order_that_is_tried() -> None:
    assert PAIR.principles == (A, B)
    said = "They stand in order of priority: 1 comes first, then 2.\nAsk first.\n\nQ?"
    head = "Follow these principles in your reply:\n"
    assert render(ordered(PAIR, "second"), (True, True), "Q?").user == f"{head}1. Ask.\n2. Be brief.\n{said}"
    assert render(ordered(PAIR, "first"), (True, True), "Q?").user == f"{head}1. Be brief.\n2. Ask.\n{said}"
    assert render(ordered(PAIR, "none"), (True, True), "Q?").user == f"{head}1. Be brief.\n2. Ask.\nAsk first.\n\nQ?"


@pytest.mark.parametrize(
    ("priorities", "written", "orders"),
    [
        ((None, None), "none", ("none", "first", "second")),
        ((4, 4), "none", ("none", "first", "second")),
        ((2, 7), "first", ("first", "second")),
        ((7, 2), "second", ("second", "first")),
        ((None, 9), "second", ("second", "first")),
    ],
)
def test_what_is_tried_is_what_is_written_and_the_other_way_round(priorities, written, orders) -> None:
    pair = replace(PAIR, principles=tuple(replace(p, priority=priority) for p, priority in zip((A, B), priorities, strict=True)))
    assert (written_order(pair), orders_of(pair)) == (written, orders)
    if written != "none":
        assert render(ordered(pair, written), (True, True), "Q?") == render(pair, (True, True), "Q?")


def test_replies_are_judged_by_both_checks() -> None:
    texts = ["Rain falls.", "Is it that the rain falls?", "Why rain?", "Rain is what falls from clouds.", ""]
    assert judge_pair(PAIR, ["a", "b", "c", "d", "e"], texts) == [ONLY_A, ONLY_B, BOTH, NEITHER, NEITHER]


def test_shares_and_the_winner_by_hand() -> None:
    """Ten replies with neither first: 8 follow A alone, 1 both, 1 neither. A leads by (8 - 0)/10 = 0.8.

    Agresti and Min: centre 8/12 = 0.6667, up 8.5, down 0.5, error sqrt(9 - 8^2/12)/12 = sqrt(3.6667)/12 = 0.15957; z = 4.178, p = 2.9e-5, and three
    times that is far below 0.05. With one alone of each, 1 and 1 of 10, the centre is 0 and p = 1.
    """
    clear = [ONLY_A] * 8 + [BOTH, NEITHER]
    even = [ONLY_A, ONLY_B] + [BOTH] * 8
    found = conflict(PAIR, {"none": [*clear, UNJUDGED], "first": [*even, UNJUDGED], "second": [*even, UNJUDGED]})
    none, first, second = found.orders
    assert (none.order, none.written, none.n, none.unjudged, none.winner) == ("none", True, 10, 1, "first")
    assert [figure.value for figure in (none.first_only, none.second_only, none.both, none.neither, none.lead)] == [0.8, 0.0, 0.1, 0.1, 0.8]
    assert (none.lead.low, none.lead.high) == pytest.approx((0.6667 - 1.96 * 0.15957, 0.6667 + 1.96 * 0.15957), abs=1e-3)
    assert none.sentence == "With neither first, “Brief” wins: “Brief” alone is followed in 8 of 10 replies, “Asking” alone in 0."
    assert (first.written, first.winner, second.winner) == (False, None, None)
    assert first.sentence == "With “Brief” first, which of the two wins is not shown: “Brief” alone is followed in 1 of 10 replies, “Asking” alone in 1."
    assert (found.order_matters, found.sentence) == (False, "That the order matters is not shown.")
    assert (found.first_gains.value, found.second_gains.value) == (0.0, 0.0)


def test_a_principle_that_wins_in_one_order_only_shows_that_the_order_matters() -> None:
    """Twelve replies: whoever stands first is followed alone. Either share rises by 12/12: centre 12/14, error sqrt(13 - 144/14)/14 = 0.1177, z = 7.3."""
    found = conflict(PAIR, {"none": [BOTH] * 12, "first": [ONLY_A] * 12, "second": [ONLY_B] * 12})
    assert [sides.winner for sides in found.orders] == [None, "first", "second"]
    assert (found.first_gains.value, found.second_gains.value, found.order_matters) == (1.0, 1.0, True)
    assert found.sentence == (
        "The order matters: “Brief” is followed more often when it stands first, and “Asking” is followed more often when it stands first."
    )
    backwards = conflict(PAIR, {"none": [BOTH] * 12, "first": [ONLY_B] * 12, "second": [BOTH] * 12})
    assert backwards.sentence == "The order matters: “Brief” is followed less often when it stands first."


def test_a_few_replies_or_none_show_nothing() -> None:
    few = conflict(PAIR, {"none": [ONLY_A] * 2, "first": [ONLY_A] * 2, "second": [ONLY_B] * 2})
    assert [sides.winner for sides in few.orders] == [None, None, None] and not few.order_matters
    none = conflict(PAIR, {"none": [UNJUDGED], "first": [UNJUDGED], "second": [UNJUDGED]})
    assert none.orders[0].sentence == "With neither first: not shown, since no reply could be judged by both checks."
    assert (none.orders[0].first_only.value, none.orders[0].n, none.orders[0].unjudged) == (None, 0, 1)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((1, 2), "“Kind” cannot be judged yet: principle 2 has no check"),
        ((1, 4), "There is no principle 4; the constitution has 3"),
        ((0, 1), "There is no principle 0"),
        ((3, 3), "cannot be set against itself"),
    ],
)
def test_what_cannot_be_set_against_each_other_is_refused_in_words(numbers, words) -> None:
    with pytest.raises(ConfigError, match=words):
        pair_of(TEXT, *numbers)


def test_a_check_that_this_studio_cannot_judge_by_is_told() -> None:
    kept = replace(A, check=Check("new_kind", kept=Kept(written='"new_kind"', why="It is of a newer studio.")))
    with pytest.raises(ConfigError, match=r"“Brief” cannot be judged yet: It is of a newer studio\. Choose another check for principle 1"):
        pair_of(replace(TEXT, principles=(kept, B)), 1, 2)
