"""What is said of two principles against each other: who wins and by how much, or that it is not shown and what would show it. Imports no torch."""

from collections.abc import Sequence
from typing import Literal

from core.measure.statistics import DIFFERENCE, POWER, Pairs, more_queries

NOT_SHOWN = "not shown"


def winner_sentence(titles: tuple[str, str], counted: Pairs, winner: Literal["first", "second"] | None, orders: int) -> str:
    """The end of the sentence on one order, which begins with who comes first in it.

    Args:
        titles: Of the two.
        counted: The replies that both checks could judge: gained follow the first alone, lost the second alone.
        winner: Who wins; None: not shown.
        orders: That are corrected together.
    """
    if not counted.n:
        return f": {NOT_SHOWN}, since no reply could be judged by both checks."
    counts = f"“{titles[0]}” alone is followed in {counted.gained} of {counted.n} replies, “{titles[1]}” alone in {counted.lost}"
    ahead, lead = _lead(titles, counted)
    if winner is not None:
        return f", “{ahead}” wins by {lead}: {counts}."
    by = f"“{ahead}” is ahead by {lead}" if counted.gained != counted.lost else f"a difference of {lead}"
    low, high = counted.interval()
    enough = f", which is not enough over the {orders} orders together" if low > 0 or high < 0 else ""
    return f", which of the two wins is {NOT_SHOWN} at this n: {counts}; {by}{enough}. {_needs(counted, orders)}"


def order_sentence(titles: tuple[str, str], gains: Sequence[Pairs], shown: Sequence[bool]) -> str:
    """Whether the order matters.

    Args:
        titles: Of the two.
        gains: Of each, from standing second to standing first.
        shown: Whether its change is.
    """
    if not any(shown):
        most = max(gains, key=lambda gain: more_queries(gain, len(gains)))
        needs = f" {_needs(most, len(gains))}" if all(gain.n for gain in gains) else ""
        return f"That the order matters is {NOT_SHOWN} at this n.{needs}"
    said = [
        f"“{title}” is followed {'more' if gain.gained > gain.lost else 'less'} often when it stands first ({_change(gain)})"
        for title, gain, is_shown in zip(titles, gains, shown, strict=True)
        if is_shown
    ]
    return f"The order matters: {', and '.join(said)}."


def _lead(titles: tuple[str, str], counted: Pairs) -> tuple[str, str]:
    """Who is ahead, and by how much: `10 points (95% interval −19 to 37)`."""
    low, high = counted.interval()
    if counted.gained < counted.lost:
        return titles[1], f"{_points(-counted.value)} (95% interval {_ends(-high, -low)})"
    return titles[0], f"{_points(counted.value)} (95% interval {_ends(low, high)})"


def _change(gain: Pairs) -> str:
    return f"{_points(gain.value)}, 95% interval {_ends(*gain.interval())}, n = {gain.n}"


def _points(difference: float) -> str:
    value = round(100 * difference)
    return f"{_signed(value)} {'point' if abs(value) == 1 else 'points'}"


def _ends(low: float, high: float) -> str:
    return f"{_signed(round(100 * low))} to {_signed(round(100 * high))}"


def _signed(value: int) -> str:
    return f"{value}".replace("-", "−")


def _needs(pairs: Pairs, family: int) -> str:
    """What would show a difference that matters, where none is shown."""
    difference = f"a difference of {100 * DIFFERENCE:.0f} points"
    if pairs.excludes_difference:
        return f"{difference.capitalize()} is excluded."
    more = more_queries(pairs, family)
    if more == 0:
        return f"{difference.capitalize()} would have been seen in {POWER:.0%} of results."
    return f"About {more:,} more {'query' if more == 1 else 'queries'} would show {difference}."
