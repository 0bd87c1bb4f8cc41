"""The share of a gap that is closed: by hand, and in words where there is none."""

import math

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.gap import close_gap, gap_lines, gaps
from core.measure.statistics import Z95, paired_change
from core.measure.values import MeasuredReply


def test_the_ratio_and_its_interval_by_hand():
    """Ten queries, none followed by the base, eight by the direct model, six of these by the other: 0.6 / 0.8 = 0.75.

    With the two that are added n = 12, y = 8, x = 6: Vy = 8 + 1 - 64/12 = 3.6667, Vx = 6 + 1 - 36/12 = 4, Vxy = 6 + 0.5 - 48/12 = 2.5. With
    z^2 = 3.8415: a = 64 - 14.0854 = 49.9146, b = 48 - 9.6036 = 38.3964, c = 36 - 15.3658 = 20.6342; b^2 - a c = 1474.28 - 1029.95 = 444.33, its
    root 21.0792. The interval is (38.3964 -+ 21.0792) / 49.9146: from 0.3469 to 1.1915.
    """
    base, direct, other = [False] * 10, [True] * 8 + [False] * 2, [True] * 6 + [False] * 4
    found = close_gap(base, direct, other)
    assert (found.gap.value, found.gained.value) == (0.8, 0.6)
    assert found.closed is not None and found.closed.value == pytest.approx(0.75) and found.closed.n == 10
    assert (found.closed.low, found.closed.high) == (pytest.approx(0.3469, abs=1e-3), pytest.approx(1.1915, abs=1e-3))
    assert found.says.startswith("0.75 (0.35 to 1.19, n 10) of the gap is closed")


@pytest.mark.parametrize("followed", range(13))
def test_there_is_a_ratio_exactly_where_the_gap_is_shown_to_be_positive(followed):
    base, direct = [False] * 12, [True] * followed + [False] * (12 - followed)
    found, low = close_gap(base, direct, direct), paired_change(base, direct).low
    assert (found.closed is not None) == (low > 0)
    if found.closed is None:
        assert found.says.startswith("no gap to close")
    else:
        assert found.closed.value == 1 and found.closed.low < 1 < found.closed.high  # twelve alike leave something open


def test_the_interval_is_that_of_fieller_where_nothing_is_alike():
    """Its ends r are where (x - r y)^2 = z^2 (Vx - 2 r Vxy + r^2 Vy)."""
    base = [False, True, False, False, True, False, False, False, True, False, False, False]
    direct = [True, True, True, True, False, True, True, True, True, True, True, False]
    other = [True, False, False, True, True, True, False, True, True, False, False, False]
    found = close_gap(base, direct, other).closed
    differences = [(o - b, d - b) for b, d, o in zip(base, direct, other, strict=True)]
    x, y = (sum(pair[i] for pair in differences) for i in range(2))
    for r in (found.low, found.high):
        spread = sum((a - r * b) ** 2 for a, b in differences) + 1 - r + r * r - (x - r * y) ** 2 / 14
        assert math.isclose((x - r * y) ** 2, Z95**2 * spread, rel_tol=1e-9)


def test_what_could_not_be_judged_is_left_out_and_nothing_is_no_zero():
    assert close_gap([None, False], [True, None], [True, True]).says.startswith("could not be measured")
    assert close_gap([False] * 9 + [None], [True] * 10, [True] * 10).gap.n == 9


def test_each_principle_has_its_line():
    brief, kind = (
        Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 2)),
        Principle(title="Kind", statement="Be kind.", antithesis="Be rude."),
    )

    def replies(text):
        return [
            MeasuredReply(query=f"q{i}", side=side, text=text, ended=True, tokens=3, logprobs=(), base_logprobs=(), kl_policy_base_nats=None)
            for i in range(9)
            for side in ("statement", "antithesis")
        ]

    found = gaps(Constitution(name="C", principles=(brief, kind)), replies("one two three"), replies("one"), replies("one two three"))
    assert found["Brief"].gap.n == 9 and found["Brief"].closed.value == 0
    assert gap_lines(found)[1] == "Kind: could not be measured: no program judges it"
