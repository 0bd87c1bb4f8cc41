"""A policy: an arm opened on loaded weights. It decodes and scores, and is the only way to do either.

One copy of the weights serves all policies of a model. What the network wears (an adapter, at a strength, or nothing) is set by the
policy for each of its own passes, so that no caller has to know, and two policies may decode in turn.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

import torch
from peft.tuners.lora import LoraLayer

from core.engine import pairs, scoring
from core.engine.adapters import BASE_WEAR, TRAINED, Wear, at_rest, lora_layers, put_on, wearing
from core.engine.cpu.packed_weights import drop_packed, hold_packed
from core.engine.models import LoadedModel
from core.engine.pairs import Pairs, PairScores
from core.engine.policy import Policy, Prompt
from core.engine.sampling import begin, stream
from core.engine.scoring import Scores
from core.errors import AdapterError
from core.methods.arms import CONTROL, METHODS, STRENGTH, Arm, make_arm
from core.settings import SamplingConfig


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


def as_it_is(model: LoadedModel, recipe: str) -> Policy:
    """The policy that training works on: the model with the adapter that is being trained, or the base before there is one."""
    return open_policy(model, make_arm(recipe)) if model.adapted else base_of(model)
