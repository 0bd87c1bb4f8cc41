"""How a smaller model is made of a larger one (`small.py`). Imports no torch."""

from dataclasses import dataclass, field

from core.settings import SamplingConfig, require_in_range


@dataclass(frozen=True, kw_only=True)
class SmallerConfig:
    """How a smaller model is made."""

    drop: int = 6  # layers that are left out
    steps: int = 60  # of the optimiser
    learning_rate: float = 3e-4  # at its highest
    queries: int = 160  # train queries that the larger model answers, at most
    held_out: int = 16  # held-out queries that the distance is measured on, at most
    replies_per_step: int = 16
    checkpoint_every: int = 20  # steps; what was done since the last one is done again after a kill
    seed: int = 0
    sampling: SamplingConfig = field(default_factory=SamplingConfig)  # of the replies

    def __post_init__(self) -> None:
        for name in ("drop", "steps", "replies_per_step", "checkpoint_every", "held_out"):
            value = getattr(self, name)
            require_in_range(1 <= value <= 1_000_000, name, value, "between 1 and 1,000,000")
        require_in_range(2 <= self.queries <= 1_000_000, "queries", self.queries, "between 2 and 1,000,000")
        require_in_range(0 < self.learning_rate <= 0.1, "learning_rate", self.learning_rate, "above 0 and at most 0.1")
