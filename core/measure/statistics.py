"""Figures with their intervals. Everything shown to a person is a `Figure`: value, 95% interval, n."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Z95 = 1.959963984540054
RESAMPLES = 2000


@dataclass(frozen=True)
class Figure:
    """A number with its 95% interval. `value` is None when nothing could be measured: never a plausible zero."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # independent units: queries

    def excludes(self, point: float) -> bool:
        """Whether the whole interval lies on one side of a point."""
        return self.low is not None and self.high is not None and (self.low > point or self.high < point)


UNMEASURED = Figure(None, None, None, 0)


def share(outcomes: Sequence[bool | None]) -> Figure:
    """Share of True among the outcomes that could be judged, with Wilson's score interval (Wilson 1927).

    It stays honest at 0 of n and n of n, where a bootstrap would claim certainty.
    """
    judged = [outcome for outcome in outcomes if outcome is not None]
    if not judged:
        return UNMEASURED
    n = len(judged)
    p = sum(judged) / n
    low, high = _wilson(p, n)
    return Figure(p, low, high, n)


def clustered_share(clusters: Sequence[Sequence[bool]]) -> Figure:
    """Share of True over clusters of outcomes (the replies to one query), with a Wilson interval that counts clusters.

    Taking each cluster as one observation is the widest interval that any correlation within clusters can call for.
    """
    outcomes = [outcome for cluster in clusters for outcome in cluster]
    if not outcomes:
        return UNMEASURED
    p = sum(outcomes) / len(outcomes)
    low, high = _wilson(p, len(clusters))
    return Figure(p, low, high, len(clusters))


def _wilson(p: float, n: int) -> tuple[float, float]:
    centre = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))


def paired_change(before: Sequence[bool | None], after: Sequence[bool | None]) -> Figure:
    """Change of a share on the same queries: Wald's interval for paired shares with half an observation added to each cell.

    Agresti & Min 2005, "Simple improved confidence intervals for comparing matched proportions"; good coverage also at
    small n and when no pair changes. The value is the plain difference.
    """
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if b is not None and a is not None]
    if not pairs:
        return UNMEASURED
    n = len(pairs)
    gained, lost = sum(a and not b for b, a in pairs), sum(b and not a for b, a in pairs)
    total, up, down = n + 2, gained + 0.5, lost + 0.5
    centre = (up - down) / total
    half = Z95 * math.sqrt(up + down - (up - down) ** 2 / total) / total
    value = (gained - lost) / n
    return Figure(value, min(value, max(-1.0, centre - half)), max(value, min(1.0, centre + half)), n)


def mean(values: Sequence[float], seed: int = 0) -> Figure:
    """Mean over queries with a percentile bootstrap interval; one value a query, so resampling values resamples queries."""
    if not values:
        return UNMEASURED
    data = np.asarray(values, dtype=float)
    if len(data) == 1:
        return Figure(float(data[0]), None, None, 1)
    picks = np.random.default_rng(seed).integers(0, len(data), size=(RESAMPLES, len(data)))
    low, high = np.quantile(data[picks].mean(axis=1), [0.025, 0.975])
    return Figure(float(data.mean()), float(low), float(high), len(data))
