"""Intervals against published or hand-worked values, and their behaviour at the edges."""

import pytest

from core.measure.statistics import UNMEASURED, Figure, Pairs, clustered_share, holm, mean, more_queries, paired_change, pairs_of, share


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


def test_replies_that_go_together_count_as_one_and_replies_that_do_not_count_each():
    """Half of 24 queries: alike, both replies of a query are one observation; independent, 48. Right beside wrong in each cannot count as more."""
    alike = clustered_share([[True, True]] * 12 + [[False, False]] * 12)
    independent = clustered_share([[True, True]] * 6 + [[True, False]] * 12 + [[False, False]] * 6)
    opposed = clustered_share([[True, False]] * 24)
    one_each, all_ = share([True] * 12 + [False] * 12), share([True] * 24 + [False] * 24)
    assert (alike.low, alike.n) == (pytest.approx(one_each.low), 24)
    assert independent.low == pytest.approx(all_.low, abs=0.005)
    assert opposed.low == pytest.approx(all_.low)
    assert clustered_share([[True, True]] * 24).low == pytest.approx(share([True] * 24).low)  # nothing tells how alike they are


def test_a_long_tail_makes_a_longer_interval_on_its_side():
    skewed = mean([0.1] * 20 + [0.3, 0.6, 1.5, 4.0])
    assert skewed.high - skewed.value > 2 * (skewed.value - skewed.low)
    assert mean([2.0] * 24) == Figure(2.0, 2.0, 2.0, 24)


def test_few_values_alike_have_a_bound_all_the_same():
    """Most resamples of one odd value among 24 hold it seldom or never, and have hardly a spread to be measured in."""
    figure = mean([0.0] * 23 + [1.0])
    assert figure.low >= -1
    assert figure.high <= 1


def test_the_p_value_is_the_level_at_which_the_interval_reaches_zero():
    pairs = pairs_of([False] * 8 + [True] + [None] + [True] * 5 + [False] * 6, [True] * 8 + [False] + [True] + [True] * 5 + [False] * 6)
    assert pairs == Pairs(n=20, gained=8, lost=1)
    assert pairs.interval(pairs.p_value)[0] == pytest.approx(0, abs=1e-9)
    assert pairs.interval(0.001)[0] < pairs.interval(0.05)[0]
    assert Pairs(n=24, gained=3, lost=3).p_value == 1


def test_holms_correction_of_a_worked_case():
    """0.01, 0.04, 0.03, 0.005 (Holm 1979): times 4, 3, 2, 1 in order of size, never below one before: 0.02, 0.03, 0.06, 0.06."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []


def test_queries_for_a_difference_of_20_points_of_a_worked_case():
    """Connor 1987, 39 % of pairs differ as (4 + 4 + 1) / (21 + 2): ((1.96 √0.391 + 0.8416 √(0.391 − 0.04)) / 0.2)² = 74.4, so 75 and 54 more."""
    assert more_queries(Pairs(n=21, gained=4, lost=4)) == 75 - 21
    assert more_queries(Pairs(n=21, gained=4, lost=4), family=6) > 54
    assert more_queries(Pairs(n=300, gained=40, lost=40)) == 0


def test_nothing_seen_to_differ_excludes_a_difference_only_where_enough_was_seen():
    """Were a fifth of all queries to gain, none of 13 would in 5.5 % of results, none of 14 in 4.4 %."""
    assert not Pairs(n=13, gained=0, lost=0).excludes_difference
    assert Pairs(n=14, gained=0, lost=0).excludes_difference
    assert not Pairs(n=24, gained=12, lost=12).excludes_difference
    assert not Pairs(n=200, gained=40, lost=20).excludes_difference
