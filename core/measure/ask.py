"""Asking a policy the held-out queries and scoring its own replies: the raw material of the result table.

Each query is answered under all statements, under all antitheses and, when there are several principles, with each of them alone taken
as its antithesis (`core.constitution.contrasts.asked_stances`). The principles stand in the author's order, so that what is measured is what the
author would see on the Compare page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from peft import PeftModel

from core.constitution.contrasts import asked_stances
from core.constitution.principles import Constitution, render
from core.engine.adapters import adapter_off
from core.engine.batching import PROMPTS_SCORED, RESPONSES_SCORED
from core.engine.models import LoadedModel, encode_prompt
from core.engine.sampling import sample
from core.engine.scoring import score
from core.measure.values import SIDES, MeasuredReply
from core.methods.settings import TrainConfig
from core.progress import ShownReply
from core.seeds import seed_for
from core.settings import SamplingConfig

REPLIES_TOGETHER = 48  # about how many replies are measured and committed together


def reply_seed(seed: int, query: str, side: str) -> int:
    """The seed a held-out reply is drawn with: the same for base and aligned, here and on the Compare page."""
    return seed_for(seed, "reply", query, side)


def side_prompt(model: LoadedModel, constitution: Constitution | None, side: str, query: str) -> list[int]:
    """The prompt of a query under one of `asked_stances`, or (constitution None) under no constitution."""
    stance = asked_stances(len(constitution.principles))[side] if constitution is not None else ()
    return encode_prompt(model, render(constitution, stance, query))


def query_batches(constitution: Constitution, queries: Sequence[str]) -> list[Sequence[str]]:
    """The queries in the batches that are measured and committed together."""
    size = max(1, REPLIES_TOGETHER // len(asked_stances(len(constitution.principles))))
    return [queries[i : i + size] for i in range(0, len(queries), size)]


def ask(model: LoadedModel, constitution: Constitution, queries: Sequence[str], sampling: SamplingConfig, seed: int) -> list[MeasuredReply]:
    """Sample and score a reply for each stance and query, by the adapted policy, or by the base within `adapter_off`.

    Returns:
        For each query its replies in the order of `asked_stances`.
    """
    sides = tuple(asked_stances(len(constitution.principles)))
    prompts = [[side_prompt(model, constitution, side, query) for side in sides] for query in queries]
    seeds = [reply_seed(seed, query, side) for query in queries for side in sides]
    responses = sample(model, [prompt for row in prompts for prompt in row], sampling, seeds, steady=True)
    adapted = isinstance(model.network, PeftModel) and model.network.get_model_status().enabled is not False
    measured = []
    for i, query in enumerate(queries):
        own = responses[i * len(sides) : (i + 1) * len(sides)]
        scores = _score(model, prompts[i], [response.token_ids if response.text else () for response in own], adapted)
        for side, response, scored in zip(sides, own, scores, strict=True):
            measured.append(
                MeasuredReply(
                    query=query,
                    side=side,
                    text=response.text,
                    ended=response.ended,
                    tokens=len(response.token_ids),
                    logprobs=tuple(scored.logprobs),
                    base_logprobs=tuple(scored.base_logprobs),
                    kl_nats=scored.kl_nats,
                )
            )
    return measured


@dataclass(kw_only=True)
class _Scored:
    """The scores of one reply, as far as they are known."""

    logprobs: list[float] = field(default_factory=list)
    base_logprobs: list[float] = field(default_factory=list)
    kl_nats: float | None = None


def _score(model: LoadedModel, prompts: Sequence[list[int]], responses: Sequence[tuple[int, ...]], adapted: bool) -> list[_Scored]:
    """Every response under every prompt, by the policy and by the base; response i was sampled under prompt i. Empty ones have no scores."""
    found = [_Scored() for _ in responses]
    full = [i for i, response in enumerate(responses) if response]
    for c in range(0, len(prompts), PROMPTS_SCORED):
        group = prompts[c : c + PROMPTS_SCORED]
        for r in range(0, len(full), RESPONSES_SCORED):
            chunk = full[r : r + RESPONSES_SCORED]
            own = [i - c if 0 <= i - c < len(group) else 0 for i in chunk]  # 0: of no use, but one is wanted for each
            with torch.no_grad():
                policy = score(model, group, [responses[i] for i in chunk], own if adapted else ())
                with adapter_off(model):
                    base = score(model, group, [responses[i] for i in chunk], own) if adapted else policy
            for k, i in enumerate(chunk):
                found[i].logprobs += [float(row[k].mean()) for row in policy.tokens]
                found[i].base_logprobs += [float(row[k].mean()) for row in base.tokens]
                if 0 <= i - c < len(group):
                    found[i].kl_nats = float((policy.own[k].exp() * (policy.own[k] - base.own[k])).sum(dim=-1).mean()) if adapted else 0.0
    return found


def show_replies(model: LoadedModel, constitution: Constitution, config: TrainConfig, queries: Sequence[str]) -> tuple[ShownReply, ...]:
    """Replies to a few held-out queries under statement and antithesis, always with the same seeds, so that one sees change."""
    asked = [(query, side) for query in queries for side in SIDES]
    prompts = [side_prompt(model, constitution, side, query) for query, side in asked]
    responses = sample(model, prompts, config.sampling, [seed_for(config.seed, "shown", query, side) for query, side in asked])
    return tuple(ShownReply(query=query, side=side, text=response.text) for (query, side), response in zip(asked, responses, strict=True))
