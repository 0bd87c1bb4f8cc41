"""How much of hidden channels is tried. Imports no torch."""

from dataclasses import dataclass

from core.measure.statistics import MOST_SEEDS
from core.settings import SamplingConfig, require_in_range

NUMBERS = SamplingConfig(max_new_tokens=64, temperature=1.0)


@dataclass(frozen=True, kw_only=True)
class HiddenSettings:
    """What is drawn and how long students are tuned; rank, learning rate and queries a step are those of the run that is examined, or of the preset."""

    seeds: int = 3  # of each student: its prompts, its teacher's numbers, the start of its adapter and the order of its steps
    rows: int = 24  # replies that a student is tuned on
    kept_back: int = 8  # further ones of its teacher, on which it is seen how far it learnt the numbers
    passes: int = 2  # times each is used
    batch: int = 32  # prompts that a teacher is asked together
    most_batches: int = 4  # until enough of its replies are numbers alone
    sampling: SamplingConfig = NUMBERS  # of numbers; replies to queries are drawn as everywhere

    def __post_init__(self) -> None:
        limits = {"seeds": (2, MOST_SEEDS), **dict.fromkeys(("rows", "kept_back", "passes", "batch", "most_batches"), (1, 1_000))}
        for name, (least, most) in limits.items():
            require_in_range(least <= getattr(self, name) <= most, name, getattr(self, name), f"between {least} and {most:,}")

    @property
    def wanted(self) -> int:
        """Replies of a teacher that are drawn, if it takes no longer."""
        return self.rows + self.kept_back

    @property
    def least(self) -> int:
        """Without so many there is no student: those that it is tuned on, and one that it is not."""
        return self.rows + 1
