"""From measured replies to the result: figures with intervals, and a plain sentence for each principle. No model, no drawing.

Mutual information cannot tell following from doing the opposite, nor either from a private code; only a program's verdict
on the text can. So no principle is ever called followed on attribution alone.

A query is the independent unit: its replies share their topic, so that intervals resample or count queries, never replies.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.checks import complies
from core.constitution.contrasts import asked_stances, flip_side
from core.constitution.principles import Constitution, Principle
from core.constitution.text import loops, mentions_constitution, refuses, repetition, words
from core.measure.statistics import Figure, clustered_share, mean, paired_change, share
from core.measure.values import SIDES, MeasuredReply
from core.measure.verdicts import Evidence, Verdict, judge

Asked = Sequence[MeasuredReply]  # the replies to one query, in the order of `asked_stances`
Scores = Callable[[MeasuredReply], Sequence[float]]  # of one reply, under each of `asked_stances`


@dataclass(frozen=True, kw_only=True)
class PolicyFigures:
    """What is measured of one policy on the held-out queries. Keys of the mappings: statement, antithesis."""

    mi_bound_nats: Figure  # log n - CE(constitution | response), replies of this policy, its own scores (mean token log-probabilities)
    mi_bound_summed_nats: Figure  # the same from summed token log-probabilities: the true likelihoods, at a temperature of 1
    attribution: Figure  # share of replies whose own constitution explains them best
    confusion: tuple[tuple[int, ...], ...]  # replies by the stance they were written under (rows) and are traced to (columns)
    base_mi_bound_nats: Figure  # of this policy's replies, but scored by the base
    base_attribution: Figure
    base_surprise_nats: Figure  # mean negative token log-probability by the base, under the reply's own constitution, nats a token
    words: Mapping[str, Figure]  # mean words a reply
    repetition: Mapping[str, Figure]  # mean share of repeated four-word runs
    loops: Figure  # share of replies that are degenerate loops
    refusals: Figure
    mentions: Figure  # share of replies that talk about their principles
    empty: Figure  # share of replies without text
    kl_nats: Figure  # KL(policy || base), nats a token, own replies


@dataclass(frozen=True, kw_only=True)
class PrincipleFigures:
    """What is measured of one principle: all statements against all statements but this one, taken as its antithesis.

    Of a constitution's only principle that is statement against antithesis. Keys of `base` and `aligned`: statement, antithesis (of
    all principles) and, when there are several, flip (of this one alone).
    """

    title: str
    check: str | None
    base: Mapping[str, Figure]  # share of judged replies that follow the statement, by side
    aligned: Mapping[str, Figure]
    change: Figure  # aligned - base under the statement, same queries
    separation: Figure  # aligned: statement - flip of this principle alone, same queries
    mi_bound_nats: Mapping[str, Figure]  # of statement and flip alone, cap log 2; keys: base, aligned
    attribution: Mapping[str, Figure]  # of statement and flip alone; keys: base, aligned
    base_attribution: Figure  # of the aligned replies, scored by the base
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """The table a run ends with."""

    n_queries: int
    split: str  # held-out, always
    sides: tuple[str, ...]  # what each query was answered under: the keys of `asked_stances`
    cap_nats: float  # log n: the MI bound cannot exceed it
    base: PolicyFigures
    aligned: PolicyFigures
    principles: tuple[PrincipleFigures, ...]


def evaluate(constitution: Constitution, base: Sequence[MeasuredReply], aligned: Sequence[MeasuredReply]) -> Result:
    """The result of base and aligned replies to the same held-out queries, in the same order."""
    if [(r.query, r.side) for r in base] != [(r.query, r.side) for r in aligned]:
        raise ValueError("base and aligned must have answered the same queries in the same order")
    sides = tuple(asked_stances(len(constitution.principles)))
    asked = {name: [replies[i : i + len(sides)] for i in range(0, len(replies), len(sides))] for name, replies in (("base", base), ("aligned", aligned))}
    if any(tuple(reply.side for reply in query) != sides for query in asked["base"]):
        raise ValueError(f"every query must have been answered under {', '.join(sides)}")
    return Result(
        n_queries=len(asked["base"]),
        split="held-out",
        sides=sides,
        cap_nats=math.log(len(sides)),
        base=policy_figures(asked["base"], len(sides)),
        aligned=policy_figures(asked["aligned"], len(sides)),
        principles=tuple(_principle(constitution, i, asked) for i in range(len(constitution.principles))),
    )


def policy_figures(asked: Sequence[Asked], n_sides: int) -> PolicyFigures:
    """Figures of one policy from its replies to each query."""
    every = range(n_sides)
    scored = _scored(asked, every)
    return PolicyFigures(
        mi_bound_nats=bound(scored, own_scores, every),
        mi_bound_summed_nats=bound(scored, summed_scores, every),
        attribution=attribution(scored, own_scores, every),
        confusion=confusion(scored, own_scores, every),
        base_mi_bound_nats=bound(scored, base_scores, every),
        base_attribution=attribution(scored, base_scores, every),
        base_surprise_nats=mean([math.fsum(-reply.base_logprobs[own] for own, reply in enumerate(query)) / n_sides for query in scored]),
        words=_by_side(asked, lambda r: float(len(words(r.text)))),
        repetition=_by_side(asked, lambda r: repetition(r.text)),
        loops=clustered_share([[loops(r.text) for r in query] for query in asked]),
        refusals=clustered_share([[refuses(r.text) for r in query] for query in asked]),
        mentions=clustered_share([[mentions_constitution(r.text) for r in query] for query in asked]),
        empty=clustered_share([[not r.text for r in query] for query in asked]),
        kl_nats=mean([math.fsum(r.kl_nats or 0.0 for r in query) / n_sides for query in scored]),
    )


def own_scores(reply: MeasuredReply) -> Sequence[float]:
    """Mean token log-probabilities by the policy that wrote the reply: length decides nothing."""
    return reply.logprobs


def summed_scores(reply: MeasuredReply) -> Sequence[float]:
    """Log-probabilities of the whole reply by the policy that wrote it."""
    return [logprob * reply.tokens for logprob in reply.logprobs]


def base_scores(reply: MeasuredReply) -> Sequence[float]:
    """Mean token log-probabilities by the base. A code that only the policy understands is not told apart by them."""
    return reply.base_logprobs


def bound(scored: Sequence[Asked], scores: Scores, among: Sequence[int]) -> Figure:
    """MI bound in nats among some of the stances, as `core.methods.sami.losses.mi_bound`: one mean a query, so that the bootstrap resamples queries."""
    return mean([math.fsum(column_term(scores(query[own]), own, among) for own in among) / len(among) for query in scored])


def attribution(scored: Sequence[Asked], scores: Scores, among: Sequence[int]) -> Figure:
    """Share of the replies that are traced to the stance they were written under, among some of the stances."""
    return clustered_share([[traced_to(scores(query[own]), own, among) == own for own in among] for query in scored])


def confusion(scored: Sequence[Asked], scores: Scores, among: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Replies counted by the stance they were written under (rows) and the one they are traced to (columns)."""
    found = [[traced_to(scores(query[own]), own, among) for query in scored] for own in among]
    return tuple(tuple(row.count(stance) for stance in among) for row in found)


def column_term(scores: Sequence[float], own: int, among: Sequence[int]) -> float:
    """Log n + log p(own stance | reply) in nats, each of n stances taken to be equally likely. Robust to scores far apart."""
    gaps = sorted(scores[stance] - scores[own] for stance in among)
    best = gaps.pop()
    return math.log(len(among)) - (math.log1p(math.fsum(math.exp(gap - best) for gap in gaps)) + best)


def traced_to(scores: Sequence[float], own: int, among: Sequence[int]) -> int:
    """The stance that explains a reply best. A tie is a miss: it goes to the other stance."""
    return max(among, key=lambda stance: (scores[stance], stance != own))


def _scored(asked: Sequence[Asked], among: Sequence[int]) -> list[Asked]:
    """The queries whose replies under these stances all have scores: an empty one has none, and stances must stay equally frequent."""
    return [query for query in asked if all(query[stance].logprobs for stance in among)]


def _by_side(asked: Sequence[Asked], value: Callable[[MeasuredReply], float]) -> dict[str, Figure]:
    return {side: mean([value(r) for query in asked for r in query if r.side == side and r.text]) for side in SIDES}


def _principle(constitution: Constitution, position: int, asked: Mapping[str, Sequence[Asked]]) -> PrincipleFigures:
    """Figures of one principle, from the replies of `base` and `aligned`."""
    principle, sides = constitution.principles[position], tuple(asked_stances(len(constitution.principles)))
    flipped = flip_side(position, len(constitution.principles))
    pair = (sides.index("statement"), sides.index(flipped))
    scored = {name: _scored(queries, pair) for name, queries in asked.items()}
    judged = {name: {side: _judge(principle, queries, side) for side in (*SIDES, flipped)} for name, queries in asked.items()}
    shares = {name: {side if side in SIDES else "flip": share(found) for side, found in by_side.items()} for name, by_side in judged.items()}
    attributed = {name: attribution(queries, own_scores, pair) for name, queries in scored.items()}
    evidence = Evidence(
        attribution=attributed["aligned"],
        base_attribution=attribution(scored["aligned"], base_scores, pair),
        base=shares["base"]["statement"],
        aligned=shares["aligned"]["statement"],
        antithesis=share(judged["aligned"][flipped]),
        change=paired_change(judged["base"]["statement"], judged["aligned"]["statement"]),
        separation=paired_change(judged["aligned"][flipped], judged["aligned"]["statement"]),
        has_check=principle.check is not None,
        alone=len(constitution.principles) > 1,
    )
    verdict, sentence = judge(principle.title, evidence)
    return PrincipleFigures(
        title=principle.title,
        check=str(principle.check) if principle.check is not None else None,
        base=shares["base"],
        aligned=shares["aligned"],
        change=evidence.change,
        separation=evidence.separation,
        mi_bound_nats={name: bound(queries, own_scores, pair) for name, queries in scored.items()},
        attribution=attributed,
        base_attribution=evidence.base_attribution,
        verdict=verdict,
        sentence=sentence,
    )


def _judge(principle: Principle, asked: Sequence[Asked], side: str) -> list[bool | None]:
    """The check's verdicts on the replies of one side. An empty reply follows no principle: it counts as a miss, not as unjudged,
    so that collapsing into silence can never raise a share.
    """
    check = principle.check
    if check is None:
        return []
    return [complies(check, r.text) if r.text else False for query in asked for r in query if r.side == side]


def result_to_data(result: Result) -> dict[str, Any]:
    """Plain JSON data, as kept in a run's row and printed by `measure --json`."""
    return asdict(result)
