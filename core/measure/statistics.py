"""Figures with their intervals, what several of them may claim together, and how many queries a claim would need.

Everything shown to a person is a `Figure`: value, 95% interval, n. How well each interval covers is simulated in
tests/core/measure/test_calibration.py and, longer, by tests/bench/calibration.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

Z95 = 1.959963984540054
RESAMPLES = 2000
LEAST_SPREAD = 0.2  # of the sample's standard deviation, that a resample is taken to have at least: few values alike would give no bound
LEVEL = 0.05  # what a family of claims may be wrong with, all together
DIFFERENCE = 0.2  # of shares: the least that matters. Absent means that so much is excluded, and queries are counted for so much
POWER = 0.8  # how often a difference of so much should then be shown
T95 = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622)  # Student's t, 97.5%, by degrees of freedom from 1 on
MOST_SEEDS = len(T95) + 1  # of a series
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Figure:
    """A number with its 95% interval. `value` is None when nothing could be measured: never a plausible zero."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # independent units: queries; of a mean over seeds the seeds

    def excludes(self, point: float) -> bool:
        """Whether the whole interval lies on one side of a point."""
        return self.low is not None and self.high is not None and (self.low > point or self.high < point)

    def within(self, low: float, high: float) -> bool:
        """Whether the whole interval lies between two points."""
        return self.low is not None and self.high is not None and low < self.low and self.high < high


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
    """Share of True over clusters of outcomes (the replies to one query), with Wilson's interval at the effective number of outcomes.

    That number is what the spread between clusters says (Kish 1965: the variance of a ratio), but never fewer than the clusters, the
    widest that outcomes which go together call for, nor more than the outcomes. Where all outcomes are alike it is the clusters.
    """
    outcomes = [outcome for cluster in clusters for outcome in cluster]
    if not outcomes:
        return UNMEASURED
    p, n_clusters = sum(outcomes) / len(outcomes), len(clusters)
    spread = math.fsum((sum(cluster) - p * len(cluster)) ** 2 for cluster in clusters)
    variance = spread * n_clusters / (n_clusters - 1) / len(outcomes) ** 2 if n_clusters > 1 else 0.0
    alike = p in (0, 1) or n_clusters == 1
    effective = n_clusters if alike else len(outcomes) if variance == 0 else min(max(p * (1 - p) / variance, n_clusters), len(outcomes))
    low, high = _wilson(p, effective)
    return Figure(p, low, high, n_clusters)


def _wilson(p: float, n: float) -> tuple[float, float]:
    centre = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Two shares on the same queries, as far as both could be judged. Half an observation is added to each cell of the fourfold table.

    Agresti & Min 2005, "Simple improved confidence intervals for comparing matched proportions": good coverage also at small n and when
    no pair changes.
    """

    n: int
    gained: int  # not before, but after
    lost: int  # before, but not after

    @property
    def value(self) -> float:
        """The plain difference."""
        return (self.gained - self.lost) / self.n

    @property
    def _centre(self) -> float:
        return (self.gained - self.lost) / (self.n + 2)

    @property
    def _error(self) -> float:
        total, up, down = self.n + 2, self.gained + 0.5, self.lost + 0.5
        return math.sqrt(up + down - (up - down) ** 2 / total) / total

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """What misses the true difference with this probability."""
        half = _z(level) * self._error
        return min(self.value, max(-1.0, self._centre - half)), max(self.value, min(1.0, self._centre + half))

    @property
    def p_value(self) -> float:
        """Of no difference, two-sided: the level at which the interval just reaches zero."""
        return math.erfc(abs(self._centre) / self._error / math.sqrt(2))

    @property
    def excludes_difference(self) -> bool:
        """Whether a true difference of `DIFFERENCE`, either way, is excluded: by the interval, and by the count.

        With so true a gain, at least that share of pairs gains, so a count of gains that would then be as low in at most `LEVEL` of
        results speaks against it (exact binomial). The interval alone is too short to say so: with no change in eight pairs it stays
        below 0.2, though a fifth of all queries gaining would leave eight alike in 17% of results.
        """
        low, high = self.interval()
        return low > -DIFFERENCE and high < DIFFERENCE and max(_at_most(self.gained, self.n), _at_most(self.lost, self.n)) <= LEVEL


def pairs_of(before: Sequence[bool | None], after: Sequence[bool | None]) -> Pairs:
    """Outcomes on the same queries, counted."""
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if b is not None and a is not None]
    return Pairs(n=len(pairs), gained=sum(a and not b for b, a in pairs), lost=sum(b and not a for b, a in pairs))


def paired_change(before: Sequence[bool | None], after: Sequence[bool | None]) -> Figure:
    """Change of a share on the same queries, with the interval of `Pairs`. The value is the plain difference."""
    pairs = pairs_of(before, after)
    return Figure(pairs.value, *pairs.interval(), pairs.n) if pairs.n else UNMEASURED


def mean(values: Sequence[float], seed: int = 0) -> Figure:
    """Mean over queries with a studentised bootstrap interval; one value a query, so resampling values resamples queries.

    Bootstrap-t (Efron 1979; Hall 1988): each resample's mean is measured in its own standard errors, so that a long tail on one side
    makes a longer interval on that side. A percentile interval is too short at 24 queries, and Student's t on skewed values.
    """
    if not values:
        return UNMEASURED
    data = np.asarray(values, dtype=float)
    centre, n = float(data.mean()), len(data)
    if n == 1:
        return Figure(centre, None, None, 1)
    spread = float(data.std(ddof=1))
    resampled = data[np.random.default_rng(seed).integers(0, n, size=(RESAMPLES, n))]
    spreads = np.maximum(resampled.std(axis=1, ddof=1), LEAST_SPREAD * spread)
    off = (resampled.mean(axis=1) - centre) / np.where(spreads > 0, spreads, 1.0)
    low, high = np.quantile(off, [0.025, 0.975])
    return Figure(centre, min(centre, centre - float(high) * spread), max(centre, centre - float(low) * spread), n)


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """One measure with several seeds."""

    by_seed: tuple[Figure, ...]  # in the order of the seeds
    mean: Figure  # over the seeds that have a value; its n counts them
    sd: float | None  # between them; None of fewer than two
    cut: bool  # whether the interval of the mean would reach beyond what the measure can be

    @property
    def values(self) -> list[float]:
        """Of the seeds that have one."""
        return [figure.value for figure in self.by_seed if figure.value is not None]


def over_seeds(figures: Sequence[Figure], least: float = -math.inf, most: float = math.inf) -> Pooled:
    """The mean over seeds, with an interval in which the seeds are draws too.

    Each seed draws its own queries, replies, order and start of the adapter, so the seeds are the units and their spread holds all of
    that: Student's t of the seeds' values. With three seeds that is 4.3 standard errors, wide and honest. But few seeds may come out
    alike by chance, and three shares of 1 would leave nothing open, so neither end is nearer to the mean than the seeds' own intervals
    put it: the square root of their summed squares, by the number of seeds (Zou & Donner 2008, "Construction of confidence limits about
    effect measures"). Where a set has few held-out queries the seeds share some of them, and the interval speaks of such queries.

    Args:
        figures: Of each seed; those without a value are left out.
        least: What the measure can be at least; the interval is cut there.
        most: At most.
    """
    known = [figure for figure in figures if figure.value is not None]
    values = [figure.value for figure in known if figure.value is not None]
    n = len(values)
    if n < 2:
        return Pooled(by_seed=tuple(figures), mean=Figure(values[0], None, None, 1) if values else UNMEASURED, sd=None, cut=False)
    centre = math.fsum(values) / n
    sd = math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (n - 1))
    t = T95[n - 2] * sd / math.sqrt(n)
    low = centre - max(t, _reach([(figure.value, figure.low) for figure in known]))
    high = centre + max(t, _reach([(figure.value, figure.high) for figure in known]))
    return Pooled(by_seed=tuple(figures), mean=Figure(centre, max(least, low), min(most, high), n), sd=sd, cut=low < least or high > most)


def _reach(ends: Sequence[tuple[float | None, float | None]]) -> float:
    """How far one end of each figure's interval lets their mean reach; a figure without an interval adds nothing."""
    return math.sqrt(math.fsum((value - end) ** 2 for value, end in ends if value is not None and end is not None)) / len(ends)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of a family, corrected: those at or below a level are claims that are all true with one minus that probability (Holm 1979)."""
    corrected, worst = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = worst
    return corrected


def more_queries(pairs: Pairs, family: int = 1) -> int:
    """How many more queries would show a true difference of `DIFFERENCE` with probability `POWER`; 0: these would have.

    Connor 1987, "Sample size for testing differences in proportions for the paired-sample design", from the share of pairs that were
    seen to differ; one more of either kind is counted, so that nothing seen is not taken for nothing there.

    Args:
        pairs: What was seen.
        family: Comparisons that are corrected together: this one is taken to be the first in the order of their p-values.
    """
    differing = max(DIFFERENCE, (pairs.gained + pairs.lost + 1) / (pairs.n + 2))
    error, wanted = _z(LEVEL / family) * math.sqrt(differing), _NORMAL.inv_cdf(POWER) * math.sqrt(differing - DIFFERENCE**2)
    return max(0, math.ceil(((error + wanted) / DIFFERENCE) ** 2) - pairs.n)


def _at_most(count: int, n: int) -> float:
    """How likely at most so many of n are hit, where each is with probability `DIFFERENCE`."""
    return math.fsum(math.comb(n, k) * DIFFERENCE**k * (1 - DIFFERENCE) ** (n - k) for k in range(count + 1))


def _z(level: float) -> float:
    return Z95 if level == LEVEL else _NORMAL.inv_cdf(1 - level / 2)
