"""Log-probabilities of chosen pairs of a prompt and a reply, where prompts begin alike: what they begin with is read once.

`core.engine.scoring` scores every reply under every prompt of one query. When a policy is measured on several principles, few of these pairs
say anything, and the prompts of many queries begin with the same constitution. So rows are prompts here, each followed by its own replies.
It equals scoring the pairs one by one (tested). A network that does not heed our masks is asked prompt by prompt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.decoding import Shared
from core.engine.models import LoadedModel
from core.engine.scoring import score

_FILLER = -1  # the segment of what fills up a row


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A prompt with the replies that are scored under it; T tokens each, none empty."""

    prompt: Sequence[int]
    replies: Sequence[Sequence[int]]
    own: int | None = None  # the reply of which the whole distributions are wanted


@dataclass(frozen=True, kw_only=True)
class PairScores:
    """Scores of the replies to one prompt, in nats."""

    tokens: list[Tensor]  # log-probability of each token of each reply, float32, shape (T,)
    own: Tensor | None  # log-softmax at each token of the reply that was named, float32, shape (T, V)


def score_pairs(model: LoadedModel, asked: Sequence[Pairs]) -> list[PairScores]:
    """Score the replies of each prompt under it, all in one pass where the model allows it, without gradients.

    Raises:
        ValueError: A reply is empty, or a prompt has none.
    """
    if any(not each.replies or any(len(reply) == 0 for reply in each.replies) for each in asked):
        raise ValueError("each prompt needs at least one reply, and an empty reply has no log-probability")
    with torch.no_grad():
        return list(_shared(model, asked)) if model.packed else [_alone(model, each) for each in asked]


def _alone(model: LoadedModel, asked: Pairs) -> PairScores:
    scores = score(model, [asked.prompt], asked.replies, [0] * len(asked.replies) if asked.own is not None else ())
    return PairScores(tokens=scores.tokens[0], own=scores.own[asked.own] if asked.own is not None else None)


def _shared(model: LoadedModel, asked: Sequence[Pairs]) -> Iterator[PairScores]:
    """One pass over what the prompts begin with, one over what is left of each, one over all replies. B prompts, T tokens of a row's replies."""
    joined = [[token for reply in each.replies for token in reply] for each in asked]
    segments = [[place for place, reply in enumerate(each.replies) for _ in reply] for each in asked]
    offsets = [[t for reply in each.replies for t in range(len(reply))] for each in asked]
    longest = max(map(len, joined))
    decoding = Shared(model, [each.prompt for each in asked], longest)
    first_BV = decoding.first()
    ids_BT, segments_BT, offsets_BT = (_filled(rows, longest, filler, model.device) for rows, filler in ((joined, 0), (segments, _FILLER), (offsets, 0)))
    logits_BTV = decoding.read_replies(ids_BT, segments_BT, offsets_BT)
    for each, first_V, logits_TV in zip(asked, first_BV, logits_BTV, strict=True):
        yield _of_row(each, first_V, logits_TV)


def _filled(rows: Sequence[Sequence[int]], width: int, filler: int, device: torch.device) -> Tensor:
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows], device=device)


def _of_row(asked: Pairs, first_V: Tensor, logits_TV: Tensor) -> PairScores:
    """The scores of one prompt's replies, reply by reply: no more than one reply's distributions are held at once."""
    tokens, own, start = [], None, 0
    for place, reply in enumerate(asked.replies):
        end = start + len(reply)
        logprobs_TV = torch.cat([first_V[None], logits_TV[start : end - 1].float()]).log_softmax(dim=-1)
        tokens.append(logprobs_TV.gather(1, torch.tensor([list(reply)], device=logits_TV.device).T)[:, 0])
        own = logprobs_TV if place == asked.own else own
        start = end
    return PairScores(tokens=tokens, own=own)
