"""A steering vector as a value: what is added to the residual stream, after which layer, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class SteeringVector:
    """A vector that a run made, with a random one of equal norm as its control."""

    layer: int  # counted from 0: it is added to what this decoder layer puts out
    multiplier: float  # that the run chose: an arm at 1 adds so many times the vector
    vector_H: Tensor  # float32
    random_H: Tensor  # float32, of the same norm
    facts: Mapping[str, str] = field(default_factory=dict)  # what else its file says of it, for people: model, hashes, how it was chosen

    @property
    def norm(self) -> float:
        """Of the vector as it was read, before any multiplier."""
        return float(self.vector_H.norm())
