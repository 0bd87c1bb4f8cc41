"""Rank correlation with its interval. Imports no torch."""

import math
from collections.abc import Sequence

import numpy as np

from core.measure.statistics import RESAMPLES, UNMEASURED, Figure

LEAST_CLUSTERS = 5  # principles; with fewer there is nothing to resample but the cells themselves


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Spearman's rho: Pearson's correlation of ranks, ties with the mean of theirs. None where all of one are alike, or fewer than two are given."""
    if len(one) < 2:
        return None
    ranks = [_ranks(values) for values in (one, other)]
    spreads = [np.asarray(each) - np.mean(each) for each in ranks]
    size = math.sqrt(float((spreads[0] ** 2).sum() * (spreads[1] ** 2).sum()))
    return float((spreads[0] * spreads[1]).sum()) / size if size > 0 else None


def rank_correlation(points: Sequence[tuple[float, float]], clusters: Sequence[str], seed: int = 0) -> Figure:
    """Spearman's rho of points with a 95% bootstrap interval (percentiles).

    Points of one principle share queries and base, so that principles are resampled where there are enough of them, and points where not:
    that interval is too short, which whoever shows it has to say.

    Args:
        points: Pairs of values.
        clusters: What each belongs to.
        seed: Of the resampling.
    """
    value = spearman([x for x, _ in points], [y for _, y in points])
    if value is None:
        return UNMEASURED
    drawn = [spearman([points[i][0] for i in some], [points[i][1] for i in some]) for some in _resamples(clusters, seed)]
    known = [rho for rho in drawn if rho is not None]
    if len(known) < RESAMPLES / 2:
        return Figure(value, None, None, len(points))
    low, high = np.quantile(known, [0.025, 0.975])
    return Figure(value, min(value, float(low)), max(value, float(high)), len(points))


def is_clustered(clusters: Sequence[str]) -> bool:
    """Whether whole principles are resampled."""
    return len(set(clusters)) >= LEAST_CLUSTERS


def _resamples(clusters: Sequence[str], seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    if not is_clustered(clusters):
        return [list(some) for some in rng.integers(0, len(clusters), size=(RESAMPLES, len(clusters)))]
    names = sorted(set(clusters))
    members = [[i for i, cluster in enumerate(clusters) if cluster == name] for name in names]
    return [[i for chosen in some for i in members[chosen]] for some in rng.integers(0, len(names), size=(RESAMPLES, len(names)))]


def _ranks(values: Sequence[float]) -> list[float]:
    """From 1 on; equal values share the mean of their ranks."""
    order = sorted(values)
    return [(order.index(value) + len(order) - order[::-1].index(value) - 1) / 2 + 1 for value in values]
