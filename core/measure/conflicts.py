"""Two principles set against each other: which of them replies follow that have both in their prompt, and whether the order matters. Imports no torch.

The pair stands alone in the prompt, with the constitution's rule for conflicts, and each reply is judged by the checks of both. What is said of the pair
is said of these two checks, these queries and this model, and of nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.constitution.principles import Constitution
from core.constitution.priorities import ranked
from core.constitution.reading.replies import Reply
from core.errors import ConfigError
from core.measure.judging import judge_within
from core.measure.statistics import LEVEL, Figure, Pairs, holm, paired_change, pairs_of, share

Order = Literal["none", "first", "second"]  # which of the two comes first in the text
Followed = tuple[bool | None, bool | None]  # whether a reply follows the one and the other; None: it could not be judged
NOT_SHOWN = "not shown"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What replies follow that have both principles in their prompt, in one order. Shares are of the replies that both checks could judge."""

    order: Order
    written: bool  # whether the constitution says so itself
    n: int
    unjudged: int
    first_only: Figure
    second_only: Figure
    both: Figure
    neither: Figure
    lead: Figure  # share that follows the first minus share that follows the second: that of the first alone minus that of the second alone
    winner: Literal["first", "second"] | None  # None: not shown
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Two principles against each other."""

    first: str  # their titles
    second: str
    orders: tuple[Sides, ...]
    first_gains: Figure  # change of the share that follows the first, from standing second to standing first
    second_gains: Figure
    order_matters: bool  # whether either gain is shown; False: it is not shown
    sentence: str  # of the order


def pair_of(constitution: Constitution, first: int, second: int) -> Constitution:
    """A constitution of two principles alone, by their numbers from 1 on, with the rule for conflicts.

    Raises:
        ConfigError: No such principle, twice the same, or one that no program can judge.
    """
    count = len(constitution.principles)
    for number in (first, second):
        if not 1 <= number <= count:
            raise ConfigError(f"There is no principle {number}; the constitution has {count}. Name two of them with --first and --second.")
    if first == second:
        raise ConfigError(f"Principle {first} cannot be set against itself. Name another one with --second.")
    for number in (first, second):
        principle = constitution.principles[number - 1]
        if principle.check is None:
            raise ConfigError(f"“{principle.title}” cannot be judged yet: principle {number} has no check, so no program can tell. Add one.")
        if principle.check.kept is not None:
            raise ConfigError(f"“{principle.title}” cannot be judged yet: {principle.check.kept.why} Choose another check for principle {number}.")
    return replace(constitution, principles=(constitution.principles[first - 1], constitution.principles[second - 1]))


def written_order(pair: Constitution) -> Order:
    """Which of the two comes first as the constitution has it."""
    one, other = (principle.priority for principle in pair.principles)
    if one == other:
        return "none"
    return "first" if ranked((one, other), (0, 1))[0] == 0 else "second"


def orders_of(pair: Constitution) -> tuple[Order, ...]:
    """As it is written, then swapped; where nothing comes first, each of the two first once."""
    written = written_order(pair)
    others: tuple[Order, ...] = ("first", "second")
    return (written, *(order for order in others if order != written))


def ordered(pair: Constitution, order: Order) -> Constitution:
    """The pair with the priorities of an order."""
    priorities = {"none": (None, None), "first": (1, 2), "second": (2, 1)}[order]
    return replace(pair, principles=tuple(replace(p, priority=priority) for p, priority in zip(pair.principles, priorities, strict=True)))


def judge_pair(pair: Constitution, queries: Sequence[str], texts: Sequence[str]) -> list[Followed]:
    """Each reply judged by the checks of both principles."""
    replies = [Reply(row=row, response=text, query=query) for row, (query, text) in enumerate(zip(queries, texts, strict=True), 1)]
    outcomes = [outcome.follows for outcome in judge_within(pair, replies).outcomes]  # row by row, in the order of the principles
    return list(zip(outcomes[::2], outcomes[1::2], strict=True))


def conflict(pair: Constitution, followed: Mapping[Order, Sequence[Followed]]) -> Conflict:
    """What the replies show.

    Which principle wins is tested on the same replies (`Pairs`), corrected over the orders (Holm); whether the order matters on the same queries in both
    orders, corrected over the two principles.

    Args:
        pair: As `pair_of` gives it.
        followed: By order, what was found of the reply to each query; "first" and "second" among them, with the queries in the same places.
    """
    one, other = (principle.title for principle in pair.principles)
    orders = orders_of(pair)
    pairs = [_pairs(followed[order]) for order in orders]
    corrected = holm([each.p_value for each in pairs])
    sides = tuple(_sides((one, other), (order, order == orders[0]), followed[order], p) for order, p in zip(orders, corrected, strict=True))
    ones, others = ([[row[i] for row in followed[order]] for order in ("second", "first")] for i in (0, 1))
    gains = (pairs_of(ones[0], ones[1]), pairs_of(others[1], others[0]))
    shown = [p <= LEVEL for p in holm([gain.p_value for gain in gains])]
    return Conflict(
        first=one,
        second=other,
        orders=sides,
        first_gains=paired_change(ones[0], ones[1]),
        second_gains=paired_change(others[1], others[0]),
        order_matters=any(shown),
        sentence=_of_the_order((one, other), gains, shown),
    )


def _pairs(followed: Sequence[Followed]) -> Pairs:
    """From following the second to following the first: gained is the first alone, lost the second alone."""
    return pairs_of([second for _, second in followed], [first for first, _ in followed])


def _sides(titles: tuple[str, str], order: tuple[Order, bool], followed: Sequence[Followed], p_value: float) -> Sides:
    judged = [(first, second) for first, second in followed if first is not None and second is not None]
    counted = _pairs(judged)
    winner: Literal["first", "second"] | None = None
    if p_value <= LEVEL and counted.gained != counted.lost:
        winner = "first" if counted.gained > counted.lost else "second"
    return Sides(
        order=order[0],
        written=order[1],
        n=len(judged),
        unjudged=len(followed) - len(judged),
        first_only=share([first and not second for first, second in judged]),
        second_only=share([second and not first for first, second in judged]),
        both=share([first and second for first, second in judged]),
        neither=share([not first and not second for first, second in judged]),
        lead=paired_change([second for _, second in judged], [first for first, _ in judged]),
        winner=winner,
        sentence=_of_a_winner(titles, order[0], counted, winner),
    )


def _of_a_winner(titles: tuple[str, str], order: Order, counted: Pairs, winner: Literal["first", "second"] | None) -> str:
    placed = {"none": "With neither first", "first": f"With “{titles[0]}” first", "second": f"With “{titles[1]}” first"}[order]
    if not counted.n:
        return f"{placed}: {NOT_SHOWN}, since no reply could be judged by both checks."
    counts = f"“{titles[0]}” alone is followed in {counted.gained} of {counted.n} replies, “{titles[1]}” alone in {counted.lost}"
    if winner is None:
        return f"{placed}, which of the two wins is {NOT_SHOWN}: {counts}."
    return f"{placed}, “{titles[0 if winner == 'first' else 1]}” wins: {counts}."


def _of_the_order(titles: tuple[str, str], gains: Sequence[Pairs], shown: Sequence[bool]) -> str:
    if not any(shown):
        return f"That the order matters is {NOT_SHOWN}."
    said = [
        f"“{title}” is followed {'more' if gain.gained > gain.lost else 'less'} often when it stands first"
        for title, gain, is_shown in zip(titles, gains, shown, strict=True)
        if is_shown
    ]
    return f"The order matters: {', and '.join(said)}."
