"""Two principles set against each other: which of them replies follow that have both in their prompt, and whether the order matters. Imports no torch.

The pair stands alone in the prompt, with the constitution's rule for conflicts, and each reply is judged by the checks of both. What is said of the pair
is said of these two checks, these queries and this model, and of nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.constitution.principles import Constitution, Principle
from core.constitution.priorities import ranked
from core.constitution.reading.replies import Reply
from core.errors import ConfigError
from core.measure.conflict_words import order_sentence, winner_sentence
from core.measure.judging import judge_within
from core.measure.statistics import LEVEL, Figure, Pairs, holm, paired_change, pairs_of, share

Order = Literal["none", "first", "second"]  # which of the two comes first in the text
Followed = tuple[bool | None, bool | None]  # whether a reply follows the one and the other; None: it could not be judged
QUERIES = 24  # held-out queries that are asked where nobody says how many
WAYS_ON = (
    "Two ways on: add a check, and both can be held against each other; or mark the replies of a check before training, which says whether it is followed "
    "by itself, and not which of two wins."
)


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


@dataclass(frozen=True, kw_only=True)
class PairReplies:
    """What a conflict rests on: a reply to each query in each order, and what the checks of both find of it."""

    queries: tuple[str, ...]
    texts: Mapping[Order, tuple[str, ...]]
    followed: Mapping[Order, tuple[Followed, ...]]


def pair_of(constitution: Constitution, first: int, second: int) -> Constitution:
    """A constitution of two principles alone, by their numbers from 1 on, with the rule for conflicts.

    Raises:
        ConfigError: No such principle, twice the same, or one that no program can judge (with the ways on).
    """
    count = len(constitution.principles)
    for number in (first, second):
        if not 1 <= number <= count:
            raise ConfigError(f"There is no principle {number}; the constitution has {count}. Choose two of them.")
    if first == second:
        raise ConfigError(f"Principle {first} cannot be set against itself. Choose another one.")
    chosen = {number: constitution.principles[number - 1] for number in (first, second)}
    for number, principle in chosen.items():
        if principle.check is not None and principle.check.kept is not None:
            raise ConfigError(f"“{principle.title}” cannot be judged yet: {principle.check.kept.why} Choose another check for principle {number}.")
    if unchecked := [number for number in chosen if chosen[number].check is None]:
        raise ConfigError(f"{_without_checks(chosen, unchecked)} {WAYS_ON}")
    return replace(constitution, principles=tuple(chosen.values()))


def _without_checks(chosen: Mapping[int, Principle], unchecked: Sequence[int]) -> str:
    titles = " and ".join(f"“{chosen[number].title}”" for number in unchecked)
    numbers = " and ".join(map(str, unchecked))
    if len(unchecked) > 1:
        return f"{titles} cannot be judged yet: principles {numbers} have no check, so no program can tell."
    return f"{titles} cannot be judged yet: principle {numbers} has no check, so no program can tell."


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


def prompt_says(pair: Constitution) -> str:
    """What of the prompt decides beside the two texts, in words: their priorities, and the rule for conflicts."""
    one, other = pair.principles
    order, rule = written_order(pair), pair.conflict_rule.strip()
    if order == "none":
        ranks = "neither comes first, since the constitution gives the two no order of priority"
    else:
        before, after = (one, other) if order == "first" else (other, one)
        last = f"“{after.title}” with priority {after.priority}" if after.priority is not None else f"“{after.title}”, which has none"
        ranks = f"“{before.title}” with priority {before.priority} before {last}"
    return f"In the prompt: {ranks}; {f'with the rule for conflicts “{rule}”' if rule else 'no rule for conflicts.'}"


def judge_replies(pair: Constitution, queries: Sequence[str], texts: Mapping[Order, Sequence[str]]) -> PairReplies:
    """The replies of every order with what the checks of both find of each."""
    followed: dict[Order, tuple[Followed, ...]] = {order: tuple(judge_pair(pair, queries, of_order)) for order, of_order in texts.items()}
    return PairReplies(queries=tuple(queries), texts={order: tuple(of_order) for order, of_order in texts.items()}, followed=followed)


def judge_pair(pair: Constitution, queries: Sequence[str], texts: Sequence[str]) -> list[Followed]:
    """Each reply judged by the checks of both principles."""
    replies = [Reply(row=row, response=text, query=query) for row, (query, text) in enumerate(zip(queries, texts, strict=True), 1)]
    outcomes = [outcome.follows for outcome in judge_within(pair, replies).outcomes]  # row by row, in the order of the principles
    return list(zip(outcomes[::2], outcomes[1::2], strict=True))


def replies_to_data(replies: PairReplies) -> dict[str, Any]:
    """Plain JSON data."""
    orders = {order: {"texts": list(texts), "followed": [list(each) for each in replies.followed[order]]} for order, texts in replies.texts.items()}
    return {"queries": list(replies.queries), "orders": orders}


def replies_from_data(pair: Constitution, data: Any) -> PairReplies:
    """The inverse of `replies_to_data`.

    Raises:
        ValueError: Data of another form, or replies in other orders than the pair is asked in.
    """
    try:
        queries, orders = tuple(map(str, data["queries"])), {order: data["orders"][order] for order in orders_of(pair)}
        texts = {order: tuple(map(str, of_order["texts"])) for order, of_order in orders.items()}
        followed = {order: tuple(_followed(each) for each in of_order["followed"]) for order, of_order in orders.items()}
        others = set(data["orders"]) - set(orders)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"these are no replies of two principles against each other: {error!r}") from error
    if others or not queries or {len(queries)} != {len(rows) for rows in (*texts.values(), *followed.values())}:
        raise ValueError("the replies of this conflict are not those to its queries in its orders")
    return PairReplies(queries=queries, texts=texts, followed=followed)


def _followed(data: Any) -> Followed:
    first, second = data
    if any(each is not None and not isinstance(each, bool) for each in (first, second)):
        raise TypeError(f"{data!r:.40} says of no reply whether it follows")
    return first, second


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
    sides = tuple(_sides((one, other), _Asked(order, order == orders[0], p, len(orders)), followed[order]) for order, p in zip(orders, corrected, strict=True))
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
        sentence=order_sentence((one, other), gains, shown),
    )


def _pairs(followed: Sequence[Followed]) -> Pairs:
    """From following the second to following the first: gained is the first alone, lost the second alone."""
    return pairs_of([second for _, second in followed], [first for first, _ in followed])


@dataclass(frozen=True)
class _Asked:
    """One order of those that are tried."""

    order: Order
    written: bool
    p_value: float  # of no difference, corrected over the orders
    orders: int  # that are corrected together


def _sides(titles: tuple[str, str], asked: _Asked, followed: Sequence[Followed]) -> Sides:
    judged = [(first, second) for first, second in followed if first is not None and second is not None]
    counted = _pairs(judged)
    placed = {"none": "With neither first", "first": f"With “{titles[0]}” first", "second": f"With “{titles[1]}” first"}[asked.order]
    winner: Literal["first", "second"] | None = None
    if asked.p_value <= LEVEL and counted.gained != counted.lost:
        winner = "first" if counted.gained > counted.lost else "second"
    return Sides(
        order=asked.order,
        written=asked.written,
        n=len(judged),
        unjudged=len(followed) - len(judged),
        first_only=share([first and not second for first, second in judged]),
        second_only=share([second and not first for first, second in judged]),
        both=share([first and second for first, second in judged]),
        neither=share([not first and not second for first, second in judged]),
        lead=paired_change([second for _, second in judged], [first for first, _ in judged]),
        winner=winner,
        sentence=f"{placed}{winner_sentence(titles, counted, winner, asked.orders)}",
    )
