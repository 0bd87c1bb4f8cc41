"""What marks make of a check: made-up replies, people who agree or not, and how often so few replies err."""

import dataclasses
import json

import numpy as np
import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.cards import identity
from core.measure.marks import Mark
from core.methods.settings import TrainConfig
from core.runs.checked import (
    Checked,
    CheckedReplies,
    CheckRecord,
    check_cards,
    check_record_from_data,
    check_record_to_data,
    checked_from_data,
    checked_to_data,
)
from core.runs.evidence import QueryCount, few_hits, link_of
from core.runs.judged_links import unjudged_link
from core.runs.links import Trainability
from core.runs.marked_check import ERROR, mark_check
from core.settings import SamplingConfig

KIND = Principle(title="Kind", statement="Be kind.", antithesis="Be unkind.", id="a" * 32)
WARM = Principle(title="Warm", statement="Be warm.", antithesis="Be cold.", id="b" * 32)
BOTH = Constitution(name="C", principles=(KIND, WARM))
SAMPLING = SamplingConfig(max_new_tokens=32)


def side(word, n=16, each=1):
    return tuple(tuple(f"{word} {i} {j}" for j in range(each)) for i in range(n))


def check_of(constitution, **changes):
    replies = CheckedReplies(
        queries=tuple(f"q{i}" for i in range(16)), statement=side("yes"), flipped=tuple(side(f"no {i}") for i in range(len(constitution.principles)))
    )
    links = tuple(map(unjudged_link, constitution.principles))
    found = Trainability(verdict="unjudged", principles=links, words=(2.0, 2.0), length_tells=0.5, cut=0.0, same=0.0, replies=48, notes=())
    return Checked(found=found, replies=dataclasses.replace(replies, **changes))


def marks_on(constitution, checked, position, who="Ada", follows=lambda text: text.startswith("yes"), most=1000):
    principle = constitution.principles[position]
    cards = [card for deal in check_cards(constitution, position, checked.replies, "check 1") for card in deal][:most]
    return [Mark(principle=identity(principle), query=card.query, shown=card.shown, who=who, follows=follows(card.text)) for card in cards]


def test_each_principle_is_judged_by_who_marked_it_and_the_whole_by_all():
    checked = check_of(BOTH)
    assert mark_check(checked, BOTH, [], SAMPLING, "check 1").found == checked.found
    first = mark_check(checked, BOTH, marks_on(BOTH, checked, 0), SAMPLING, "check 1")
    assert [link.verdict for link in first.found.principles] == ["go", "unjudged"] and first.found.verdict == "weak"
    assert first.marks[0] is not None and (first.marks[0].marked, first.marks[1]) == (32, None)
    both = mark_check(checked, BOTH, [*marks_on(BOTH, checked, 0), *marks_on(BOTH, checked, 1, "Bob")], SAMPLING, "check 1")
    assert ([link.by for link in both.found.principles], both.found.verdict) == (["Ada", "Bob"], "go")


def test_no_whole_deal_judges_nothing():
    checked = check_of(BOTH)
    found = mark_check(checked, BOTH, marks_on(BOTH, checked, 0, most=31), SAMPLING, "check 1")
    assert found.found.principles == checked.found.principles and found.marks[0].waiting == 31


def test_a_program_that_this_studio_has_is_not_overruled():
    strict = Constitution(name="C", principles=(dataclasses.replace(KIND, check=Check("max_words", 50)), WARM))
    checked = check_of(strict)
    found = mark_check(checked, strict, marks_on(strict, checked, 0), SAMPLING, "check 1")
    assert found.found.principles[0] == checked.found.principles[0] and found.marks[0].kappa is not None


def test_a_text_that_both_sides_wrote_is_one_card_that_counts_for_both():
    checked = check_of(BOTH, flipped=(side("yes"), side("no")))
    (deal,) = check_cards(BOTH, 0, checked.replies, "check 1")
    assert len(deal) == 16
    link = mark_check(checked, BOTH, marks_on(BOTH, checked, 0), SAMPLING, "check 1").found.principles[0]
    assert (link.replies, link.hits, link.followed_under_antithesis.value, link.verdict) == (16, 16, 1.0, "no-go")


def test_the_cards_are_the_same_for_everybody_and_others_for_another_check_or_principle():
    checked = check_of(BOTH)
    (one,), (again,), (other,), (second,) = (
        check_cards(BOTH, position, checked.replies, name) for position, name in ((0, "check 1"), (0, "check 1"), (0, "check 2"), (1, "check 1"))
    )
    assert one == again
    assert [card.query for card in one] != [card.query for card in other] and [card.query for card in one] != [card.query for card in second]
    assert {card.cell.side for card in second} == {"statement", "flip 2"}


def test_it_survives_json_and_another_form_is_refused():
    checked = check_of(BOTH)
    data = json.loads(json.dumps(checked_to_data(checked)))
    assert checked_from_data(data) == checked
    record = CheckRecord(constitution=BOTH, model="tiny", config=TrainConfig(), checked=checked)
    assert check_record_from_data(json.loads(json.dumps(check_record_to_data(record)))) == record
    rows = data["replies"]
    lacking = ({**rows, "flipped": rows["flipped"][:1]}, {**rows, "queries": []})
    for wrong in ({}, {"trainability": data["trainability"]}, *({**data, "replies": replies} for replies in lacking)):
        with pytest.raises(ValueError, match=r"no check with its replies|not those that its verdict"):
            checked_from_data(wrong)
    alone = dataclasses.replace(BOTH, principles=(KIND,))
    with pytest.raises(ValueError, match="on other principles"):
        check_record_from_data(check_record_to_data(dataclasses.replace(record, constitution=alone)))


def test_how_often_few_replies_show_fewer_than_two_hits_is_exact():
    """Sixteen replies at 0.2: 0.8^16 + 16 x 0.2 x 0.8^15 = 0.0281 + 0.1126."""
    once = [QueryCount(hits=0, judged=1, hits_opposed=0, judged_opposed=1)] * 16
    assert few_hits(once, 0.2) == pytest.approx(0.0281 + 0.1126, abs=1e-4)
    assert few_hits([dataclasses.replace(count, judged=6) for count in once], 0.2) < 1e-7


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_by_marks_too_a_go_is_seldom_said_where_both_sides_follow_alike(rate):
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(1000):
        ours, theirs = rng.random(16) < rate, rng.random(16) < rate
        verdicts.append(link_of([QueryCount(hits=int(a), judged=1, hits_opposed=int(b), judged_opposed=1) for a, b in zip(ours, theirs, strict=True)], ERROR))
    assert verdicts.count("go") / 1000 <= 0.06


def test_which_replies_were_cut_is_kept_with_them_and_told_on_their_cards():
    """Of the second principle the antithesis's reply to the fourth query; of the statements the first reply to the first."""
    checked = check_of(BOTH, cut=frozenset({(0, 0, 0), (2, 3, 0)}))
    again = checked_from_data(json.loads(json.dumps(checked_to_data(checked))))
    assert again == checked
    cut = [{card.text for deal in check_cards(BOTH, i, again.replies, "check 1") for card in deal if card.cut} for i in (0, 1)]
    assert cut == [{"yes 0 0"}, {"yes 0 0", "no 1 3 0"}]
    more = CheckedReplies(queries=("q",), statement=(("a", "b"),), flipped=((("c", "d"),),), cut=frozenset({(0, 0, 1), (1, 0, 0)}))
    assert more.first(1).cut == {(1, 0, 0)}


def test_of_a_check_from_before_it_is_not_known_which_replies_were_cut():
    data = checked_to_data(check_of(BOTH))
    del data["replies"]["cut"]
    found = checked_from_data(data)
    assert found.replies.cut is None and not any(card.cut for deal in check_cards(BOTH, 0, found.replies, "check 1") for card in deal)
    with pytest.raises(ValueError, match="no check with its replies"):
        checked_from_data({**data, "replies": {**data["replies"], "cut": [3]}})
