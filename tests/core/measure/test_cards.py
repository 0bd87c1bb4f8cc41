"""Cards: whole queries, mixed so that neighbours do not belong together, in an order that knows no arm."""

from collections import Counter
from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from core.constitution.principles import Constitution, Principle
from core.measure.cards import DEAL, deal_cards
from core.measure.values import Cell
from tests.core.measure.replies import CONTROL, TRAINED, reply

KIND, BRIEF = (Principle(title=title, statement=f"Be {title}.", antithesis=f"Never be {title}.", id=title[0] * 32) for title in ("kind", "brief"))
ONLY, BOTH = Constitution(name="C", principles=(KIND,)), Constitution(name="C", principles=(KIND, BRIEF))


def arms(n, sides=("statement", "antithesis"), text="{arm} {side} {i}"):
    return {
        arm: [reply(side=side, text=text.format(arm=arm.key, side=side, i=i), query=f"q{i}") for i in range(n) for side in sides] for arm in (CONTROL, TRAINED)
    }


def test_a_query_gives_all_that_the_verdict_needs_and_no_more():
    deals = deal_cards(ONLY, 0, arms(20), 1)
    assert list(map(len, deals)) == [DEAL, DEAL, 12]
    for deal in deals:
        for query in {card.query for card in deal}:
            cells = {(card.cell.arm, card.cell.side) for card in deal if card.query == query}
            assert cells == {(CONTROL.key, "statement"), (TRAINED.key, "statement"), (TRAINED.key, "antithesis")}


def test_of_several_principles_the_one_is_turned_alone():
    sides = ("statement", "antithesis", "flip 1", "flip 2")
    found = Counter(card.cell for deal in deal_cards(BOTH, 1, arms(4, sides), 1) for card in deal)
    assert found == {Cell(arm=CONTROL.key, side="statement"): 4, Cell(arm=TRAINED.key, side="statement"): 4, Cell(arm=TRAINED.key, side="flip 2"): 4}


@pytest.mark.parametrize("n", [2, 3, 5, 8, 9, 31])
def test_neighbours_never_answer_the_same_query(n):
    for seed in range(20):
        for deal in deal_cards(ONLY, 0, arms(n), seed):
            assert all(first.query != second.query for first, second in pairwise(deal)) or len({card.query for card in deal}) < 2


def test_the_same_seed_deals_the_same_and_another_another():
    first, again, other = (deal_cards(ONLY, 0, arms(8), seed) for seed in (1, 1, 2))
    assert first == again != other


def test_the_order_is_the_same_when_arms_and_sides_are_exchanged():
    """So nothing of it can tell them."""
    plain = arms(12)
    control, trained = plain[CONTROL], plain[TRAINED]
    texts = {(r.query, arm, r.side): r.text for arm, those in plain.items() for r in those}
    exchanged = {
        CONTROL: [replace(r, text=texts[r.query, TRAINED, "antithesis"]) if r.side == "statement" else r for r in control],
        TRAINED: [replace(r, text=texts[r.query, CONTROL, "statement"]) if r.side == "antithesis" else r for r in trained],
    }
    seen = [[(card.shown, card.query, card.text) for deal in deal_cards(ONLY, 0, given, 7) for card in deal] for given in (plain, exchanged)]
    assert seen[0] == seen[1] and len(seen[0]) == 36
    assert deal_cards(ONLY, 0, plain, 7) != deal_cards(ONLY, 0, exchanged, 7)  # though their cells differ


def test_what_reads_alike_is_shown_once_and_an_empty_reply_not_at_all():
    alike = arms(6, text="the same {i}")
    assert sum(map(len, deal_cards(ONLY, 0, alike, 1))) == 6
    silent = {CONTROL: alike[CONTROL], TRAINED: [replace(r, text="") for r in alike[TRAINED]]}
    assert {card.cell.arm for deal in deal_cards(ONLY, 0, silent, 1) for card in deal} == {CONTROL.key}
    assert deal_cards(ONLY, 0, {arm: [replace(r, text="") for r in those] for arm, those in alike.items()}, 1) == ()


def test_without_an_arm_to_hold_against_the_control_there_are_no_cards():
    assert deal_cards(ONLY, 0, {CONTROL: arms(3)[CONTROL]}, 1) == ()


def test_a_card_is_known_by_a_hash_of_what_is_seen():
    card = deal_cards(ONLY, 0, arms(1), 1)[0][0]
    assert len(card.shown) == 64 and set(asdict(card)) == {"shown", "query", "text", "cell", "cut"}


def test_a_card_says_that_its_reply_was_cut_and_is_known_by_what_it_was_known_by_before():
    plain = arms(6)
    cut = {arm: [replace(r, ended=arm != TRAINED) for r in those] for arm, those in plain.items()}
    before, after = ([card for deal in deal_cards(ONLY, 0, given, 1) for card in deal] for given in (plain, cut))
    assert [card.shown for card in before] == [card.shown for card in after]
    assert not any(card.cut for card in before) and all(card.cut == (card.cell.arm == TRAINED.key) for card in after)


def test_of_replies_that_read_alike_one_that_ended_makes_the_card_whole():
    alike = arms(6, text="the same {i}")
    cut = {arm: [replace(r, ended=arm != TRAINED) for r in those] for arm, those in alike.items()}
    assert not any(card.cut for deal in deal_cards(ONLY, 0, cut, 1) for card in deal)
