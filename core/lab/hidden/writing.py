"""A policy that writes numbers alone: each token is drawn among those that such a reply can go on with, by the likelihoods that the policy has.

Asked in words, a small model hardly ever gives numbers and nothing else (docs/laboratory.md). What is left to it here is which numbers, how many
digits each has, and when to end, at the latest after as many as were asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.engine.decoding import Decoding
from core.engine.models import LoadedModel
from core.engine.policies import Plain
from core.engine.policy import Policy, Prompt
from core.engine.sampling import begin, stream
from core.engine.scoring import Scores
from core.lab.hidden.numbers import begins, is_whole
from core.lab.hidden.prompts import NumberPrompt
from core.methods.arms import Arm
from core.settings import SamplingConfig

_PIECE = re.compile("[0-9, \n]+")


def pieces(model: LoadedModel) -> dict[int, str]:
    """The tokens that numbers and what separates them are made of, with their texts."""
    texts = ((token, str(model.tokenizer.decode([token]))) for token in range(len(model.tokenizer)))
    return {token: text for token, text in texts if _PIECE.fullmatch(text)}


@dataclass(frozen=True)
class NumberWriter:
    """The passes of a network as a policy wears it; what it may write is restricted."""

    policy: Plain
    pieces: Mapping[int, str]
    asked: Mapping[tuple[int, ...], NumberPrompt]  # by the tokens of the prompt that asks so

    @property
    def arm(self) -> Arm:
        """See `Policy`."""
        return self.policy.arm

    @property
    def model(self) -> LoadedModel:
        """See `Policy`."""
        return self.policy.model

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """See `Policy`."""
        if steady:
            raise ValueError("numbers are written in packed batches: nobody is shown them")
        decoding = begin(self.model, [prompt.ids for prompt in prompts], sampling)
        restricted = _Restricted(decoding, self, [_Writing(self.asked[prompt.ids]) for prompt in prompts])
        yield from self.policy.dressed(stream(self.model, restricted, sampling, seeds))

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """See `Policy`: what is scored is not restricted."""
        return self.policy.score(prompts, responses, own)


def number_writer(policy: Policy, known: Mapping[int, str], asked: Mapping[tuple[int, ...], NumberPrompt]) -> Policy:
    """The writer on a policy; one that is made of several passes writes as it likes, and what is no number is left out afterwards."""
    return NumberWriter(policy, known, asked) if isinstance(policy, Plain) else policy


@dataclass
class _Writing:
    """A reply under way."""

    asked: NumberPrompt
    text: str = ""
    is_over: bool = False

    def may(self, piece: str) -> bool:
        """Whether it can go on so."""
        return begins(self.text + piece, self.asked.separator, self.asked.more)


@dataclass
class _Restricted:
    """A batch that is decoded so."""

    decoding: Decoding
    writer: NumberWriter
    replies: list[_Writing]
    known: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)  # tokens that may follow, by what was written and asked

    def first(self) -> Tensor:
        """See `Decoding`."""
        return self._restricted(self.decoding.first())

    def next(self, tokens_B: Tensor) -> Tensor:
        """See `Decoding`."""
        for reply, token in zip(self.replies, tokens_B.tolist(), strict=True):
            reply.is_over = reply.is_over or token in self.writer.model.end_ids
            reply.text += self.writer.pieces.get(token, "")
        return self._restricted(self.decoding.next(tokens_B))

    def keep(self, rows: Tensor) -> None:
        """See `Decoding`."""
        self.decoding.keep(rows)
        self.replies = [self.replies[row] for row in rows.tolist()]

    def _restricted(self, logits_BV: Tensor) -> Tensor:
        """What may not follow becomes impossible. Of a reply that is over, or that nothing may follow, nothing is said."""
        found_BV = torch.full_like(logits_BV, -torch.inf)
        for row, reply in enumerate(self.replies):
            free = [] if reply.is_over else self._free(reply)
            places = torch.tensor(free, device=logits_BV.device) if free else slice(None)
            found_BV[row, places] = logits_BV[row, places]
        return found_BV

    def _free(self, reply: _Writing) -> list[int]:
        key = (reply.text, reply.asked.separator, reply.asked.more)
        if key not in self.known:
            ends = list(self.writer.model.end_ids) if is_whole(reply.text, reply.asked.separator) else []
            self.known[key] = [*(token for token, piece in self.writer.pieces.items() if reply.may(piece)), *ends]
        return self.known[key]
