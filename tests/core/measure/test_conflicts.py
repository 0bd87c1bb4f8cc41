"""Two principles against each other, on replies that are written down: counts, shares, who wins, and whether the order matters, worked by hand."""

import json
from dataclasses import replace

import pytest

from core.constitution.checks import Check, Kept
from core.constitution.principles import Constitution, Principle, render
from core.errors import ConfigError
from core.measure.conflicts import (
    Order,
    conflict,
    judge_pair,
    judge_replies,
    ordered,
    orders_of,
    pair_of,
    prompt_says,
    replies_from_data,
    replies_to_data,
    written_order,
)

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
    assert none.sentence == (
        "With neither first, “Brief” wins by 80 points (95% interval 35 to 98): “Brief” alone is followed in 8 of 10 replies, “Asking” alone in 0."
    )
    assert (first.written, first.winner, second.winner) == (False, None, None)
    assert first.sentence == (
        "With “Brief” first, which of the two wins is not shown at this n: “Brief” alone is followed in 1 of 10 replies, “Asking” alone in 1; "
        "a difference of 0 points (95% interval −28 to 28). About 53 more queries would show a difference of 20 points."
    )
    assert (found.order_matters, found.sentence) == (
        False,
        "That the order matters is not shown at this n. About 35 more queries would show a difference of 20 points.",
    )
    assert (found.first_gains.value, found.second_gains.value) == (0.0, 0.0)


def test_a_principle_that_wins_in_one_order_only_shows_that_the_order_matters() -> None:
    """Twelve replies: whoever stands first is followed alone. Either share rises by 12/12: centre 12/14, error sqrt(13 - 144/14)/14 = 0.1177, z = 7.3."""
    found = conflict(PAIR, {"none": [BOTH] * 12, "first": [ONLY_A] * 12, "second": [ONLY_B] * 12})
    assert [sides.winner for sides in found.orders] == [None, "first", "second"]
    assert (found.first_gains.value, found.second_gains.value, found.order_matters) == (1.0, 1.0, True)
    change = "(100 points, 95% interval 63 to 100, n = 12)"
    assert found.sentence == (
        f"The order matters: “Brief” is followed more often when it stands first {change}, and “Asking” is followed more often when it stands first {change}."
    )
    assert found.orders[2].sentence == (
        "With “Asking” first, “Asking” wins by 100 points (95% interval 63 to 100): “Brief” alone is followed in 0 of 12 replies, “Asking” alone in 12."
    )
    backwards = conflict(PAIR, {"none": [BOTH] * 12, "first": [ONLY_B] * 12, "second": [BOTH] * 12})
    fell = "(−100 points, 95% interval −100 to −63, n = 12)"
    assert backwards.sentence == f"The order matters: “Brief” is followed less often when it stands first {fell}."


def test_a_few_replies_or_none_show_nothing() -> None:
    few = conflict(PAIR, {"none": [ONLY_A] * 2, "first": [ONLY_A] * 2, "second": [ONLY_B] * 2})
    assert [sides.winner for sides in few.orders] == [None, None, None] and not few.order_matters
    none = conflict(PAIR, {"none": [UNJUDGED], "first": [UNJUDGED], "second": [UNJUDGED]})
    assert none.orders[0].sentence == "With neither first: not shown, since no reply could be judged by both checks."
    assert (none.orders[0].first_only.value, none.orders[0].n, none.orders[0].unjudged) == (None, 0, 1)


def test_what_is_not_shown_says_what_would_show_it_or_that_it_is_excluded() -> None:
    """With 5 alone of 25 and none of the other: centre 5/27 = 0.1852, error sqrt(6 - 25/27)/27 = 0.0834, interval 0.022 to 0.349, p = 0.026: three orders
    together need 0.0167. Of 25 that follow both, a difference of 20 points is excluded: the interval stays within it, and 0.8^25 is 0.004. So it is of
    200 of which 21 follow the first alone and 25 the second: −4/202 = −0.0198, error sqrt(47 - 16/202)/202 = 0.0339, interval −0.086 to 0.047.
    """
    both = [BOTH] * 20
    found = conflict(PAIR, {"none": [BOTH] * 25, "first": [ONLY_A] * 5 + both, "second": [ONLY_B] * 5 + both})
    none, first, second = found.orders
    assert none.sentence.endswith("a difference of 0 points (95% interval −7 to 7). A difference of 20 points is excluded.")
    assert first.winner is None
    assert "; “Brief” is ahead by 20 points (95% interval 2 to 35), which is not enough over the 3 orders together. About " in first.sentence
    assert "; “Asking” is ahead by 20 points (95% interval 2 to 35), which" in second.sentence
    many = [ONLY_A] * 20 + [ONLY_B] * 25 + [BOTH, NEITHER] * 77 + [ONLY_A]
    enough = conflict(PAIR, {"none": many, "first": many, "second": many}).orders[0]
    assert enough.sentence.endswith("“Asking” is ahead by 2 points (95% interval −5 to 9). A difference of 20 points is excluded.")


def test_what_of_the_prompt_decides_is_named() -> None:
    ranked = replace(PAIR, principles=(replace(A, priority=4), replace(B, priority=2)))
    assert prompt_says(PAIR) == (
        "In the prompt: neither comes first, since the constitution gives the two no order of priority; with the rule for conflicts “Ask first.”"
    )
    assert prompt_says(ranked) == "In the prompt: “Asking” with priority 2 before “Brief” with priority 4; with the rule for conflicts “Ask first.”"
    unranked = replace(PAIR, principles=(A, replace(B, priority=2)), conflict_rule=" ")
    assert prompt_says(unranked) == "In the prompt: “Asking” with priority 2 before “Brief”, which has none; no rule for conflicts."


def test_replies_go_to_json_and_back_and_what_is_none_of_them_is_refused() -> None:
    texts: dict[Order, list[str]] = {"none": ["Rain falls.", "A b c d?"], "first": ["", "Why?"], "second": ["Why rain?", "x"]}
    replies = judge_replies(PAIR, ["a", "b"], texts)
    assert replies.followed["none"] == (ONLY_A, ONLY_B) and replies.followed["second"] == (BOTH, ONLY_A)
    data = json.loads(json.dumps(replies_to_data(replies)))
    assert replies_from_data(PAIR, data) == replies
    first = data["orders"]["first"]
    for odd in (
        None,
        {},
        {**data, "queries": ["a"]},
        {**data, "orders": {}},
        {**data, "orders": {**data["orders"], "third": first}},
        {**data, "orders": {**data["orders"], "first": {**first, "followed": [[True], [True, 1]]}}},
        {**data, "orders": {**data["orders"], "first": {**first, "followed": [[True, 2], [True, None]]}}},
    ):
        with pytest.raises(ValueError, match="replies"):
            replies_from_data(PAIR, odd)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((1, 2), "“Kind” cannot be judged yet: principle 2 has no check"),
        ((1, 5), "There is no principle 5; the constitution has 4. Choose two of them"),
        ((0, 1), "There is no principle 0"),
        ((3, 3), "cannot be set against itself"),
        ((2, 1), "no program can tell. Two ways on: add a check, .* or mark the replies of a check before training"),
        ((2, 4), "“Kind” and “Kinder” cannot be judged yet: principles 2 and 4 have no check, so no program can tell. Two ways on"),
    ],
)
def test_what_cannot_be_set_against_each_other_is_refused_in_words(numbers, words) -> None:
    with pytest.raises(ConfigError, match=words):
        pair_of(replace(TEXT, principles=(*TEXT.principles, replace(C, title="Kinder"))), *numbers)


def test_a_check_that_this_studio_cannot_judge_by_is_told() -> None:
    kept = replace(A, check=Check("new_kind", kept=Kept(written='"new_kind"', why="It is of a newer studio.")))
    with pytest.raises(ConfigError, match=r"“Brief” cannot be judged yet: It is of a newer studio\. Choose another check for principle 1"):
        pair_of(replace(TEXT, principles=(kept, B)), 1, 2)
