"""Asking a policy the held-out queries and scoring its own replies: the raw material of the result table.

Each query is answered under all statements, under all antitheses and, when there are several principles, with each of them alone taken
as its antithesis (`core.constitution.contrasts.asked_stances`). The principles stand in the author's order, so that what is measured is what the
author would see on the Compare page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from core.constitution.contrasts import asked_stances, flip_side
from core.constitution.principles import SIDES, Constitution
from core.constitution.scenario_queries import ScenarioQuery
from core.engine.batching import PROMPTS_SCORED, RESPONSES_SCORED
from core.engine.models import LoadedModel
from core.engine.policies import base_of
from core.engine.policy import Policy, Prompt, prompt_of
from core.engine.sampling import sample
from core.measure.information import kl_nats
from core.measure.values import NO_SIDE, MeasuredReply
from core.methods.arms import Arm, same_lane
from core.progress import ShownReply
from core.seeds import seed_for
from core.settings import SamplingConfig

REPLIES_TOGETHER = 48  # about how many replies are measured and committed together


def reply_seed(seed: int, query: str, side: str) -> int:
    """The seed a held-out reply is drawn with: the same for base and aligned, here and on the Compare page."""
    return seed_for(seed, "reply", query, side)


def side_prompt(model: LoadedModel, constitution: Constitution | None, side: str, query: str) -> Prompt:
    """The prompt of a query under one of `asked_stances`, or (constitution None) under no constitution."""
    stance = asked_stances(len(constitution.principles))[side] if constitution is not None else ()
    return prompt_of(model, constitution, stance, query)


def query_batches(arm: Arm, constitution: Constitution, queries: Sequence[str]) -> list[Sequence[str]]:
    """The queries in the batches that an arm answers, and that are committed, together."""
    size = max(1, REPLIES_TOGETHER // len(sides_asked(arm, constitution)))
    return [queries[i : i + size] for i in range(0, len(queries), size)]


def sides_asked(arm: Arm, constitution: Constitution) -> tuple[str, ...]:
    """What each query is answered under: all of `asked_stances`, or once where the constitution does not stand in the prompt."""
    return tuple(asked_stances(len(constitution.principles))) if arm.in_prompt else (NO_SIDE,)


def ask(policy: Policy, constitution: Constitution, queries: Sequence[str], sampling: SamplingConfig, seed: int) -> list[MeasuredReply]:
    """Sample a reply for each side and query and, where the constitution stands in the prompt, score it by the policy and by its base.

    Returns:
        For each query its replies in the order of `sides_asked`.
    """
    sides = sides_asked(policy.arm, constitution)
    given = constitution if policy.arm.in_prompt else None
    prompts = [[side_prompt(policy.model, given, side, query) for side in sides] for query in queries]
    # Without a constitution the seed is that of the statement, so that the reply is the one on the Compare page.
    seeds = [reply_seed(seed, query, side if given is not None else SIDES[0]) for query in queries for side in sides]
    responses = sample(policy, [prompt for row in prompts for prompt in row], sampling, seeds, steady=True)
    measured = []
    for i, query in enumerate(queries):
        answers = responses[i * len(sides) : (i + 1) * len(sides)]
        unscored = [_Scored() for _ in answers]
        scores = _score(policy, prompts[i], [response.token_ids if response.text else () for response in answers]) if given is not None else unscored
        for side, response, scored in zip(sides, answers, scores, strict=True):
            measured.append(
                MeasuredReply(
                    query=query,
                    side=side,
                    text=response.text,
                    ended=response.ended,
                    tokens=len(response.token_ids),
                    logprobs=tuple(scored.logprobs),
                    base_logprobs=tuple(scored.base_logprobs),
                    kl_policy_base_nats=scored.kl_policy_base_nats,
                )
            )
    return measured


def scenario_batches(scenarios: Sequence[ScenarioQuery]) -> list[Sequence[ScenarioQuery]]:
    """Scenarios in the batches that are answered, and committed, together."""
    size = REPLIES_TOGETHER // 2
    return [scenarios[i : i + size] for i in range(0, len(scenarios), size)]


def ask_scenarios(
    policy: Policy, constitution: Constitution, scenarios: Sequence[ScenarioQuery], sampling: SamplingConfig, seed: int
) -> list[list[MeasuredReply]]:
    """Sample replies to scenarios, to be judged and not scored.

    Returns:
        For each scenario its replies: under the statements, and with each principle that it belongs to alone turned; or one under none.
    """
    given = constitution if policy.arm.in_prompt else None
    asked = [(i, scenario.text, side) for i, scenario in enumerate(scenarios) for side in scenario_sides(policy.arm, constitution, scenario)]
    prompts = [side_prompt(policy.model, given, side, query) for _, query, side in asked]
    seeds = [reply_seed(seed, query, side if given is not None else SIDES[0]) for _, query, side in asked]
    found: list[list[MeasuredReply]] = [[] for _ in scenarios]
    for (i, query, side), response in zip(asked, sample(policy, prompts, sampling, seeds, steady=True), strict=True):
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

    logprobs: list[float] = field(default_factory=list)
    base_logprobs: list[float] = field(default_factory=list)
    kl_policy_base_nats: float | None = None


def _score(policy: Policy, prompts: Sequence[Prompt], responses: Sequence[tuple[int, ...]]) -> list[_Scored]:
    """Every response under every prompt, by the policy and by the base; response i was sampled under prompt i. Empty ones have no scores."""
    base = base_of(policy.model)
    other = not same_lane(policy.arm, base.arm)
    scored = [_Scored() for _ in responses]
    full = [i for i, response in enumerate(responses) if response]
    for c in range(0, len(prompts), PROMPTS_SCORED):
        group = prompts[c : c + PROMPTS_SCORED]
        for r in range(0, len(full), RESPONSES_SCORED):
            chunk = full[r : r + RESPONSES_SCORED]
            texts = [responses[i] for i in chunk]
            own = [i - c if 0 <= i - c < len(group) else 0 for i in chunk]  # 0: of no use, but one is wanted for each
            with torch.no_grad():
                scores = policy.score(group, texts, own if other else ())
                base_scores = base.score(group, texts, own) if other else scores
            for k, i in enumerate(chunk):
                scored[i].logprobs += [float(row[k].mean()) for row in scores.tokens]
                scored[i].base_logprobs += [float(row[k].mean()) for row in base_scores.tokens]
                if 0 <= i - c < len(group):
                    scored[i].kl_policy_base_nats = float(kl_nats(scores.own[k], base_scores.own[k])) if other else 0.0
    return scored


def show_replies(policy: Policy, constitution: Constitution, sampling: SamplingConfig, seed: int, queries: Sequence[str]) -> tuple[ShownReply, ...]:
    """Replies to a few held-out queries under statement and antithesis, always with the same seeds, so that one sees change."""
    asked = [(query, side) for query in queries for side in SIDES]
    prompts = [side_prompt(policy.model, constitution, side, query) for query, side in asked]
    responses = sample(policy, prompts, sampling, [seed_for(seed, "shown", query, side) for query, side in asked])
    return tuple(ShownReply(query=query, side=side, text=response.text) for (query, side), response in zip(asked, responses, strict=True))
