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
