"""MIPO's own settings. Imports no torch."""

from dataclasses import dataclass

from core.methods.recipe_settings import RecipeSettings, StepCost
from core.settings import require_in_range


@dataclass(frozen=True, kw_only=True)
class MipoSettings(RecipeSettings):
    """What MIPO can be set to."""

    beta: float = 0.1  # DPO's: how strongly the policy is held to its base; smaller lets it go further for the same preference
    likelihood_weight: float = 0.0  # weight of the negative log-probability, a token, of each response under its own constitution

    def __post_init__(self) -> None:
        require_in_range(0 <= self.likelihood_weight <= 1_000, "likelihood_weight", self.likelihood_weight, "between 0 and 1,000")
        require_in_range(0 < self.beta <= 10, "beta", self.beta, "above 0 and at most 10")

    @property
    def sums(self) -> bool:
        """DPO prefers whole responses."""
        return True

    def untold(self, n_constitutions: int) -> int:
        """A preference is between two."""
        return 2

    def step_cost(self, queries: int, distances: int) -> StepCost:
        """The base, to which every preference is relative, reads every query; its distance comes out of the same passes."""
        return StepCost(trained=queries, base=queries)
