"""From measured replies to the result: figures with intervals, and a plain sentence for each principle. No model, no drawing.

Mutual information cannot tell following from doing the opposite, nor either from a private code; only a program's verdict
on the text can. So no principle is ever called followed on attribution alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.checks import complies, words
from core.constitutions import Constitution, Principle
from core.measuring import SIDES, MeasuredReply
from core.replies import loops, mentions_constitution, refuses, repetition
from core.statistics import UNMEASURED, Figure, clustered_share, mean, paired_change, share
from core.verdicts import Evidence, Verdict, judge

N_SIDES = len(SIDES)


@dataclass(frozen=True, kw_only=True)
class PolicyFigures:
    """What is measured of one policy on the held-out queries. Keys of the mappings: statement, antithesis."""

    mi_bound_nats: Figure  # log n - CE(constitution | response), replies of this policy, its own scores
    attribution: Figure  # share of replies whose own constitution explains them best
    words: Mapping[str, Figure]  # mean words a reply
    repetition: Mapping[str, Figure]  # mean share of repeated four-word runs
    loops: Figure  # share of replies that are degenerate loops
    refusals: Figure
    mentions: Figure  # share of replies that talk about their principles
    empty: Figure  # share of replies without text
    kl_nats: Figure  # KL(policy || base), nats a token, own replies


@dataclass(frozen=True, kw_only=True)
class PrincipleFigures:
    """Compliance with one principle's check, and what may be said about it."""

    title: str
    check: str | None
    base: Mapping[str, Figure]  # share of judged replies that follow the statement, by side
    aligned: Mapping[str, Figure]
    change: Figure  # aligned - base under the statement, same queries
    separation: Figure  # aligned: statement - antithesis, same queries
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """The table a run ends with."""

    n_queries: int
    split: str  # held-out, always
    cap_nats: float  # log n: the MI bound cannot exceed it
    base: PolicyFigures
    aligned: PolicyFigures
    principles: tuple[PrincipleFigures, ...]


def evaluate(constitution: Constitution, base: Sequence[MeasuredReply], aligned: Sequence[MeasuredReply]) -> Result:
    """The result of base and aligned replies to the same held-out queries, in the same order."""
    if [(r.query, r.side) for r in base] != [(r.query, r.side) for r in aligned]:
        raise ValueError("base and aligned must have answered the same queries in the same order")
    figures = {"base": policy_figures(base), "aligned": policy_figures(aligned)}
    return Result(
        n_queries=len(base) // N_SIDES,
        split="held-out",
        cap_nats=math.log(N_SIDES),
        base=figures["base"],
        aligned=figures["aligned"],
        principles=tuple(_principle(p, base, aligned, figures["aligned"]) for p in constitution.principles),
    )


def policy_figures(replies: Sequence[MeasuredReply]) -> PolicyFigures:
    """Figures of one policy. Replies come as in `measuring.ask`: statement and antithesis of a query in turn."""
    pairs = [replies[i : i + N_SIDES] for i in range(0, len(replies), N_SIDES)]
    scored = [pair for pair in pairs if all(r.logprob_statement is not None for r in pair)]
    return PolicyFigures(
        mi_bound_nats=mean([math.fsum(_bound(r) for r in pair) / N_SIDES for pair in scored]),
        attribution=clustered_share([[_margin(r) > 0 for r in pair] for pair in scored]),
        words=_by_side(replies, lambda r: float(len(words(r.text)))),
        repetition=_by_side(replies, lambda r: repetition(r.text)),
        loops=clustered_share([[loops(r.text) for r in pair] for pair in pairs]),
        refusals=clustered_share([[refuses(r.text) for r in pair] for pair in pairs]),
        mentions=clustered_share([[mentions_constitution(r.text) for r in pair] for pair in pairs]),
        empty=clustered_share([[not r.text for r in pair] for pair in pairs]),
        kl_nats=mean([math.fsum(r.kl_nats or 0.0 for r in pair) / N_SIDES for pair in scored]),
    )


def _margin(reply: MeasuredReply) -> float:
    """How much better a reply's own side explains it than the other, in nats a token."""
    assert reply.logprob_statement is not None
    assert reply.logprob_antithesis is not None
    difference = reply.logprob_statement - reply.logprob_antithesis
    return difference if reply.side == "statement" else -difference


def _bound(reply: MeasuredReply) -> float:
    """Log 2 + log p(own side | reply), the column term of one reply, in nats."""
    margin = _margin(reply)
    return math.log(N_SIDES) - (math.log1p(math.exp(-abs(margin))) + max(-margin, 0.0))


def _by_side(replies: Sequence[MeasuredReply], value: Callable[[MeasuredReply], float]) -> dict[str, Figure]:
    return {side: mean([value(r) for r in replies if r.side == side and r.text]) for side in SIDES}


def _principle(principle: Principle, base: Sequence[MeasuredReply], aligned: Sequence[MeasuredReply], figures: PolicyFigures) -> PrincipleFigures:
    judged = {name: _judge(principle, replies) for name, replies in (("base", base), ("aligned", aligned))}
    shares = {name: {side: share(by_side[side]) for side in SIDES} for name, by_side in judged.items()}
    has_check = principle.check is not None
    change = paired_change(judged["base"]["statement"], judged["aligned"]["statement"]) if has_check else UNMEASURED
    separation = paired_change(judged["aligned"]["antithesis"], judged["aligned"]["statement"]) if has_check else UNMEASURED
    evidence = Evidence(
        attribution=figures.attribution,
        base=shares["base"]["statement"],
        aligned=shares["aligned"]["statement"],
        antithesis=shares["aligned"]["antithesis"],
        change=change,
        separation=separation,
        has_check=has_check,
    )
    verdict, sentence = judge(principle.title, evidence)
    return PrincipleFigures(
        title=principle.title,
        check=str(principle.check) if principle.check is not None else None,
        base=shares["base"],
        aligned=shares["aligned"],
        change=change,
        separation=separation,
        verdict=verdict,
        sentence=sentence,
    )


def _judge(principle: Principle, replies: Sequence[MeasuredReply]) -> dict[str, list[bool | None]]:
    """The check's verdicts by side. An empty reply follows no principle: it counts as a miss, not as unjudged, so that
    collapsing into silence can never raise a share.
    """
    if principle.check is None:
        return {side: [] for side in SIDES}
    check = principle.check
    return {side: [complies(check, r.text) if r.text else False for r in replies if r.side == side] for side in SIDES}


def result_to_data(result: Result) -> dict[str, Any]:
    """Plain JSON data, as kept in a run's row and printed by `measure --json`."""
    return asdict(result)


def result_from_data(data: Mapping[str, Any]) -> Result:
    """The inverse of `result_to_data`."""
    values: dict[str, Any] = {name: data[name] for name in ("n_queries", "split", "cap_nats")}
    rows: list[dict[str, Any]] = [{key: _figures(value) for key, value in row.items()} for row in data["principles"]]
    policies: dict[str, Any] = {name: PolicyFigures(**{key: _figures(value) for key, value in data[name].items()}) for name in ("base", "aligned")}
    return Result(**values, **policies, principles=tuple(PrincipleFigures(**{**row, "verdict": Verdict(row["verdict"])}) for row in rows))


def _figures(value: Any) -> Any:
    if isinstance(value, dict):
        return Figure(**value) if set(value) == {"value", "low", "high", "n"} else {key: _figures(inner) for key, inner in value.items()}
    return value
