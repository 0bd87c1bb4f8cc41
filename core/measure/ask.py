"""Asking a policy the held-out queries and scoring its own replies: the raw material of the result table.

Each query is answered under all statements, under all antitheses and, when there are several principles, with each of them alone taken
as its antithesis (`core.constitution.contrasts.asked_stances`). The principles stand in the author's order, so that what is measured is what the
author would see on the Compare page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from core.constitution.contrasts import Trace, asked_stances, flip_side, is_asked
from core.constitution.principles import SIDES, Constitution
from core.constitution.scenario_queries import ScenarioQuery
from core.engine.batching import PAIRS_SCORED, STEADY_ROWS
from core.engine.models import LoadedModel
from core.engine.policies import Group, base_of, draw_groups, score_pairs
from core.engine.policy import Policy, Prompt, prompt_of
from core.engine.sampling import Response, sample, told
from core.measure.information import kl_nats
from core.measure.values import NO_SIDE, MeasuredReply
from core.methods.arms import Arm, same_lane
from core.progress import ShownReply
from core.seeds import seed_for
from core.settings import SamplingConfig

REPLIES_TOGETHER = 48  # about how many replies are measured and committed together
FLIPS_TOGETHER = 96  # the same where there are flips, of which more are sampled at once


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """How held-out queries are asked."""

    sampling: SamplingConfig
    seed: int  # of the run
    trace: Trace = "all"  # which pairs of a reply and a prompt are scored: see `core.constitution.contrasts.is_asked`


def reply_seed(seed: int, query: str, side: str) -> int:
    """The seed a held-out reply is drawn with: the same for base and aligned, here and on the Compare page."""
    return seed_for(seed, "reply", query, side)


def side_prompt(model: LoadedModel, constitution: Constitution | None, side: str, query: str) -> Prompt:
    """The prompt of a query under one of `asked_stances`, or (constitution None) under no constitution."""
    stance = asked_stances(len(constitution.principles))[side] if constitution is not None else ()
    return prompt_of(model, constitution, stance, query)


def query_batches(arm: Arm, constitution: Constitution, queries: Sequence[str]) -> list[Sequence[str]]:
    """The queries in the batches that an arm answers, and that are committed, together."""
    sides = len(sides_asked(arm, constitution))
    size = max(1, min(STEADY_ROWS // len(SIDES), FLIPS_TOGETHER // sides) if sides > len(SIDES) else REPLIES_TOGETHER // sides)
    return [queries[i : i + size] for i in range(0, len(queries), size)]


def sides_asked(arm: Arm, constitution: Constitution) -> tuple[str, ...]:
    """What each query is answered under: all of `asked_stances`, or once where the constitution does not stand in the prompt."""
    return tuple(asked_stances(len(constitution.principles))) if arm.in_prompt else (NO_SIDE,)


def ask(policy: Policy, constitution: Constitution, queries: Sequence[str], how: Measuring) -> list[MeasuredReply]:
    """Sample a reply for each side and query and, where the constitution stands in the prompt, score it by the policy and by its base.

    Returns:
        For each query its replies in the order of `sides_asked`.
    """
    sides = sides_asked(policy.arm, constitution)
    given = constitution if policy.arm.in_prompt else None
    prompts = [[side_prompt(policy.model, given, side, query) for side in sides] for query in queries]
    written = _write(
        policy, [_Asked(query, side, prompt) for query, row in zip(queries, prompts, strict=True) for side, prompt in zip(sides, row, strict=True)], how
    )
    answers = [written[i * len(sides) : (i + 1) * len(sides)] for i in range(len(queries))]
    scored = _score(policy, prompts, answers, how.trace) if given is not None else [[_Scored() for _ in row] for row in answers]
    return [
        MeasuredReply(
            query=query,
            side=side,
            text=response.text,
            ended=response.ended,
            tokens=len(response.token_ids),
            logprobs=tuple(scores.logprobs),
            base_logprobs=tuple(scores.base_logprobs),
            kl_policy_base_nats=scores.kl_policy_base_nats,
        )
        for query, row, of_query in zip(queries, answers, scored, strict=True)
        for side, response, scores in zip(sides, row, of_query, strict=True)
    ]


@dataclass(frozen=True)
class _Asked:
    """A query that is answered under a side."""

    query: str
    side: str
    prompt: Prompt

    @property
    def shown(self) -> bool:
        """Whether the Compare page can show the reply, which then has to be the very same."""
        return self.side in (*SIDES, NO_SIDE)


def _write(policy: Policy, asked: Sequence[_Asked], how: Measuring) -> list[Response]:
    """A reply to each, with seeds by query and side. What nobody is shown live need not be steady, so that flips read once what their prompts begin with."""
    places = [[i for i, each in enumerate(asked) if each.shown == steady] for steady in (True, False)]
    # Without a constitution the seed is that of the statement, so that the reply is the one on the Compare page.
    seeds = [reply_seed(how.seed, each.query, each.side if each.side != NO_SIDE else SIDES[0]) for each in asked]
    groups = [Group([asked[i].prompt for i in some], [seeds[i] for i in some], steady) for some, steady in zip(places, (True, False), strict=True)]
    found = told(draw_groups(policy, groups, how.sampling), lambda _: None)
    written = {i: response for some, responses in zip(places, found, strict=True) for i, response in zip(some, responses, strict=True)}
    return [written[i] for i in range(len(asked))]


def scenario_batches(scenarios: Sequence[ScenarioQuery]) -> list[Sequence[ScenarioQuery]]:
    """Scenarios in the batches that are answered, and committed, together."""
    size = REPLIES_TOGETHER // 2
    return [scenarios[i : i + size] for i in range(0, len(scenarios), size)]


def ask_scenarios(policy: Policy, constitution: Constitution, scenarios: Sequence[ScenarioQuery], how: Measuring) -> list[list[MeasuredReply]]:
    """Sample replies to scenarios, to be judged and not scored.

    Returns:
        For each scenario its replies: under the statements, and with each principle that it belongs to alone turned; or one under none.
    """
    given = constitution if policy.arm.in_prompt else None
    places = [(i, scenario.text, side) for i, scenario in enumerate(scenarios) for side in scenario_sides(policy.arm, constitution, scenario)]
    asked = [_Asked(query, side, side_prompt(policy.model, given, side, query)) for _, query, side in places]
    found: list[list[MeasuredReply]] = [[] for _ in scenarios]
    for (i, query, side), response in zip(places, _write(policy, asked, how), strict=True):
        found[i].append(
            MeasuredReply(
                query=query,
                side=side,
                text=response.text,
                ended=response.ended,
                tokens=len(response.token_ids),
                logprobs=(),
                base_logprobs=(),
                kl_policy_base_nats=None,
            )
        )
    return found


def scenario_sides(arm: Arm, constitution: Constitution, scenario: ScenarioQuery) -> tuple[str, ...]:
    """What a scenario is answered under."""
    flips = (flip_side(position, len(constitution.principles)) for position in scenario.principles)
    return (SIDES[0], *flips) if arm.in_prompt else (NO_SIDE,)


@dataclass(kw_only=True)
class _Scored:
    """The scores of one reply, as far as they are known."""

    logprobs: list[float | None] = field(default_factory=list)
    base_logprobs: list[float | None] = field(default_factory=list)
    kl_policy_base_nats: float | None = None


def _score(policy: Policy, prompts: Sequence[Sequence[Prompt]], answers: Sequence[Sequence[Response]], trace: Trace) -> list[list[_Scored]]:
    """The scores of all replies to some queries. Of two sides each query is scored by itself; of more, prompts that begin alike are scored together."""
    responses = [[response.token_ids if response.text else () for response in row] for row in answers]
    if len(prompts[0]) == len(SIDES):
        return [_score_all(policy, row, of_query) for row, of_query in zip(prompts, responses, strict=True)]
    return _score_asked(policy, prompts, responses, trace)


def _score_all(policy: Policy, prompts: Sequence[Prompt], responses: Sequence[tuple[int, ...]]) -> list[_Scored]:
    """Every response under every prompt, by the policy and by the base; response i was sampled under prompt i. Empty ones have no scores."""
    base = base_of(policy.model)
    other = not same_lane(policy.arm, base.arm)
    scored = [_Scored() for _ in responses]
    full = [i for i, response in enumerate(responses) if response]
    if not full:
        return scored
    texts = [responses[i] for i in full]
    with torch.no_grad():
        scores = policy.score(prompts, texts, full if other else ())
        base_scores = base.score(prompts, texts, full) if other else scores
    for k, i in enumerate(full):
        scored[i].logprobs = [float(row[k].mean()) for row in scores.tokens]
        scored[i].base_logprobs = [float(row[k].mean()) for row in base_scores.tokens]
        scored[i].kl_policy_base_nats = float(kl_nats(scores.own[k], base_scores.own[k])) if other else 0.0
    return scored


@dataclass(frozen=True)
class _Row:
    """One prompt of one query, and the replies to the query that are scored under it."""

    query: int
    side: int  # by its place
    written: list[int]  # the sides that the replies were written under


def _score_asked(policy: Policy, prompts: Sequence[Sequence[Prompt]], responses: Sequence[Sequence[tuple[int, ...]]], trace: Trace) -> list[list[_Scored]]:
    """The pairs that are asked, side by side of the prompts, by the policy and by the base. By query and the side a response was sampled under."""
    base, sides = base_of(policy.model), range(len(prompts[0]))
    other = not same_lane(policy.arm, base.arm)
    rows = [_Row(q, c, [r for r in sides if of_query[r] and is_asked(c, r, trace)]) for c in sides for q, of_query in enumerate(responses)]
    scored = [[_unasked(len(sides)) if response else _Scored() for response in of_query] for of_query in responses]
    for some in _passes([row for row in rows if row.written]):
        asked = [
            (prompts[row.query][row.side], [responses[row.query][r] for r in row.written], row.written.index(row.side) if row.side in row.written else None)
            for row in some
        ]
        by_policy = score_pairs(policy, [(prompt, replies, own if other else None) for prompt, replies, own in asked])
        by_base = score_pairs(base, asked) if other else by_policy
        for row, scores, base_scores in zip(some, by_policy, by_base, strict=True):
            for r, ours, theirs in zip(row.written, scores.tokens, base_scores.tokens, strict=True):
                scored[row.query][r].logprobs[row.side] = float(ours.mean())
                scored[row.query][r].base_logprobs[row.side] = float(theirs.mean())
            if row.side in row.written:
                distance = float(kl_nats(scores.own, base_scores.own)) if scores.own is not None and base_scores.own is not None else 0.0
                scored[row.query][row.side].kl_policy_base_nats = distance
    return scored


def _unasked(sides: int) -> _Scored:
    return _Scored(logprobs=[None] * sides, base_logprobs=[None] * sides)


def _passes(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """The rows in passes of so many replies, each of one side, so that all prompts of a pass begin with the same constitution."""
    some: list[_Row] = []
    for row in rows:
        full = sum(len(each.written) for each in some) + len(row.written) > PAIRS_SCORED
        if some and (full or row.side != some[0].side):
            yield some
            some = []
        some.append(row)
    if some:
        yield some


def show_replies(policy: Policy, constitution: Constitution, sampling: SamplingConfig, seed: int, queries: Sequence[str]) -> tuple[ShownReply, ...]:
    """Replies to a few held-out queries under statement and antithesis, always with the same seeds, so that one sees change."""
    asked = [(query, side) for query in queries for side in SIDES]
    prompts = [side_prompt(policy.model, constitution, side, query) for query, side in asked]
    responses = sample(policy, prompts, sampling, [seed_for(seed, "shown", query, side) for query, side in asked])
    return tuple(ShownReply(query=query, side=side, text=response.text) for (query, side), response in zip(asked, responses, strict=True))
