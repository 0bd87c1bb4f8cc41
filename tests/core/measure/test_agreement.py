"""Agreement beyond chance, against published worked examples."""

import numpy as np
import pytest

from core.measure.agreement import cohens_kappa, krippendorff_alpha
from core.measure.statistics import UNMEASURED, Figure


def test_kappa_of_two_clinicians_is_that_of_the_published_table():
    """Sim & Wright 2005, "The kappa statistic in reliability studies", table 1: relevant or not, 22 and 11 alike, 2 and 4 apart, 39 in all.

    p_o = 33/39 = 0.8462; p_e = (24 x 26 + 15 x 13) / 39^2 = 819/1521 = 0.5385; kappa = 0.3077 / 0.4615 = 2/3.
    """
    found = cohens_kappa([(True, True)] * 22 + [(True, False)] * 2 + [(False, True)] * 4 + [(False, False)] * 11)
    assert found.value == pytest.approx(2 / 3)
    assert found.n == 39
    # Their standard error of kappa, 0.12, gives about 0.43 to 0.91.
    assert found.low == pytest.approx(0.43, abs=0.05) and found.high == pytest.approx(0.91, abs=0.05)


def test_alpha_of_two_observers_of_binary_data_is_the_published_one():
    """Krippendorff 2011, example B: 10 units, 14 zeros and 6 ones, 4 units apart: alpha = 1 - 19 x 4 x 2 / (2 x 14 x 6) = 0.095."""
    meg, owen = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    found = krippendorff_alpha(list(zip(meg, owen, strict=True)))
    assert found.value == pytest.approx(1 - 19 * 8 / (2 * 14 * 6))
    assert (round(found.value, 3), found.n) == (0.095, 10)


def test_alpha_of_four_observers_with_missing_data_is_the_published_one():
    """Krippendorff 2011, example C: twelve units, of which the last has one answer and tells nothing: alpha = 0.743."""
    answers = (
        (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
        (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
    )
    found = krippendorff_alpha([[answer for answer in unit if answer is not None] for unit in zip(*answers, strict=True)])
    assert (round(found.value, 3), found.n) == (0.743, 11)


@pytest.mark.parametrize("measure", [cohens_kappa, krippendorff_alpha])
def test_one_answer_throughout_is_undefined_and_no_agreement_of_one(measure):
    assert measure([(True, True)] * 8) == Figure(None, None, None, 8)
    assert measure([]) == UNMEASURED


def test_perfect_agreement_on_both_answers_is_one_and_the_contrary_minus_one():
    assert cohens_kappa([(True, True), (False, False)] * 6).value == pytest.approx(1)
    assert cohens_kappa([(True, False), (False, True)] * 6).value == pytest.approx(-1)
    assert krippendorff_alpha([(True, True), (False, False)] * 6).value == pytest.approx(1)


@pytest.mark.parametrize("measure", [cohens_kappa, krippendorff_alpha])
def test_that_all_replies_agree_is_no_certainty(measure):
    """24 of 24 alike: Wilson's interval begins at 0.862; a third of the answers is yes, so chance agrees in 5/9 (a little less for alpha)."""
    found = measure([(True, True)] * 8 + [(False, False)] * 16)
    assert (found.value, found.high) == (1.0, 1.0) and found.low == pytest.approx((0.862 - 5 / 9) / (4 / 9), abs=0.01)


def test_who_gives_one_answer_only_agrees_as_chance_does():
    """p_o = p_e = 1/2 where one says yes throughout and the other to half: kappa is 0, not undefined."""
    assert cohens_kappa([(True, True), (True, False)] * 5).value == pytest.approx(0)


def test_replies_that_one_person_marked_add_nothing_to_alpha():
    pairs = [(True, True), (False, False), (True, False)]
    assert krippendorff_alpha([*pairs, (True,), (False,), ()]) == krippendorff_alpha(pairs)


def test_an_interval_holds_the_value_and_too_few_replies_have_none():
    found = cohens_kappa([(True, True)] * 9 + [(False, False)] * 9 + [(True, False)] * 2)
    assert found.low < found.value < found.high <= 1
    assert cohens_kappa([(True, True), (False, False)]) == Figure(1.0, None, None, 2)  # half of all resamples have one answer alone
    assert found == cohens_kappa([(True, True)] * 9 + [(False, False)] * 9 + [(True, False)] * 2)


def test_intervals_of_kappa_hold_about_as_often_as_they_say():
    """Two judges of 60 replies, alike in 80% of them: kappa is 0.6, and 95% intervals hold it in most of 60 draws."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(60):
        first = rng.random(60) < 0.5
        second = np.where(rng.random(60) < 0.8, first, ~first)
        found = cohens_kappa(list(zip(first.tolist(), second.tolist(), strict=True)))
        held += found.low <= 0.6 <= found.high
    assert held >= 52
