"""How far several judges of the same replies agree beyond chance: two of them by Cohen's kappa, any number by Krippendorff's alpha.

Both are 1 where all agree, 0 where they agree as often as chance would have it, and below 0 where less often. Where everything was given
the same answer there is nothing that chance could be told from, so neither has a value. Intervals resample replies; where all agree a
bootstrap would claim certainty, so the lower end is then that of Wilson's interval for how often they agree.
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.measure.statistics import RESAMPLES, UNMEASURED, Figure, share

Counts = NDArray[np.float64]
Measure = Callable[[Counts], tuple[Counts, Counts]]  # of each row of weights, one weight a reply: how often judges agree, and would by chance
LEAST_DEFINED = 0.9  # of the resamples must have a value for an interval to be told


def cohens_kappa(pairs: Sequence[tuple[Hashable, Hashable]], seed: int = 0) -> Figure:
    """Agreement of two judges (Cohen 1960, "A coefficient of agreement for nominal scales"): (p_o - p_e) / (1 - p_e).

    Args:
        pairs: What each of the two says of one reply; replies that one of them does not judge are left out.
        seed: Of the bootstrap.

    Returns:
        Kappa with a percentile bootstrap interval over replies; without a value where both gave one and the same answer throughout.
    """
    if not pairs:
        return UNMEASURED
    said = list(dict.fromkeys(answer for pair in pairs for answer in pair))
    places = np.array([[said.index(first), said.index(second)] for first, second in pairs])
    own_RAK = np.eye(len(said))[places]  # replies x two judges x answers
    agree_R = (places[:, 0] == places[:, 1]).astype(float)

    def kappa(weights_SR: Counts) -> tuple[Counts, Counts]:
        n_S = weights_SR.sum(axis=1)
        observed_S = weights_SR @ agree_R / n_S
        first_SK, second_SK = (weights_SR @ own_RAK[:, judge] / n_S[:, None] for judge in (0, 1))
        return observed_S, (first_SK * second_SK).sum(axis=1)

    return _figure(kappa, len(pairs), seed)


def krippendorff_alpha(units: Sequence[Sequence[Hashable]], seed: int = 0) -> Figure:
    """Agreement of any number of judges on nominal answers, some of which may be missing: 1 - D_o / D_e.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: each reply with m >= 2 answers adds its ordered pairs of
    answers, each weighted by 1 / (m - 1), to the matrix of coincidences. A reply with fewer says nothing of agreement.

    Args:
        units: The answers given to each reply, in any order; who gave none is left out.
        seed: Of the bootstrap.

    Returns:
        Alpha with a percentile bootstrap interval over replies, n = replies with two answers or more; without a value where all answers are alike.
    """
    paired = [unit for unit in units if len(unit) > 1]
    if not paired:
        return UNMEASURED
    said = list(dict.fromkeys(answer for unit in paired for answer in unit))
    counts_RK = np.array([[list(unit).count(answer) for answer in said] for unit in paired], dtype=float)
    answers_R = counts_RK.sum(axis=1)
    alike_R = (counts_RK * (counts_RK - 1)).sum(axis=1) / (answers_R - 1)

    def alpha(weights_SR: Counts) -> tuple[Counts, Counts]:
        n_S, totals_SK = weights_SR @ answers_R, weights_SR @ counts_RK
        chance_S = (totals_SK * (totals_SK - 1)).sum(axis=1) / (n_S * (n_S - 1))
        return weights_SR @ alike_R / n_S, chance_S

    return _figure(alpha, len(paired), seed)


def _beyond_chance(observed_S: Counts, chance_S: Counts) -> Counts:
    """NaN where chance alone agrees always."""
    left_S = 1 - chance_S
    return np.where(left_S > 1e-12, (observed_S - chance_S) / np.where(left_S > 1e-12, left_S, 1.0), np.nan)


def _figure(measure: Measure, n: int, seed: int) -> Figure:
    """The measure of all replies, and what resampling them gives: a row of weights says how often each is drawn."""
    observed, chance = (float(part[0]) for part in measure(np.ones((1, n))))
    value = float(_beyond_chance(np.array([observed]), np.array([chance]))[0])
    if np.isnan(value):
        return Figure(None, None, None, n)
    drawn = _beyond_chance(*measure(np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)))
    known = drawn[~np.isnan(drawn)]
    if n == 1 or len(known) < LEAST_DEFINED * RESAMPLES:
        return Figure(value, None, None, n)
    low, high = np.quantile(known, [0.025, 0.975])
    if observed == 1:
        low = ((share([True] * n).low or 0.0) - chance) / (1 - chance)
    return Figure(value, min(value, float(low)), max(value, float(high)), n)


def replies_counted(n: int) -> str:
    """`1 reply`, `24 replies`."""
    return f"{n} {'reply' if n == 1 else 'replies'}"


def figure_says(figure: Figure) -> str:
    """A measure of agreement with its interval and n, or why it has no value."""
    if figure.n == 0:
        return "not measured: no reply has two answers"
    if figure.value is None:
        return f"undefined: {replies_counted(figure.n)}, and the same answer to all of them"
    interval = f" ({two_places(figure.low)} to {two_places(figure.high)})" if figure.low is not None and figure.high is not None else ""
    return f"{two_places(figure.value)}{interval}, n = {replies_counted(figure.n)}"


def two_places(value: float) -> str:
    """A measure of agreement, as people read it."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
