"""Steering by a vector as a policy: the base, with a multiple of the vector added to its residual stream wherever a reply is predicted from.

One layer, one vector. Decoding and scoring add at the same positions (`core.engine.residuals`), so that what is sampled is what is scored.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from core.engine import scoring
from core.engine.adapters import TRAINED
from core.engine.models import LoadedModel
from core.engine.policies import Plain, open_base
from core.engine.policy import Policy, Prompt
from core.engine.residuals import adding
from core.engine.sampling import begin, stream
from core.engine.scoring import Scores
from core.engine.steering_vector import SteeringVector
from core.errors import AdapterError
from core.methods.arms import MULTIPLIER, Arm, at_control
from core.settings import SamplingConfig


def open_steered(model: LoadedModel, arm: Arm) -> Policy:
    """The policy of an arm; at its control value the base itself, so that nothing is rounded."""
    vector = _vector_of(model, arm)
    return _open(model, arm, vector, vector.vector_H)


def open_random(model: LoadedModel, arm: Arm) -> Policy:
    """The same with the random vector of equal norm."""
    vector = _vector_of(model, arm)
    return _open(model, arm, vector, vector.random_H)


def _open(model: LoadedModel, arm: Arm, vector: SteeringVector, direction_H: Tensor) -> Policy:
    base = open_base(model, arm)
    if at_control(arm):
        return base
    return Steered(arm, base, vector.layer, dict(arm.settings)[MULTIPLIER.name] * vector.multiplier * direction_H)


def _vector_of(model: LoadedModel, arm: Arm) -> SteeringVector:
    """Of an arm without an artifact that of the run under way."""
    vector = model.vectors.get(TRAINED if arm.artifact is None else arm.artifact.sha256)
    if vector is None:
        raise AdapterError(f"{arm.key} needs a steering vector, but none of that name is at hand. Give the `vector` folder of a run.")
    return vector


@dataclass(frozen=True)
class Steered:
    """The base with something added after one of its layers."""

    arm: Arm
    base: Plain
    layer: int
    added_H: Tensor

    @property
    def model(self) -> LoadedModel:
        """See `Policy`."""
        return self.base.model

    def decode(self, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
        """See `Policy`. A padded batch always: the forwards that read what prompts begin with predict nothing, and nothing may be added there."""
        plain = replace(self.model, packed=False)
        decoding = begin(plain, [prompt.ids for prompt in prompts], sampling, steady=steady)
        steps = self.base.dressed(stream(plain, decoding, sampling, seeds, steady=steady))
        while True:
            with self._adding():
                step = next(steps, None)
            if step is None:
                return
            yield step

    def score(self, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
        """See `Policy`."""
        with self.base.worn(), self._adding():
            return scoring.score(self.model, [prompt.ids for prompt in prompts], responses, own)

    def _adding(self) -> contextlib.AbstractContextManager[None]:
        return adding(self.model, self.layer, self.added_H)
