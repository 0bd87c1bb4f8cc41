"""A mixture: one policy made of weighted sources, each a policy's own passes over one reading of the prompt.

The next token is drawn from softmax[sum over sources of weight x logit], and what is scored is the logarithm of the same distribution.
Context-aware decoding and proxy-tuning are two choices of sources and weights (`context.py`, `proxy/`). Sources may run other networks
than the one whose tokens they are; they must know the same tokens by the same numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce

import torch
from torch import Tensor

from core.engine import scoring
from core.engine.decoding import Decoding
from core.engine.models import LoadedModel
from core.engine.policies import Plain
from core.engine.policy import Policy, Prompt
from core.engine.sampling import begin, stream
from core.engine.scoring import Rows, Scores
from core.methods.arms import Arm
from core.settings import SamplingConfig


class Reading(Enum):
    """What of a prompt a source reads."""

    WHOLE = "whole"  # as it is
    BARE = "bare"  # the query without the constitution


@dataclass(frozen=True)
class Source:
    """One part of a mixture."""

    policy: Plain
    weight: float
    reading: Reading = Reading.WHOLE

    def ids(self, prompts: Sequence[Prompt]) -> list[tuple[int, ...]]:
        """What of the prompts it reads."""
        return [prompt.ids if self.reading is Reading.WHOLE else prompt.bare for prompt in prompts]


def open_mixture(arm: Arm, model: LoadedModel, sources: Sequence[Source]) -> Policy:
    """The policy of a mixture.

    Sources that are one and the same are put together and those without weight left out, so that what cancels in the formula costs no
    pass and leaves no rounding behind: what is left alone, with a weight of 1, is that policy itself.

    Args:
        arm: What it is opened for.
        model: Whose tokens are written: it says which token ends a reply.
        sources: At least one.
    """
    together: dict[tuple[int, object, Reading], Source] = {}
    for source in sources:
        key = (id(source.policy.model.network), source.policy.wear, source.reading)
        there = together.get(key)
        together[key] = source if there is None else replace(there, weight=there.weight + source.weight)
    left = [source for source in together.values() if source.weight != 0]
    if len(left) == 1 and left[0].weight == 1 and left[0].reading is Reading.WHOLE:
        return replace(left[0].policy, arm=arm)
    return Mixture(arm, model, _laid_out_alike(left, model))


def _laid_out_alike(sources: Sequence[Source], model: LoadedModel) -> tuple[Source, ...]:
    """The sources, all asked in a way that each of their networks allows: the same rows in a steady batch, packed together or not at all."""
    models = [model, *(source.policy.model for source in sources)]
    packed = all(each.packed for each in models)
    sizes = tuple(size for size in model.steady_sizes if all(size in each.steady_sizes for each in models))
    return tuple(replace(source, policy=replace(source.policy, model=replace(source.policy.model, packed=packed, steady_sizes=sizes))) for source in sources)


def mix(logits: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Weighted sum of the sources' logits or log-probabilities, each of shape (..., V); the result is not normalised.

    Networks of one tokenizer may pad their rows of tokens to different numbers. The first source's number counts: what others have beyond it is
    left out, and a token that they lack is one of which they say nothing (0, where the rest are log-probabilities).
    """
    size = logits[0].shape[-1]
    weighted = [weight * (logits_V if logits_V.shape[-1] == size else _fitted(logits_V, size)) for logits_V, weight in zip(logits, weights, strict=True)]
    return reduce(Tensor.add, weighted)


def _fitted(logits_V: Tensor, size: int) -> Tensor:
    logprobs_V = logits_V[..., :size].log_softmax(dim=-1)
    return torch.nn.functional.pad(logprobs_V, (0, size - logprobs_V.shape[-1]))


@dataclass(frozen=True)
class Mixture:
    """A pass of each source a token."""

    arm: Arm
    model: LoadedModel
    sources: tuple[Source, ...]  # laid out alike

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """See `Policy`."""
        decodings = [begin(source.policy.model, source.ids(prompts), sampling, steady=steady) for source in self.sources]
        laid_out = replace(self.model, steady_sizes=self.sources[0].policy.model.steady_sizes)
        steps = stream(laid_out, _Mixed(self.sources, decodings), sampling, seeds, steady=steady)
        for policy in {id(source.policy.model.network): source.policy for source in self.sources}.values():
            steps = policy.dressed(steps)  # each network is put on once where all its sources wear the same, and rests afterwards
        yield from steps

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """See `Policy`."""
        parts = [_worn(source.policy, scoring.logprobs(source.policy.model, source.ids(prompts), responses)) for source in self.sources]
        return scoring.gather(self.model, self._together(parts), responses, own)

    def _together(self, parts: Sequence[Rows]) -> Rows:
        weights = [source.weight for source in self.sources]
        for rows in zip(*parts, strict=True):
            yield mix([logprobs_KV for logprobs_KV, _ in rows], weights).log_softmax(dim=-1), rows[0][1]


def _worn(policy: Plain, rows: Rows) -> Rows:
    """The rows, each computed while the network wears what the policy says."""
    while True:
        with policy.worn():
            row = next(rows, None)
        if row is None:
            return
        yield row


@dataclass
class _Mixed:
    """A batch of each source, with the same rows, that are decoded as one."""

    sources: Sequence[Source]
    decodings: Sequence[Decoding]

    def first(self) -> Tensor:
        """See `Decoding`."""
        return self._mixed(lambda decoding: decoding.first())

    def next(self, tokens_B: Tensor) -> Tensor:
        """See `Decoding`."""
        return self._mixed(lambda decoding: decoding.next(tokens_B))

    def keep(self, rows: Tensor) -> None:
        """See `Decoding`."""
        for decoding in self.decodings:
            decoding.keep(rows)

    def _mixed(self, read: Callable[[Decoding], Tensor]) -> Tensor:
        logits = []
        for source, decoding in zip(self.sources, self.decodings, strict=True):
            with source.policy.worn():
                logits.append(read(decoding))
        return mix(logits, [source.weight for source in self.sources])
