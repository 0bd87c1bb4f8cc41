"""Readers from outside: accuracy and bound from readings whose figures are known, with arithmetic worked by hand."""

import math
import random

import pytest

from core.measure.picking import Pick, pick_questions, picked_by_both
from core.measure.readers import (
    SHARPNESS,
    ChoiceReader,
    GivenReader,
    Option,
    ReaderCard,
    Reading,
    bound_terms,
    by_likelihood,
    figures_of,
)

SIDES = (Option(text="Shout.", title="Shout"), Option(text="Whisper.", title="Shout, turned"))


def card(query="q", own=0, reply="HA"):
    return ReaderCard(query=query, reply=reply, options=SIDES, own=own)


def picks(*outcomes):
    """Queries with one reply under each of two options; each outcome is whether both were picked right, wrong, or none (None)."""
    return [[(own, Reading(pick=None if right is None else own if right else 1 - own)) for own in (0, 1)] for right in outcomes]


def test_a_pick_is_trusted_as_far_as_picks_on_the_other_queries_were_right():
    """Three queries of two picks, all right. Each is held against the four others: (4 + 2/2) / (4 + 2) = 5/6; log(2 x 5/6) = 0.510826."""
    assert bound_terms(picks(True, True, True), 2) == pytest.approx([math.log(5 / 3)] * 3)
    assert math.log(5 / 3) == pytest.approx(0.510826, abs=1e-6)


def test_a_wrong_pick_costs_what_its_trust_says():
    """Right, right, wrong. The wrong one against four right: q(own) = 1/6, log(2/6) = -1.0986. A right one against two right, two wrong: 1/2, so 0."""
    assert bound_terms(picks(True, True, False), 2) == pytest.approx([0.0, 0.0, math.log(1 / 3)])


def test_no_pick_says_nothing_and_is_no_miss_in_the_bound():
    assert bound_terms(picks(None, None), 2) == [0.0, 0.0]
    terms = bound_terms(picks(True, True, None), 2)
    assert terms[2] == 0.0
    assert terms[:2] == pytest.approx([math.log(2 * (2 + 1) / (2 + 2))] * 2)  # two other picks, both right: 3/4


def test_one_query_alone_bounds_nothing():
    assert bound_terms(picks(True), 2) == pytest.approx([0.0])
    assert bound_terms([[(0, by_likelihood([-1.0, -90.0])), (1, by_likelihood([-90.0, -1.0]))]], 2) == pytest.approx([0.0])


def test_likelihoods_are_taken_as_sharp_as_served_on_the_other_queries():
    """Gaps of 2 nats, always the right way: sharpness 1 is best on the other query, log 2 - log(1 + exp(-2)) = 0.566219."""
    query = [(0, by_likelihood([-10.0, -12.0])), (1, by_likelihood([-12.0, -10.0]))]
    assert bound_terms([query, query], 2) == pytest.approx([math.log(2) - math.log1p(math.exp(-2))] * 2)
    assert math.log(2) - math.log1p(math.exp(-2)) == pytest.approx(0.566219, abs=1e-6)


def test_likelihoods_that_are_wrong_on_the_other_queries_are_not_taken_at_all():
    right = [(0, by_likelihood([-10.0, -50.0])), (1, by_likelihood([-50.0, -10.0]))]
    wrong = [(0, by_likelihood([-50.0, -10.0])), (1, by_likelihood([-10.0, -50.0]))]
    first, second = bound_terms([right, wrong], 2)
    assert first == pytest.approx(0.0)  # the other query says: worth nothing
    assert second < -1  # and the other way round: it is taken as sharp as can be, and is wrong
    assert SHARPNESS[0] == 0.0


@pytest.mark.parametrize("accuracy", [0.5, 0.75, 0.95])
def test_the_bound_of_one_who_picks_stays_below_the_information_in_the_picks(accuracy):
    """A symmetric channel right with probability a holds log 2 - H(a) nats; over many draws the bound is no more, and not far less."""
    rng = random.Random(5)
    held = math.log(2) + accuracy * math.log(accuracy) + (1 - accuracy) * math.log(1 - accuracy)
    drawn = []
    for _ in range(400):
        queries = [[(own, Reading(pick=own if rng.random() < accuracy else 1 - own)) for own in (0, 1)] for _ in range(24)]
        drawn += bound_terms(queries, 2)
    found = math.fsum(drawn) / len(drawn)
    assert held - 0.03 < found <= held + 0.005


def test_the_bound_of_one_who_reads_by_likelihood_stays_below_it_too():
    """Gaps drawn from a normal of mean d and variance 2d, as true log-likelihood ratios are; the bound with their true sharpness is the information."""
    rng = random.Random(7)

    def gap():
        return rng.gauss(1.0, math.sqrt(2.0))

    held = math.fsum(math.log(2) - math.log1p(math.exp(-gap())) for _ in range(100_000)) / 100_000
    drawn = []
    for _ in range(300):
        queries = [[(0, by_likelihood([gap() * 4, 0.0])), (1, by_likelihood([0.0, gap() * 4]))] for _ in range(24)]  # four times as sharp as is true
        drawn += bound_terms(queries, 2)
    assert held - 0.06 < math.fsum(drawn) / len(drawn) <= held + 0.01


def test_accuracy_counts_a_card_without_a_pick_as_a_miss_and_a_failure_not_at_all():
    cards = [card("a", 0), card("a", 1), card("b", 0), card("b", 1)]
    figures = figures_of(cards, [Reading(pick=0), Reading(pick=None), Reading(failure="away"), Reading(pick=1)])
    assert figures.accuracy.value == pytest.approx(2 / 3)
    assert (figures.chance, figures.cap_nats, figures.read, figures.failed) == (0.5, math.log(2), 3, {"away": 1})
    assert figures.bound_nats.n == 1  # query b lost one of its two options, which must stay equally frequent


def test_a_reader_that_read_nothing_has_no_figures():
    figures = figures_of([card("a", 0), card("a", 1)], [Reading(failure="away")] * 2)
    assert (figures.accuracy.value, figures.bound_nats.value, figures.read) == (None, None, 0)


def test_a_tie_of_likelihoods_picks_nothing():
    assert by_likelihood([-3.0, -3.0]).pick is None
    assert by_likelihood([-3.0, -2.0]).pick == 1


def test_both_questions_hold_the_same_texts_in_opposite_orders_and_tell_no_names():
    options = ["Shout.", "Whisper.", "Ask back."]
    first, second = pick_questions("What is tea?", "A DRINK.", options, seed=0)
    assert first.order == second.order[::-1] and sorted(first.order) == [0, 1, 2]
    for asked in (first, second):
        assert all(text in asked.user for text in (*options, "What is tea?", "A DRINK."))
        assert "principle" not in asked.user.casefold() and "antithesis" not in (asked.system + asked.user).casefold()
    assert {pick_questions("q", str(i), options, 0)[0].order for i in range(30)} == {(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)}


@pytest.mark.parametrize(
    ("answer", "letter"),
    [("B", 1), ("b.", 1), ("Answer: **C**", 2), ("The answer is (A).", 0), ("<think>A? B!</think>\nC", 2), ("none", Pick.NONE), ("None.", Pick.NONE)],
)
def test_an_answer_names_an_option_by_its_letter(answer, letter):
    asked, _ = pick_questions("q", "r", ["x", "y", "z"], 0)
    assert asked.pick(answer) == (asked.order[letter] if isinstance(letter, int) else letter)


@pytest.mark.parametrize("answer", ["", "D", "A or B", "A\nB", "It is a reply.", "<think>A", "I cannot say"])
def test_an_answer_that_names_none_is_not_guessed_at(answer):
    asked, _ = pick_questions("q", "r", ["x", "y", "z"], 0)
    assert asked.pick(answer) is Pick.UNREADABLE


def test_only_what_is_said_in_both_orders_is_a_pick():
    assert picked_by_both([1, 1]) == 1
    assert picked_by_both([1, 2]) is None
    assert picked_by_both([Pick.NONE, Pick.NONE]) is None


def test_one_who_always_says_a_picks_nothing():
    reader = ChoiceReader("stubborn", lambda system, user: ("A", ""))
    assert reader.read([card(reply=f"r{i}") for i in range(4)]) == [Reading(pick=None)] * 4


def test_one_who_reads_the_texts_is_right_whatever_the_order():
    def ask(system, user):
        return next(line for line in user.splitlines() if "BEGIN" in line and "Shout." in user.split(line)[1].split("[END")[0]).split()[1], ""

    assert ChoiceReader("attentive", ask).read([card(reply=f"r{i}") for i in range(4)]) == [Reading(pick=0)] * 4


def test_one_that_fails_or_answers_nonsense_has_no_reading_with_the_reason():
    assert ChoiceReader("away", lambda *_: ("", "it cannot be reached")).read([card()])[0].failure == "it cannot be reached"
    assert "cannot be read" in ChoiceReader("babbling", lambda *_: ("Well!", "")).read([card()])[0].failure
    assert ChoiceReader("any", lambda *_: ("A", "")).read([card(reply="")])[0].failure == "the reply is empty"


def test_given_picks_are_found_by_query_and_reply():
    reader = GivenReader("Zoë", {("q", "HA"): "Whisper.", ("q", "ha"): None})
    found = reader.read([card(), card(reply="ha"), card(reply="other")])
    assert found == [Reading(pick=1), Reading(pick=None), Reading(failure="it was not shown")]


def test_other_picks_of_one_person_are_another_version_of_the_reader():
    one, other = ({("q", "HA"): text} for text in ("Whisper.", None))
    assert GivenReader("Zoë", one).version == GivenReader("Zoë", dict(one)).version != GivenReader("Zoë", other).version
