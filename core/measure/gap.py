"""Which share of the way from a base to a directly tuned model something else goes, on the same queries. Imports no torch.

(other - base) / (direct - base), as Liu et al. 2024 (arXiv 2401.08565, Table 2) have it for proxy-tuning. A ratio means nothing where its
denominator may be zero, so that there is one only where the gap itself is shown to be positive.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.principles import Constitution
from core.measure.judges import judge_of
from core.measure.statistics import UNMEASURED, Z95, Figure, paired_change
from core.measure.values import MeasuredReply

NO_GAP = "no gap to close"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Three shares on the same queries, as far as all three could be judged there."""

    gap: Figure  # direct - base
    gained: Figure  # other - base
    closed: Figure | None  # their ratio; None: no gap is shown, so that there is nothing to close

    @property
    def says(self) -> str:
        """The result in words."""
        if self.gap.value is None:
            return "could not be measured: no query has a judged reply of all three"
        if self.closed is None:
            return f"{NO_GAP}: the directly tuned model is not shown to follow it more than the base ({_told(self.gap)})"
        return f"{_told(self.closed)} of the gap is closed ({_told(self.gained)} of {_told(self.gap)})"


def close_gap(base: Sequence[bool | None], direct: Sequence[bool | None], other: Sequence[bool | None]) -> Gap:
    """The share of the gap that is closed, with Fieller's 95% interval (Fieller 1954: all ratios that the two differences do not speak against).

    Two queries are added whose outcomes are all ways at once, half an observation to each cell of any two as in `Pairs` (Agresti & Min 2005), so
    that outcomes which are all alike leave something open. The interval is then bounded exactly where that of the gap excludes zero.

    Args:
        base: Whether the base's reply to each query follows the principle; None where it could not be judged.
        direct: The same of the directly tuned model.
        other: The same of what is held against it.
    """
    judged = [(b, d, o) for b, d, o in zip(base, direct, other, strict=True) if b is not None and d is not None and o is not None]
    if not judged:
        return Gap(gap=UNMEASURED, gained=UNMEASURED, closed=None)
    bases, directs, others = zip(*judged, strict=True)
    gap, gained = paired_change(bases, directs), paired_change(bases, others)
    shown = gap.low is not None and gap.low > 0
    return Gap(gap=gap, gained=gained, closed=_ratio([(o - b, d - b) for b, d, o in judged]) if shown else None)


def _ratio(differences: Sequence[tuple[int, int]]) -> Figure:
    """Of the sum of the first to the sum of the second differences."""
    n = len(differences) + 2
    x, y = (sum(pair[i] for pair in differences) for i in range(2))
    xx, yy, xy = (sum(pair[i] * pair[k] for pair in differences) for i, k in ((0, 0), (1, 1), (0, 1)))
    # Of the two that are added the squares of a difference are 1/2 each, and the product of two differences from one base is 1/4 each.
    vx, vy, vxy = xx + 1 - x * x / n, yy + 1 - y * y / n, xy + 0.5 - x * y / n  # times n squared, as the squares below
    a, b, c = y * y - Z95**2 * vy, x * y - Z95**2 * vxy, x * x - Z95**2 * vx
    half = math.sqrt(max(0.0, b * b - a * c)) / a
    value = x / y
    return Figure(value, min(value, b / a - half), max(value, b / a + half), len(differences))


def gaps(
    constitution: Constitution, base: Sequence[MeasuredReply], direct: Sequence[MeasuredReply], other: Sequence[MeasuredReply]
) -> Mapping[str, Gap | None]:
    """The gap of each principle, by its title, from replies under the statements to the same queries; None where no program judges it."""
    found: dict[str, Gap | None] = {}
    for principle in constitution.principles:
        judge = judge_of(principle)
        outcomes = [
            [judge.judge(principle, reply.query, reply.text).follows for reply in replies if reply.side == "statement"] if judge is not None else []
            for replies in (base, direct, other)
        ]
        found[principle.title] = close_gap(*outcomes) if judge is not None else None
    return found


def gap_to_data(gap: Gap | None) -> dict[str, Any] | None:
    """Plain JSON data; null where no program judges the principle."""
    return {**asdict(gap), "says": gap.says} if gap is not None else None


def gap_lines(found: Mapping[str, Gap | None]) -> list[str]:
    """A line a principle."""
    return [f"{title}: {each.says if each is not None else 'could not be measured: no program judges it'}" for title, each in found.items()]


def _told(figure: Figure) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f}, n {figure.n})"
