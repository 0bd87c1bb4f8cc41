"""Draws of contrasts: distinct, balanced, repeatable."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.constitution.contrasts import draw_contrast


@given(st.integers(1, 8), st.integers(2, 16), st.integers(0, 1000))
def test_a_draw_is_distinct_holds_all_statements_and_repeats(k, n, seed):
    if n > 2**k:
        with pytest.raises(ValueError, match="distinct"):
            draw_contrast(k, n, seed)
        return
    contrast = draw_contrast(k, n, seed)
    assert len(set(contrast.stances)) == n
    assert (True,) * k in contrast.stances
    assert sorted(contrast.order) == list(range(k))
    assert contrast == draw_contrast(k, n, seed)


def test_each_principle_is_flipped_about_as_often_and_also_alone():
    flips, alone = Counter(), Counter()
    for seed in range(600):
        stance = next(s for s in draw_contrast(3, 2, seed).stances if not all(s))
        flips.update(i for i, side in enumerate(stance) if not side)
        if sum(stance) == 2:
            alone[stance.index(False)] += 1
    assert max(flips.values()) < 1.3 * min(flips.values())
    assert min(alone.values()) > 50


def test_the_side_that_comes_first_is_drawn_too():
    firsts = Counter(draw_contrast(1, 2, seed).stances[0] for seed in range(200))
    assert min(firsts.values()) > 60


@given(st.integers(1, 8), st.integers(2, 16), st.integers(0, 1000))
def test_single_contrasts_flip_one_principle_each_and_none_twice(k, n, seed):
    if n > k + 1:
        with pytest.raises(ValueError, match=f"{k} principles have {k + 1} distinct stances"):
            draw_contrast(k, n, seed, "single")
        return
    stances = draw_contrast(k, n, seed, "single").stances
    assert len(set(stances)) == n
    assert sorted(sum(not side for side in stance) for stance in stances) == [0] + [1] * (n - 1)


def test_of_one_principle_both_kinds_draw_the_same_two():
    assert all(set(draw_contrast(1, 2, seed, kind).stances) == {(True,), (False,)} for seed in range(5) for kind in ("mixed", "single"))
