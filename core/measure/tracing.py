"""Which constitution a reply is traced to by a model's likelihoods, and how much that says: bounds, attribution, confusion. No model.

A query is the independent unit: its replies share their topic, so that intervals resample or count queries, never replies.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from core.constitution.principles import SIDES
from core.measure.statistics import Figure, clustered_share, mean
from core.measure.values import MeasuredReply, Report

Asked = Sequence[MeasuredReply]  # the replies to one query, in the order of `asked_stances`
ByStance = Sequence[float] | Mapping[int, float]
Scores = Callable[[MeasuredReply], ByStance]  # of one reply, under each of `asked_stances` that it was asked under, by their places


def scores_by_policy(reply: MeasuredReply) -> ByStance:
    """Mean token log-probabilities by the policy that wrote the reply: length decides nothing."""
    return _asked(reply.logprobs)


def summed_by_policy(reply: MeasuredReply) -> ByStance:
    """Log-probabilities of the whole reply by the policy that wrote it."""
    return {stance: logprob * reply.tokens for stance, logprob in _asked(reply.logprobs).items()}


def scores_by_base(reply: MeasuredReply) -> ByStance:
    """Mean token log-probabilities by the base. A code that only the policy understands is not told apart by them."""
    return _asked(reply.base_logprobs)


def _asked(logprobs: Sequence[float | None]) -> dict[int, float]:
    """What was not asked is not there, so that nothing is made of it."""
    return {stance: logprob for stance, logprob in enumerate(logprobs) if logprob is not None}


def traced_among(asked: Sequence[Asked]) -> Sequence[int]:
    """The places of the stances that all replies of an arm can be traced among: all of them, or where some pairs were not asked the two sides."""
    whole = all(logprob is not None for query in asked for reply in query for logprob in reply.logprobs)
    return range(len(asked[0]) if asked else 0) if whole else range(len(SIDES))


def bound_figure(scored: Sequence[Asked], scores: Scores, among: Sequence[int]) -> Figure:
    """MI bound in nats among some of the stances, as `core.measure.information.mi_bound`: one mean a query, so that the bootstrap resamples queries."""
    return mean([math.fsum(column_term(scores(query[written]), written, among) for written in among) / len(among) for query in scored])


def attribution_figure(scored: Sequence[Asked], scores: Scores, among: Sequence[int]) -> Figure:
    """Share of the replies that are traced to the stance they were written under, among some of the stances."""
    return clustered_share([[traced_to(scores(query[written]), written, among) == written for written in among] for query in scored])


def all_traced(asked: Sequence[Asked], scores: Scores, among: Sequence[int]) -> list[bool | None]:
    """Of each query, whether all its replies under some of the stances are traced to their own; None where one could not be scored."""
    return [
        all(traced_to(scores(query[written]), written, among) == written for written in among) if all(query[stance].logprobs for stance in among) else None
        for query in asked
    ]


def confusion(scored: Sequence[Asked], scores: Scores, among: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Replies counted by the stance they were written under (rows) and the one they are traced to (columns)."""
    traced = [[traced_to(scores(query[written]), written, among) for query in scored] for written in among]
    return tuple(tuple(row.count(stance) for stance in among) for row in traced)


def column_term(scores: ByStance, written: int, among: Sequence[int]) -> float:
    """Log n + log p(stance it was written under | reply) in nats, each of n stances taken to be equally likely. Robust to scores far apart."""
    gaps = sorted(scores[stance] - scores[written] for stance in among)
    best = gaps.pop()
    return math.log(len(among)) - (math.log1p(math.fsum(math.exp(gap - best) for gap in gaps)) + best)


def traced_to(scores: ByStance, written: int, among: Sequence[int]) -> int:
    """The stance that explains a reply best. A tie is a miss: it goes to the other stance."""
    return max(among, key=lambda stance: (scores[stance], stance != written))


def scored_queries(asked: Sequence[Asked], among: Sequence[int]) -> list[Asked]:
    """The queries whose replies under these stances all have scores: an empty one has none, and stances must stay equally frequent."""
    return [query for query in asked if all(query[stance].logprobs for stance in among)]


def traced_says(report: Report) -> str:
    """What replies were traced among, where that is not all they were written under; else empty."""
    if not report.traced:
        return ""
    return (
        "Replies are traced among all statements and all antitheses, and for each principle among the statements and its antithesis alone. Which of all "
        f"{len(report.sides)} constitutions explains them best was not asked (trace=own; trace=all asks it, and takes longer)."
    )
