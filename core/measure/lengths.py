"""Whether verdicts follow the length of replies: a model's, held against people's on the same cards. Imports no torch.

Models that judge are known to like the longer reply better (Zheng et al. 2023, arXiv 2306.05685, section 3.3), and kappa alone does not tell: a judge may
agree with people by far and err in one direction. Length by itself is no fault, since a principle may be about it; so what counts is how
much more than people's marks a model's verdicts go to the longer reply, or to the shorter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.constitution.text import words
from core.measure.agreement import replies_counted, two_places
from core.measure.statistics import RESAMPLES, UNMEASURED, Figure

LEAST_OF_EACH = 5  # cards that are said to follow, and that are said not to: with fewer there is no interval
MOST_LENGTH = 0.05  # of pairs: shown to go beyond people by more, to either side, a model's verdicts are not used
LENGTH_BOUND = (
    f"verdicts that go to the longer of two replies, or to the shorter, more often than people’s marks do: surely by more than {MOST_LENGTH:g} of pairs"
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Leaning:
    """How often, of a reply that is said to follow and one that is said not to, the one that follows is the longer; of two as long, half.

    Each of all such pairs of the cards that a model and people both judged, and of which the length is known; n counts those cards.
    """

    model: Figure
    people: Figure
    beyond: Figure  # the model's minus people's, on the same resamples


UNKNOWN = Leaning(model=UNMEASURED, people=UNMEASURED, beyond=UNMEASURED)


def length_of(reply: str) -> int:
    """In words of the answer."""
    return len(words(reply))


def longer_follows(verdicts: Sequence[tuple[bool, int]], seed: int = 0) -> Figure:
    """The share of pairs in which the reply that follows is the longer: 0.5 where verdicts have nothing to do with length.

    It is the Mann-Whitney statistic by the number of pairs (the area under the curve by which length would tell the verdict).

    Args:
        verdicts: What is said of each card, and how long its reply is.
        seed: Of the bootstrap over cards.

    Returns:
        With a percentile interval; without a value where all are said to follow, or none.
    """
    if not verdicts:
        return UNMEASURED
    follows, lengths = _columns(verdicts)
    return _figure(
        _shares(follows, lengths, np.ones((1, len(follows)))), _shares(follows, lengths, _weights(len(follows), seed)), _has_enough(follows), len(follows)
    )


def leaning(cards: Mapping[str, tuple[bool, bool]], lengths: Mapping[str, int], seed: int = 0) -> Leaning:
    """How much more than people a model follows length.

    Args:
        cards: What the model and what people say of each card that both judged.
        lengths: Of replies in words, as far as they are known.
        seed: Of the bootstrap over cards.
    """
    known = [(*said, lengths[shown]) for shown, said in sorted(cards.items()) if shown in lengths]
    if not known:
        return UNKNOWN
    follows, lengths_R = _columns([(by_model, length) for by_model, _, length in known])
    marked, _ = _columns([(by_people, length) for _, by_people, length in known])
    n, weights = len(known), _weights(len(known), seed)
    whole, drawn = ([_shares(said, lengths_R, each) for said in (follows, marked)] for each in (np.ones((1, n)), weights))
    enough = _has_enough(follows) and _has_enough(marked)
    return Leaning(
        model=_figure(whole[0], drawn[0], _has_enough(follows), n),
        people=_figure(whole[1], drawn[1], _has_enough(marked), n),
        beyond=_figure(whole[0] - whole[1], drawn[0] - drawn[1], enough, n),
    )


def follows_length(found: Leaning) -> bool:
    """Whether it is shown that a model's verdicts go to the longer reply, or to the shorter, by more than `MOST_LENGTH` beyond people's marks.

    One that errs at random follows length less than people do where they follow it, which is no such fault.
    """
    low, high, own = found.beyond.low, found.beyond.high, found.model.value
    if low is None or high is None or own is None:
        return False
    return (low > MOST_LENGTH and own > 0.5) or (high < -MOST_LENGTH and own < 0.5)


def longer_says(found: Leaning, own: Figure) -> str:
    """In a few words, of the cards that people marked too; where there are none of known length, of those that the model judged (`own`)."""
    if found.beyond.value is not None:
        interval = f", {_signed(found.beyond.low)} to {_signed(found.beyond.high)}" if found.beyond.low is not None else ""
        difference = f"difference {_signed(found.beyond.value)}{interval}, n = {replies_counted(found.beyond.n)}"
        return f"The longer of two follows in {_places(found.model.value)} of pairs, by people’s marks in {_places(found.people.value)} ({difference})"
    if own.value is not None:
        interval = f" ({_places(own.low)} to {_places(own.high)})" if own.low is not None else ""
        return f"The longer of two follows in {_places(own.value)} of pairs{interval}, n = {replies_counted(own.n)}; by people’s marks it is not known"
    return "Whether the longer of two follows more often is not known"


def _places(value: float | None) -> str:
    return two_places(value) if value is not None else "unknown"


def _signed(value: float | None) -> str:
    return f"{'+' if value is not None and value > 0 else ''}{_places(value)}"


def _columns(verdicts: Sequence[tuple[bool, int]]) -> tuple[NDArray[np.bool_], Floats]:
    return np.array([follows for follows, _ in verdicts]), np.array([length for _, length in verdicts], dtype=float)


def _has_enough(follows: NDArray[np.bool_]) -> bool:
    return bool(min(follows.sum(), (~follows).sum()) >= LEAST_OF_EACH)


def _weights(n: int, seed: int) -> Floats:
    """How often each card is drawn, a row for each resample."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)


def _shares(follows: NDArray[np.bool_], lengths_R: Floats, weights_SR: Floats) -> Floats:
    """Of each row of weights; NaN where all drawn follow, or none."""
    yes_SR, no_SR = weights_SR[:, follows], weights_SR[:, ~follows]
    difference_RR = lengths_R[follows][:, None] - lengths_R[~follows][None, :]
    longer_RR = (np.sign(difference_RR) + 1) / 2
    pairs_S = yes_SR.sum(axis=1) * no_SR.sum(axis=1)
    return np.where(pairs_S > 0, ((yes_SR @ longer_RR) * no_SR).sum(axis=1) / np.where(pairs_S > 0, pairs_S, 1.0), np.nan)


def _figure(whole: Floats, drawn_S: Floats, enough: bool, n: int) -> Figure:
    value = float(whole[0])
    if np.isnan(value):
        return Figure(None, None, None, n)
    known = drawn_S[~np.isnan(drawn_S)]
    if not enough:
        return Figure(value, None, None, n)
    low, high = np.quantile(known, [0.025, 0.975])
    return Figure(value, min(value, float(low)), max(value, float(high)), n)
