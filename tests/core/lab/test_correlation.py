"""Rank correlation by arithmetic worked by hand."""

import pytest

from core.lab.correlation import rank_correlation, spearman


def test_ranks_that_agree_and_that_oppose():
    assert spearman([1, 2, 30], [5, 6, 7]) == pytest.approx(1.0)
    assert spearman([1, 2, 30], [7, 6, 5]) == pytest.approx(-1.0)


def test_one_pair_of_ranks_exchanged():
    """Ranks 1 2 3 4 against 2 1 3 4: differences 1, 1, 0, 0; rho = 1 - 6 x 2 / (4 x 15) = 0.8."""
    assert spearman([10, 20, 30, 40], [2, 1, 3, 4]) == pytest.approx(0.8)


def test_ties_share_the_mean_of_their_ranks():
    """Ranks 1.5 1.5 3 against 1 2 3: centred -0.5 -0.5 1 and -1 0 1; 1.5 / sqrt(1.5 x 2) = 0.866025."""
    assert spearman([0, 0, 1], [1, 2, 3]) == pytest.approx(0.866025, abs=1e-6)


def test_what_does_not_vary_has_no_correlation():
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1], [1]) is None
    assert rank_correlation([(1.0, 1.0), (1.0, 2.0)], ["a", "b"]).value is None


def test_the_interval_holds_the_value_and_narrows_with_agreement():
    same = rank_correlation([(float(i), float(i)) for i in range(20)], [str(i % 3) for i in range(20)])
    mixed = rank_correlation([(float(i), float((7 * i) % 20)) for i in range(20)], [str(i % 3) for i in range(20)])
    assert (same.value, same.low, same.n) == (pytest.approx(1.0), pytest.approx(1.0), 20)
    assert mixed.low < mixed.value < mixed.high and mixed.low < 0 < mixed.high


def test_principles_are_resampled_as_wholes_where_there_are_five():
    """Ten points that are five pairs of twins: as single points they would seem twice as many."""
    values = [(float(x), float(y)) for x, y in ((0, 1), (1, 0), (2, 3), (3, 2), (4, 4)) for _ in range(2)]
    owners = [str(i // 2) for i in range(10)]
    wholes, points = rank_correlation(values, owners), rank_correlation(values, ["one"] * 10)
    assert wholes.value == points.value
    assert wholes.high - wholes.low > points.high - points.low
