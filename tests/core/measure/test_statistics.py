"""Intervals against published or hand-worked values, and their behaviour at the edges."""

import pytest

from core.measure.statistics import UNMEASURED, clustered_share, mean, paired_change, share


def test_wilson_interval_of_a_textbook_case():
    """Agresti & Coull 1998: 0 of 10 gives (0, 0.278); 5 of 10 gives (0.237, 0.763)."""
    none, half = share([False] * 10), share([True] * 5 + [False] * 5)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(0.278, abs=1e-3)
    assert half.low == pytest.approx(0.237, abs=1e-3)
    assert half.high == pytest.approx(0.763, abs=1e-3)


def test_what_could_not_be_judged_is_left_out_and_never_counts_as_a_miss():
    assert share([True, None, True]).n == 2
    assert share([True, None, True]).value == 1
    assert share([None, None]) == UNMEASURED
    assert share([]).value is None


def test_a_share_over_clusters_counts_the_clusters():
    figure = clustered_share([[True, True], [True, False], [False, False]])
    assert figure.value == pytest.approx(0.5)
    assert figure.n == 3


def test_a_paired_change_is_the_difference_and_its_interval_is_agresti_and_mins():
    """8 gained, 1 lost of 20: (8.5 - 1.5) / 22 = 0.318; half = 1.96 * sqrt(10 - 49 / 22) / 22 = 0.248."""
    before = [False] * 8 + [True] + [True] * 5 + [False] * 6
    after = [True] * 8 + [False] + [True] * 5 + [False] * 6
    figure = paired_change(before, after)
    assert figure.value == pytest.approx(7 / 20)
    assert figure.low == pytest.approx(0.318 - 0.248, abs=2e-3)
    assert figure.high == pytest.approx(0.318 + 0.248, abs=2e-3)


def test_no_change_in_any_pair_still_has_a_width():
    figure = paired_change([False] * 16, [False] * 16)
    assert figure.value == 0
    assert figure.low < 0 < figure.high
    assert not figure.excludes(0)


def test_a_bootstrap_mean_brackets_the_mean_and_repeats():
    values = [float(i % 7) for i in range(40)]
    figure = mean(values)
    assert figure.low < figure.value < figure.high
    assert figure == mean(values)
    assert mean([]).value is None
    assert mean([2.0]).low is None


def test_nominal_coverage_of_the_paired_interval_at_small_n():
    """True change 0.3 at n = 24: the interval should hold it in about 95 of 100 experiments."""
    import random

    rng, held = random.Random(0), 0
    for _ in range(400):
        before = [rng.random() < 0.3 for _ in range(24)]
        after = [rng.random() < 0.6 for _ in range(24)]
        figure = paired_change(before, after)
        held += figure.low <= 0.3 <= figure.high
    assert held >= 0.92 * 400
