"""Brief distillation: a network with fewer layers learns to say what the whole one says, on replies that the whole one wrote itself.

The loss is KL(whole || smaller) of next tokens, mean over the reply's tokens, in nats (sequence-level knowledge distillation with the
teacher's distributions: Hinton et al. 2015, arXiv 1503.02531, at temperature 1; Kim & Rush 2016, arXiv 1606.07947, for its own outputs).
No label, no text of anybody else. Embeddings, which most networks share with the head, stay as they are.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.models import LoadedModel

ROWS = 4  # replies that go through a network together: their logits are most of what it takes


@dataclass(frozen=True, kw_only=True)
class OwnReply:
    """A reply that the whole network wrote."""

    prompt: tuple[int, ...]
    tokens: tuple[int, ...]  # at least one


def reply_kl(whole_NV: Tensor, smaller_NV: Tensor) -> Tensor:
    """KL(whole || smaller) summed over N reply tokens, in nats.

    Args:
        whole_NV: Log-probabilities of the next token by the whole network at each token of the replies. Shape (N, V).
        smaller_NV: The same by the network that learns.
    """
    return (whole_NV.exp() * (whole_NV - smaller_NV)).sum()


def reply_logprobs(model: LoadedModel, replies: Sequence[OwnReply]) -> Tensor:
    """Log-probabilities of the next token at every token of some replies, one after the other. Shape (N, V), N tokens in all.

    Padding stands at the end of a row, where no token that counts can see it: a row of a mask that hides everything is no number in 16 bits.
    """
    rows = [[*reply.prompt, *reply.tokens] for reply in replies]
    longest, first = max(map(len, rows)), min(len(reply.prompt) for reply in replies) - 1
    counted = [[len(reply.prompt) - 1 <= place < len(row) - 1 for place in range(first, longest - 1)] for reply, row in zip(replies, rows, strict=True)]
    output = model.network(
        input_ids=torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=model.device),
        attention_mask=torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=model.device),
        logits_to_keep=torch.arange(first, longest - 1, device=model.device),
        use_cache=False,
    )
    logprobs_NV: Tensor = output.logits[torch.tensor(counted, device=model.device)].float().log_softmax(dim=-1)
    return logprobs_NV


def distances(whole: LoadedModel, smaller: LoadedModel, replies: Sequence[OwnReply]) -> Iterator[tuple[Tensor, int]]:
    """A few replies at a time: the KL over their tokens, with a gradient where one is wanted, and how many tokens those are."""
    for start in range(0, len(replies), ROWS):
        some = replies[start : start + ROWS]
        with torch.no_grad():
            whole_NV = reply_logprobs(whole, some)
        yield reply_kl(whole_NV, reply_logprobs(smaller, some)), len(whole_NV)


def distance_nats(whole: LoadedModel, smaller: LoadedModel, replies: Sequence[OwnReply]) -> float:
    """Mean KL(whole || smaller) a token over some replies, in nats."""
    with torch.no_grad(), in_half(whole):
        found = [(float(kl), tokens) for kl, tokens in distances(whole, smaller, replies)]
    return sum(kl for kl, _ in found) / sum(tokens for _, tokens in found)


def step_on(whole: LoadedModel, smaller: LoadedModel, replies: Sequence[OwnReply], optimizer: torch.optim.Optimizer) -> float:
    """One step of the optimiser on the mean KL a token over some replies. Returns the KL before it, in nats a token."""
    optimizer.zero_grad()
    tokens, total = sum(len(reply.tokens) for reply in replies), 0.0
    with in_half(whole):
        for kl, _ in distances(whole, smaller, replies):
            (kl / tokens).backward()
            total += float(kl.detach())
    torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
    optimizer.step()
    return total / tokens


def in_half(whole: LoadedModel) -> contextlib.AbstractContextManager[object]:
    """Products in bfloat16 where the larger model has them, of weights that are kept in float32 while they learn."""
    half = whole.dtype == torch.bfloat16
    return torch.autocast(whole.device.type, dtype=torch.bfloat16) if half else contextlib.nullcontext()
