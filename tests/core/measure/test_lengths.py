"""Whether a model's verdicts follow length more than people's marks: by counting pairs, on the same cards, and only where that is shown."""

import pytest

from core.measure.lengths import UNKNOWN, Leaning, follows_length, leaning, length_of, longer_follows, longer_says
from core.measure.statistics import UNMEASURED, Figure


def test_pairs_are_counted_one_by_one_and_two_as_long_are_half() -> None:
    """Following are 5 and 9 words long, not following 5 and 7: 5 = 5 (half), 5 < 7, 9 > 5, 9 > 7. 2.5 of 4."""
    found = longer_follows([(True, 5), (True, 9), (False, 5), (False, 7)])
    assert (found.value, found.low, found.high, found.n) == (0.625, None, None, 4)


def test_without_both_kinds_there_is_no_pair() -> None:
    assert longer_follows([]) == UNMEASURED
    assert longer_follows([(True, 5), (True, 9)]) == Figure(None, None, None, 2)


def test_verdicts_that_have_nothing_to_do_with_length_are_even_and_their_interval_holds_a_half() -> None:
    found = longer_follows([(i % 2 == 0, 10 + i // 2) for i in range(40)])
    assert found.value == pytest.approx(0.5) and found.low < 0.5 < found.high  # type: ignore[operator]


def cards(n: int, model: object, people: object) -> tuple[dict[str, tuple[bool, bool]], dict[str, int]]:
    return {f"{i:03}": (model(i), people(i)) for i in range(n)}, {f"{i:03}": 10 + i for i in range(n)}  # type: ignore[operator]


def test_a_judge_that_takes_the_longer_for_the_one_that_follows_is_shown_to_where_people_do_not() -> None:
    found = leaning(*cards(48, lambda i: i >= 24, lambda i: i % 2 == 0))
    assert found.model.value == 1.0 and found.people.value == pytest.approx(0.5, abs=0.03) and follows_length(found)
    assert longer_says(found, UNMEASURED).startswith("The longer of two follows in 1.00 of pairs, by people’s marks in 0.48 (difference +0.52, +0.")


def test_where_marks_follow_length_just_as_much_it_is_no_fault_of_the_judge() -> None:
    found = leaning(*cards(48, lambda i: i >= 24, lambda i: i >= 22))
    assert (found.model.value, found.people.value) == (1.0, 1.0) and not follows_length(found)


def test_a_judge_that_errs_at_random_where_people_follow_length_is_not_taken_for_one_that_likes_the_shorter() -> None:
    found = leaning(*cards(96, lambda i: (i >= 48) != (i % 4 == 0), lambda i: i >= 48))
    assert found.beyond.high < -0.05 < 0.5 < found.model.value and not follows_length(found)  # type: ignore[operator]


def test_the_shorter_may_be_liked_better_too() -> None:
    assert follows_length(leaning(*cards(48, lambda i: i < 24, lambda i: i % 2 == 0)))


def test_few_cards_of_either_kind_have_no_interval_and_hold_nobody_back() -> None:
    found = leaning(*cards(48, lambda i: i >= 44, lambda i: i % 2 == 0))
    assert found.model.value == 1.0 and found.beyond.low is None and not follows_length(found)


def test_cards_of_unknown_length_are_left_out() -> None:
    said, lengths = cards(48, lambda i: i >= 24, lambda i: i % 2 == 0)
    assert leaning(said, {}) == UNKNOWN == Leaning(model=UNMEASURED, people=UNMEASURED, beyond=UNMEASURED)
    assert leaning(said, {shown: n for shown, n in lengths.items() if n % 2}).beyond.n == 24


def test_length_is_counted_in_words_of_the_answer_in_every_script() -> None:
    assert (length_of("<think>so long</think> A vase."), length_of("这是一个花瓶。") > 2) == (2, True)
