"""A policy: an arm opened on loaded weights. It decodes and scores, and is the only way to do either.

One copy of the weights serves all policies of a model. What the network wears (an adapter, at a strength, or nothing) is set by the
policy for each of its own passes, so that no caller has to know, and two policies may decode in turn.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar

import torch
from peft.tuners.lora import LoraLayer

from core.engine import lanes, pairs, scoring
from core.engine.adapters import BASE_WEAR, TRAINED, Wear, at_rest, lora_layers, put_on, wearing
from core.engine.batching import ROWS_BESIDE
from core.engine.cpu.packed_weights import drop_packed, hold_packed
from core.engine.models import LoadedModel
from core.engine.pairs import Pairs, PairScores
from core.engine.policy import Policy, Prompt
from core.engine.sampling import Response, Written, batches_of, begin, draw, drawn, stream, told
from core.engine.scoring import Scores
from core.errors import AdapterError
from core.methods.arms import CONTROL, METHODS, STRENGTH, Arm, make_arm
from core.settings import SamplingConfig

T = TypeVar("T")


@dataclass(frozen=True)
class Plain:
    """The network itself, with an adapter or without one."""

    arm: Arm
    model: LoadedModel
    wear: Wear
    layers: Sequence[LoraLayer]  # those that adapters change

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """See `Policy`."""
        decoding = begin(self.model, [prompt.ids for prompt in prompts], sampling, steady=steady)
        yield from self.dressed(stream(self.model, decoding, sampling, seeds, steady=steady))

    def decode_beside(self, batches: Sequence["_Batch"], sampling: SamplingConfig) -> Iterator[list[int | None]]:
        """Several batches in step with each other, each with the bits that it has by itself."""
        begun = [begin(self.model, [prompt.ids for prompt in batch.prompts], sampling, steady=batch.steady) for batch in batches]
        steps = [stream(self.model, one, sampling, batch.seeds, steady=batch.steady) for one, batch in zip(begun, batches, strict=True)]
        rows = [len(batch.prompts) for batch in batches]
        yield from self.dressed(steps[0] if len(steps) == 1 else lanes.steps_in_lanes(self.model.lanes, list(zip(rows, steps, strict=True))))

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """See `Policy`."""
        with self.worn():
            return scoring.score(self.model, [prompt.ids for prompt in prompts], responses, own)

    def worn(self) -> contextlib.AbstractContextManager[None]:
        """Within this block the network wears what the policy says; for policies that are made of its passes.

        Where gradients will be computed, the copy of the weights that decoding uses is let go of first.
        """
        if torch.is_grad_enabled():
            drop_packed(self.model.network)
        return wearing(self.model.network, self.layers, self.wear)

    def dressed(self, steps: Iterator[list[int | None]]) -> Iterator[list[int | None]]:
        """The steps, each made while the network wears what the policy says; afterwards it rests in its adapter, if it has one.

        Nothing is taken off between two steps, only put on where somebody else did: a change costs a part of a token.
        """
        network = self.model.network
        hold_packed(network)
        try:
            while True:
                put_on(network, self.layers, self.wear)
                try:
                    step = next(steps)
                except StopIteration:
                    return
                yield step
        finally:
            put_on(network, self.layers, at_rest(network))


def open_policy(model: LoadedModel, arm: Arm) -> Policy:
    """Open an arm on loaded weights.

    Raises:
        AdapterError: The arm wears an adapter that the model has not got.
    """
    module, _, function = METHODS[arm.method].opens.partition(":")
    policy: Policy = getattr(import_module(module), function)(model, arm)
    return policy


def open_base(model: LoadedModel, arm: Arm) -> Plain:
    """The base: whatever adapters the model has stay off."""
    return Plain(arm, model, BASE_WEAR, lora_layers(model.network))


def open_adapted(model: LoadedModel, arm: Arm) -> Plain:
    """The arm's adapter at its strength; an arm without an artifact wears the one that is being trained."""
    layers, strength = lora_layers(model.network), dict(arm.settings).get(STRENGTH.name, STRENGTH.default)
    name = TRAINED if arm.artifact is None else model.adapters.get(arm.artifact.sha256)
    if not layers or name is None:
        raise AdapterError(f"{arm.key} needs an adapter, but the model has none of that name. Give the adapter folder of a run.")
    return Plain(arm, model, Wear(name, strength), layers)


def base_of(model: LoadedModel) -> Policy:
    """The base of a model, asked with a constitution: what every other policy is measured against."""
    return open_policy(model, make_arm(CONTROL))


def score_pairs(policy: Policy, asked: Sequence[tuple[Prompt, Sequence[Sequence[int]], int | None]]) -> list[PairScores]:
    """Score the replies of each prompt under it, without gradients, as `core.engine.pairs.score_pairs`; what the prompts begin with is read once where
    a policy is a network as it stands.

    Args:
        policy: Who scores.
        asked: Prompts, each with its replies and the place of the one of which the whole distributions are wanted, if any.
    """
    if isinstance(policy, Plain):
        with torch.no_grad(), policy.worn():
            return pairs.score_pairs(policy.model, [Pairs(prompt=prompt.ids, replies=replies, own=own) for prompt, replies, own in asked])
    found = []
    for prompt, replies, own in asked:
        with torch.no_grad():
            scores = policy.score([prompt], replies, [0] * len(replies) if own is not None else ())
        found.append(PairScores(tokens=scores.tokens[0], own=scores.own[own] if own is not None else None))
    return found


@dataclass(frozen=True)
class Group:
    """Prompts that are answered alike."""

    prompts: Sequence[Prompt]
    seeds: Sequence[int]
    steady: bool = False


def draw_groups(policy: Policy, groups: Sequence[Group], sampling: SamplingConfig) -> Generator[Written, None, list[list[Response]]]:
    """The responses to each group, as `core.engine.sampling.draw` of it; where a policy is a network as it stands, batches are decoded side by side.

    Which prompts share a batch is the same either way. So are steady replies; the others are to the bit those of the threads of one lane, which in a large
    batch may round otherwise than all threads do.
    """
    if not isinstance(policy, Plain) or policy.model.lanes == 1:
        alone = []
        for group in groups:
            alone.append((yield from draw(policy, group.prompts, sampling, group.seeds, steady=group.steady)))
        return alone
    starts = [sum(len(group.prompts) for group in groups[:number]) for number in range(len(groups))]
    batches = [
        _Batch([start + i for i in rows], [group.prompts[i] for i in rows], [group.seeds[i] for i in rows], group.steady)
        for start, group in zip(starts, groups, strict=True)
        for rows in batches_of(group.prompts, steady=group.steady)
    ]
    beside = {tuple(place for batch in some for place in batch.places): some for some in _beside(batches)}
    found = yield from drawn(policy.model, list(beside), lambda places: policy.decode_beside(beside[tuple(places)], sampling), sampling.max_new_tokens)
    return [found[start : start + len(group.prompts)] for start, group in zip(starts, groups, strict=True)]


@dataclass(frozen=True)
class _Batch:
    """Prompts that are decoded together."""

    places: list[int]  # among all that are asked for
    prompts: list[Prompt]
    seeds: list[int]
    steady: bool


def _beside(batches: Sequence[_Batch]) -> Iterator[list[_Batch]]:
    """Batches as they are decoded side by side: as many as their caches have room for."""
    some: list[_Batch] = []
    for batch in batches:
        if some and sum(len(other.places) for other in some) + len(batch.places) > ROWS_BESIDE:
            yield some
            some = []
        some.append(batch)
    if some:
        yield some


def sample_beside(policy: Policy, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], together: int) -> list[Response]:
    """As `core.engine.sampling.sample` of the first so many prompts, then of the next: these share batches, and those of different ones do not."""
    groups = [Group(prompts[i : i + together], seeds[i : i + together]) for i in range(0, len(prompts), together)]
    return [response for found in told(draw_groups(policy, groups, sampling), lambda _: None) for response in found]


def in_lanes(policy: Policy, jobs: Sequence[Callable[[], T]], *, gradients: bool = False) -> list[T]:
    """What jobs come to that ask a policy, and no other; side by side where it is a network as it stands, and wears one thing meanwhile."""
    with torch.set_grad_enabled(gradients):
        if not isinstance(policy, Plain):
            return lanes.in_lanes(1, jobs, gradients=gradients)
        with policy.worn():
            return lanes.in_lanes(policy.model.lanes, jobs, gradients=gradients)


def as_it_is(model: LoadedModel, recipe: str) -> Policy:
    """The policy that training works on: the model with the adapter that is being trained, or the base before there is one."""
    return open_policy(model, make_arm(recipe)) if model.adapted else base_of(model)
