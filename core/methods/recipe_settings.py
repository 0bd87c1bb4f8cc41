"""What every recipe's own settings can be asked: what a step of training costs. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StepCost:
    """What one optimiser step reads, counted in passes over all responses of one query under all of its constitutions."""

    trained: int  # by the policy, with gradients
    base: int  # by the base, without


@dataclass(frozen=True, kw_only=True)
class RecipeSettings:
    """The settings that one recipe has and others need not."""

    def measures_distance(self, place: int, limited: bool) -> bool:
        """Whether the distance from the base is measured on a query of a step.

        Of the first query alone is near enough to say when training is to end, and spares the base's other passes.

        Args:
            place: Of the query within its step.
            limited: Whether training ends once the policy is too far from its base.
        """
        return limited and place == 0

    @property
    def sums(self) -> bool:
        """Whether a step tells attribution and bound from summed log-probabilities, instead of from their means over tokens."""
        return False

    def untold(self, n_constitutions: int) -> int:
        """The number whose logarithm is the loss while nothing is told apart."""
        return n_constitutions

    def step_cost(self, queries: int, limited: bool) -> StepCost:
        """The cost of one optimiser step on so many queries."""
        return StepCost(trained=queries, base=sum(self.measures_distance(place, limited) for place in range(queries)))
