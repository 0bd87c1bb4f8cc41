"""Asking a policy the held-out queries and scoring its own replies: the raw material of the result table.

Each query is answered under all statements and under all antitheses, with the principles in the author's order, so that
what is measured is what the author would see on the Compare page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from core.config import SamplingConfig
from core.constitutions import Constitution, render
from core.contrasts import seed_for
from core.models import LoadedModel, adapter_off, encode_prompt
from core.sampling import sample
from core.scoring import Packed, pack, packed_logits

SIDES = ("statement", "antithesis")


@dataclass(frozen=True, kw_only=True)
class MeasuredReply:
    """One held-out reply with the policy's own scores of it."""

    query: str
    side: str  # statement or antithesis: which it was sampled under
    text: str
    ended: bool
    tokens: int
    logprob_statement: float | None  # mean token log-probability under the statements, nats a token; None for an empty reply
    logprob_antithesis: float | None
    kl_nats: float | None  # KL(policy || base) a token over the reply, under its own constitution; 0 for the base


def reply_seed(seed: int, query: str, side: str) -> int:
    """The seed a held-out reply is drawn with: the same for base and aligned, here and on the Compare page."""
    return seed_for(seed, "reply", query, side)


def side_prompt(model: LoadedModel, constitution: Constitution | None, side: str, query: str) -> list[int]:
    """The prompt of a query under all statements, all antitheses, or (constitution None) no constitution."""
    stance = constitution.stance(side == "statement") if constitution is not None else ()
    return encode_prompt(model, render(constitution, stance, query))


def ask(model: LoadedModel, constitution: Constitution, queries: Sequence[str], sampling: SamplingConfig, seed: int) -> list[MeasuredReply]:
    """Sample and score two replies a query, by the adapted policy, or by the base within `adapter_off`.

    Returns:
        For each query its reply under the statements, then the one under the antitheses.
    """
    prompts = [[side_prompt(model, constitution, side, query) for side in SIDES] for query in queries]
    seeds = [reply_seed(seed, query, side) for query in queries for side in SIDES]
    responses = sample(model, [prompt for pair in prompts for prompt in pair], sampling, seeds, steady=True)
    measured = []
    for i, query in enumerate(queries):
        pair = responses[2 * i : 2 * i + 2]
        scores = _score(model, prompts[i], [r.token_ids if r.text else () for r in pair])
        for j, side in enumerate(SIDES):
            logprobs, kl = scores[j]
            measured.append(
                MeasuredReply(
                    query=query,
                    side=side,
                    text=pair[j].text,
                    ended=pair[j].ended,
                    tokens=len(pair[j].token_ids),
                    logprob_statement=logprobs[0] if logprobs else None,
                    logprob_antithesis=logprobs[1] if logprobs else None,
                    kl_nats=kl,
                )
            )
    return measured


def _score(model: LoadedModel, prompts: list[list[int]], responses: list[tuple[int, ...]]) -> list[tuple[list[float], float | None]]:
    """For each response: its mean log-probability under each prompt, and the KL to the base under its own prompt."""
    full = [r for r in responses if r]
    if not full:
        return [([], None) for _ in responses]
    with torch.no_grad():
        packed = pack(prompts, full, model.device)
        policy_CKV = packed_logits(model, packed).log_softmax(dim=-1)
        with adapter_off(model):
            base_CKV = packed_logits(model, packed).log_softmax(dim=-1) if model.adapted else policy_CKV
    scored = iter(_one_response(packed, policy_CKV, base_CKV, r) for r in range(len(full)))
    own = [i for i, r in enumerate(responses) if r]
    values = {i: next(scored) for i in own}
    return [(values[i][0], values[i][1][i]) if i in values else ([], None) for i in range(len(responses))]


def _one_response(packed: Packed, policy_CKV: torch.Tensor, base_CKV: torch.Tensor, r: int) -> tuple[list[float], list[float]]:
    at, target = packed.predictors[r], packed.targets[r]
    logprobs = [float(row_KV[at, target].mean()) for row_KV in policy_CKV]
    kl_CT = (policy_CKV[:, at].exp() * (policy_CKV[:, at] - base_CKV[:, at])).sum(dim=-1)
    return logprobs, [float(kl) for kl in kl_CT.mean(dim=1)]
