"""Readers from outside: shown a query and a reply, which text was the reply written under? Imports no torch and no network.

What the policy tells apart by its own likelihoods may be a private code; what a reader tells apart who saw neither prompt nor policy is
there for others too. Whatever a reader does, it gives for each reply a distribution over the texts, and log m + E[log q(own text | reply)] is a
lower bound on I(Y; C | X), where replies under each of m texts are equally many (Barber & Agakov 2003; the decoder need not be the true posterior).
A distribution that is fitted to the very replies it is tried on bounds nothing, so what has to be fitted (how sharp likelihoods are to be taken,
how often a reader's choice is right) is fitted to the other queries.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.measure.picking import WORDING, Pick, pick_questions, picked_by_both
from core.measure.statistics import Figure, clustered_share, mean
from core.measure.tracing import column_term, traced_to
from core.seeds import seed_for

SHARPNESS = (0.0, *(2.0**-k for k in range(8, -1, -1)))  # what summed log-probabilities are multiplied by; 0: they say nothing, 1: as they are
EMPTY = "the reply is empty"
PRIOR_PICKS = 2.0  # picks at chance that are added to those that were seen, before a share is made of them


@dataclass(frozen=True, kw_only=True)
class Option:
    """A text that a reply may have been written under."""

    text: str
    title: str  # for people, when names are revealed


@dataclass(frozen=True, kw_only=True)
class ReaderCard:
    """What a reader is shown, and what only we know."""

    query: str
    reply: str
    options: tuple[Option, ...]
    own: int  # the option that it was written under


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a reader makes of one card: scores where it reads by likelihood, else the option it picked."""

    scores: tuple[float, ...] = ()  # log p(reply | query, option) in nats, summed over the reply's tokens; empty: it picks
    pick: int | None = None  # None: none fits better, or its answers to both orders differ. With scores: the likeliest, None for a tie
    failure: str = ""  # why there is no reading; such a card counts for nothing
    final: bool = False  # of a failure, that asking again would find the same


class Reader(Protocol):
    """Anything that guesses the text from the reply: a model by its likelihoods or by choosing, a person."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def version(self) -> str:
        """What its readings rest on besides the cards: readings of another version are not its own."""

    def read(self, cards: Sequence[ReaderCard]) -> list[Reading]:
        """A reading of each card."""


Answered = Callable[[str, str], tuple[str, str]]  # system and user text of a question -> what was answered, and why there is no answer


@dataclass(frozen=True)
class ChoiceReader:
    """A model that is asked which option fits, with the options shuffled and in both orders; only what it says both times is its pick."""

    name: str
    ask: Answered = field(repr=False)
    seed: int = 0
    version: str = field(default=WORDING, init=False)

    def read(self, cards: Sequence[ReaderCard]) -> list[Reading]:
        """See `Reader`."""
        return [self._read(card) for card in cards]

    def _read(self, card: ReaderCard) -> Reading:
        if not card.reply:
            return Reading(failure=EMPTY, final=True)
        picks = []
        for asked in pick_questions(card.query, card.reply, [option.text for option in card.options], self.seed):
            answer, failure = self.ask(asked.system, asked.user)
            if failure:
                return Reading(failure=failure)
            picks.append(asked.pick(answer))
        if Pick.UNREADABLE in picks:
            return Reading(failure="its answer cannot be read as one of the options", final=True)
        return Reading(pick=picked_by_both(picks))


@dataclass(frozen=True)
class GivenReader:
    """One whose picks are there already, such as a person's. A card is known by its query and reply."""

    name: str
    picks: Mapping[tuple[str, str], str | None]  # by query and reply the option's text; None: none fits better. Others were not shown

    @property
    def version(self) -> str:
        """See `Reader`."""
        return f"{seed_for(*(part for card, text in sorted(self.picks.items()) for part in (*card, text))):016x}"

    def read(self, cards: Sequence[ReaderCard]) -> list[Reading]:
        """See `Reader`."""
        return [self._read(card) for card in cards]

    def _read(self, card: ReaderCard) -> Reading:
        if (card.query, card.reply) not in self.picks:
            return Reading(failure="it was not shown")
        chosen = self.picks[card.query, card.reply]
        place = next((i for i, option in enumerate(card.options) if option.text == chosen), None)
        return Reading(pick=place) if chosen is None or place is not None else Reading(failure="it was shown with other options")


def by_likelihood(scores: Sequence[float]) -> Reading:
    """The reading of one who reads by likelihood. A tie picks nothing."""
    best = max(range(len(scores)), key=scores.__getitem__)
    return Reading(scores=tuple(scores), pick=best if traced_to(scores, best, range(len(scores))) == best else None)


@dataclass(frozen=True, kw_only=True)
class ReaderFigures:
    """What a reader makes of some cards."""

    accuracy: Figure  # share of replies whose own option it picks, of those that it read; one of `chance` is to be expected of guessing
    bound_nats: Figure  # lower bound on I(Y; C | X)
    chance: float  # 1 / options
    cap_nats: float  # log options
    read: int  # cards
    failed: Mapping[str, int]  # cards that were not read, by reason


def figures_of(cards: Sequence[ReaderCard], readings: Sequence[Reading]) -> ReaderFigures:
    """Accuracy and bound of one reader.

    Only queries that were read under every option that was written under count for the bound: the options must stay equally frequent.

    Args:
        cards: All with the same options, in the same order; of each query one under each option, or as many.
        readings: One for each.
    """
    n_options = len(cards[0].options) if cards else 1
    by_query: dict[str, list[tuple[ReaderCard, Reading]]] = {}
    failed: dict[str, int] = {}
    for card, reading in zip(cards, readings, strict=True):
        by_query.setdefault(card.query, []).append((card, reading))
        if reading.failure:
            failed[reading.failure] = failed.get(reading.failure, 0) + 1
    clusters = [[(card, reading) for card, reading in pairs if not reading.failure] for pairs in by_query.values()]
    whole = [pairs for pairs, asked in zip(clusters, by_query.values(), strict=True) if len(pairs) == len(asked)]
    return ReaderFigures(
        accuracy=clustered_share([[reading.pick == card.own for card, reading in pairs] for pairs in clusters if pairs]),
        bound_nats=mean(bound_terms([[(card.own, reading) for card, reading in pairs] for pairs in whole], n_options)),
        chance=1 / n_options,
        cap_nats=math.log(n_options),
        read=sum(map(len, clusters)),
        failed=failed,
    )


Readings = Sequence[tuple[int, Reading]]  # of one query: the option that each reply was written under, and its reading


def bound_terms(queries: Sequence[Readings], n_options: int) -> list[float]:
    """For each query log m + mean log q(own option | reply), where q is fitted to the other queries. Their mean is the bound."""
    if not queries:
        return []
    scored = all(reading.scores for readings in queries for _, reading in readings)
    return _by_sharpness(queries) if scored else _by_picks(queries, n_options)


def _by_sharpness(queries: Sequence[Readings]) -> list[float]:
    """Likelihood readers: how sharp their likelihoods are taken is what would have been best on the other queries."""
    terms = [[_mean([_term(reading, own, sharpness) for own, reading in readings]) for sharpness in SHARPNESS] for readings in queries]
    totals = [math.fsum(query[i] for query in terms) for i in range(len(SHARPNESS))]
    found = []
    for query in terms:
        others = [total - term for total, term in zip(totals, query, strict=True)]
        # Of equally good ones the blunter: with no other query it is that which says nothing.
        found.append(query[max(range(len(SHARPNESS)), key=lambda i: (round(others[i], 12), -i))])
    return found


def _term(reading: Reading, own: int, sharpness: float) -> float:
    return column_term([sharpness * score for score in reading.scores], own, range(len(reading.scores)))


def _by_picks(queries: Sequence[Readings], n_options: int) -> list[float]:
    """Those who pick: how often a pick is right is what it was on the other queries, and no pick says nothing."""
    counts = [(sum(r.pick == own for own, r in readings), sum(r.pick is not None for _, r in readings)) for readings in queries]
    hits, picks = sum(hit for hit, _ in counts), sum(pick for _, pick in counts)
    found = []
    for readings, (own_hits, own_picks) in zip(queries, counts, strict=True):
        right = (hits - own_hits + PRIOR_PICKS / n_options) / (picks - own_picks + PRIOR_PICKS)
        found.append(_mean([_pick_term(reading.pick, own, right, n_options) for own, reading in readings]))
    return found


def _pick_term(pick: int | None, own: int, right: float, n_options: int) -> float:
    if pick is None:
        return 0.0
    return math.log(n_options * (right if pick == own else (1 - right) / (n_options - 1)))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
