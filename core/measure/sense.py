"""Whether replies still answer what was asked: relevance, surprise, echo and cut replies, of an arm and against the control. No model.

Each sees what the others cannot. Relevance cannot see fluent nonsense on the topic, surprise cannot see another query's good answer, and
neither sees a reply that only repeats its query. All are taken of replies under all statements, or of those of an arm without a constitution.
"""

import math
from collections.abc import Callable, Sequence

from core.constitution.normal import repaired
from core.constitution.principles import Constitution
from core.constitution.text import echo
from core.measure.questions import ECHO_RISE, RELEVANCE_FALL, SURPRISE_RISE
from core.measure.statistics import Figure, mean, paired_change, share
from core.measure.tracing import Asked, column_term, traced_to
from core.measure.values import MeasuredReply, SenseChange, WorstReply

WORST = 3  # replies that are kept to be read
OWN = 0  # the place of a reply's own query among those that it is read under, and of the statements among the stances


def relevance(reply: MeasuredReply) -> float | None:
    """Log m − CE(query | reply) of one reply among m queries, in nats; None where it was not read."""
    return relevance_of(reply.query_logprobs)


def relevance_of(query_logprobs: Sequence[float]) -> float | None:
    """The same of a reply's log-probabilities under m queries, its own first."""
    return column_term(query_logprobs, OWN, range(len(query_logprobs))) if len(query_logprobs) > 1 else None


def answers_own(reply: MeasuredReply) -> bool | None:
    """Whether its own query is the likeliest; a tie is a miss."""
    return own_is_likeliest(reply.query_logprobs)


def own_is_likeliest(query_logprobs: Sequence[float]) -> bool | None:
    """The same of a reply's log-probabilities under m queries, its own first; None where it was not read."""
    return traced_to(query_logprobs, OWN, range(len(query_logprobs))) == OWN if len(query_logprobs) > 1 else None


def surprise(reply: MeasuredReply) -> float | None:
    """Mean negative token log-probability by the base under the reply's own prompt, in nats a token; of a reply under the statements."""
    logprob = reply.base_logprobs[OWN] if reply.base_logprobs else None
    return -logprob if logprob is not None else None


def echo_of(constitution: Constitution | None, reply: MeasuredReply) -> float | None:
    """Share of the reply's four-word runs that stand in its query or in the statements before it; None for an empty reply."""
    statements = [principle.statement for principle in constitution.principles] if constitution is not None else []
    return echo(reply.text, [reply.query, *statements]) if reply.text else None


def sense_figures(constitution: Constitution | None, asked: Sequence[Asked]) -> dict[str, Figure]:
    """The fields of `ArmFigures` that are about sense.

    Args:
        constitution: What stood in the prompt; None: nothing did.
        asked: The replies to each query, the one under the statements first.
    """
    replies = [query[OWN] for query in asked]
    return {
        "cut": share([not reply.ended for reply in replies]),
        "echo": mean(_known(replies, lambda reply: echo_of(constitution, reply))),
        "surprise_nats": mean(_known(replies, surprise)),
        "relevance_nats": mean(_known(replies, relevance)),
        "own_query": share([answers_own(reply) for reply in replies]),
        "perplexity": _exponential(mean(_known(replies, _surprise_alone))),
    }


def sense_change(arm: str, constitution: Constitution, before: Sequence[Asked], after: Sequence[Asked]) -> SenseChange:
    """What the replies of an arm under the statements are to the control's, paired by query.

    Args:
        arm: Its key.
        constitution: What stood in both prompts.
        before: The control's replies to each query, the one under the statements first.
        after: The arm's to the same.
    """
    pairs = [(one[OWN], other[OWN]) for one, other in zip(before, after, strict=True)]
    return SenseChange(
        arm=arm,
        relevance_nats=_difference(pairs, relevance),
        surprise_nats=_difference(pairs, surprise),
        echo=_difference(pairs, lambda reply: echo_of(constitution, reply)),
        cut=paired_change([not one.ended for one, _ in pairs], [not other.ended for _, other in pairs]),
        worst=tuple(_worst(constitution, pairs)),
    )


def _worst(constitution: Constitution, pairs: Sequence[tuple[MeasuredReply, MeasuredReply]]) -> list[WorstReply]:
    """The replies that got worst, each by the measure in which it did, counted in what that measure may lose."""

    def echoed(reply: MeasuredReply) -> float | None:
        return echo_of(constitution, reply)

    def worse(pair: tuple[MeasuredReply, MeasuredReply]) -> float:
        cap = math.log(max(2, len(pair[1].query_logprobs)))
        limits = ((relevance, -RELEVANCE_FALL * cap), (surprise, SURPRISE_RISE), (echoed, ECHO_RISE))
        found = [(value(pair[0]), value(pair[1]), limit) for value, limit in limits]
        return max(((after - before) / limit for before, after, limit in found if before is not None and after is not None), default=-math.inf)

    return [
        WorstReply(query=repaired(r.query), text=repaired(r.text), relevance_nats=relevance(r), surprise_nats=surprise(r), echo=echoed(r), cut=not r.ended)
        for _, r in sorted(pairs, key=worse, reverse=True)[:WORST]
        if r.text
    ]


Value = Callable[[MeasuredReply], float | None]


def _difference(pairs: Sequence[tuple[MeasuredReply, MeasuredReply]], value: Value) -> Figure:
    found = [(value(before), value(after)) for before, after in pairs]
    return mean([after - before for before, after in found if before is not None and after is not None])


def _known(replies: Sequence[MeasuredReply], value: Value) -> list[float]:
    return [found for found in map(value, replies) if found is not None]


def _surprise_alone(reply: MeasuredReply) -> float | None:
    return -reply.query_logprobs[OWN] / reply.read_tokens if reply.query_logprobs else None


def _exponential(figure: Figure) -> Figure:
    """The figure of a mean of logarithms as one of their geometric mean."""
    value, low, high = (None if end is None else math.exp(end) for end in (figure.value, figure.low, figure.high))
    return Figure(value, low, high, figure.n)
