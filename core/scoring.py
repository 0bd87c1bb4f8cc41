"""Log-probabilities of responses under constitutions: the matrix `logprobs_CR`.

The n responses of a query share the prompt and must not see each other. One sequence a constitution therefore holds the
prompt and all responses after it, with a block mask and positions that restart at each response; the head is applied at
response positions only. It equals scoring the n x n pairs one by one (tested), at a fraction of the work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.models import LoadedModel


@dataclass(frozen=True, kw_only=True)
class Packed:
    """n prompts, each followed by the same m responses. C constitutions, L tokens a sequence, K kept positions."""

    input_ids_CL: Tensor
    positions_CL: Tensor
    mask_C1LL: Tensor  # True where a token may look
    keep_K: Tensor  # positions whose logits are needed: the last prompt token, then every response token
    predictors: list[Tensor]  # for each response, the index into keep_K that predicts each of its tokens
    targets: list[Tensor]  # for each response, its token ids


def pack(prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]], device: torch.device) -> Packed:
    """Lay out prompts (left-padded, so that responses stand at the same places in every row) and responses.

    Args:
        prompts: One for each constitution.
        responses: Token ids of each response, end token included; none empty.
        device: Where the tensors go.
    """
    if any(len(response) == 0 for response in responses):
        raise ValueError("an empty response has no log-probability")
    longest = max(len(prompt) for prompt in prompts)
    joined = [token for response in responses for token in response]
    segment_L = torch.tensor([0] * longest + [r + 1 for r, response in enumerate(responses) for _ in response])
    offsets_L = torch.tensor([0] * longest + [t for response in responses for t in range(len(response))])
    lengths_C = torch.tensor([len(prompt) for prompt in prompts])
    index_L = torch.arange(len(segment_L))
    pads_C = longest - lengths_C
    is_prompt_L = segment_L == 0
    positions_CL = torch.where(is_prompt_L, (index_L - pads_C[:, None]).clamp(min=0), lengths_C[:, None] + offsets_L)
    causal_LL = index_L[:, None] >= index_L
    visible_LL = causal_LL & (is_prompt_L | (segment_L[:, None] == segment_L))
    real_CL = index_L >= pads_C[:, None]
    mask_CLL = (visible_LL & real_CL[:, None, :]) | torch.eye(len(segment_L), dtype=torch.bool)  # padding sees itself: no empty softmax
    starts = [sum(len(r) for r in responses[:i]) for i in range(len(responses))]
    predictors = [torch.tensor([0, *range(start + 1, start + len(r))]) for start, r in zip(starts, responses, strict=True)]
    return Packed(
        input_ids_CL=torch.tensor([[0] * (longest - len(p)) + list(p) + joined for p in prompts], device=device),
        positions_CL=positions_CL.to(device),
        mask_C1LL=mask_CLL[:, None].to(device),
        keep_K=torch.arange(longest - 1, longest + len(joined), device=device),
        predictors=[p.to(device) for p in predictors],
        targets=[torch.tensor(list(r), device=device) for r in responses],
    )


def token_logprobs(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> list[list[Tensor]]:
    """Log-probability of every response token under every prompt, by one packed forward.

    Returns:
        For each prompt, for each response, a tensor of its tokens' log-probabilities in nats. Gradients flow unless off.
    """
    packed = pack(prompts, responses, model.device)
    logprobs_CKV = packed_logits(model, packed).log_softmax(dim=-1)
    return [[row_KV[predictor, target] for predictor, target in zip(packed.predictors, packed.targets, strict=True)] for row_KV in logprobs_CKV]


def packed_logits(model: LoadedModel, packed: Packed) -> Tensor:
    """Float32 logits at the kept positions. Shape (C, K, V)."""
    output = model.network(
        input_ids=packed.input_ids_CL,
        attention_mask=packed.mask_C1LL,
        position_ids=packed.positions_CL,
        logits_to_keep=packed.keep_K,
        use_cache=False,
    )
    logits: Tensor = output.logits
    return logits.float()


def logprobs_CR(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Tensor:
    """Mean token log-probability of response r under prompt c, in nats a token, end token included. Shape (C, R)."""
    return torch.stack([torch.stack([tokens.mean() for tokens in row]) for row in token_logprobs(model, prompts, responses)])
