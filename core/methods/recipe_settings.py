"""What every recipe's own settings can be asked: what a step of training costs. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StepCost:
    """What one optimiser step reads, counted in passes over all responses of one query under all of its constitutions (`PerQuery`)."""

    trained: int  # by the policy, with gradients
    base: int  # by the base, without


@dataclass(frozen=True, kw_only=True)
class PerQuery:
    """What is put together for one train query."""

    constitutions: int  # that it is read under at each step
    responses: int  # that are drawn for it, and read


@dataclass(frozen=True, kw_only=True)
class RecipeSettings:
    """The settings that one recipe has and others need not."""

    def per_query(self, n_constitutions: int) -> PerQuery:
        """Of a contrast: as many responses as constitutions."""
        return PerQuery(constitutions=n_constitutions, responses=n_constitutions)

    def measures_distance(self, place: int, distances: int) -> bool:
        """Whether the distance from the base is measured on a query of a step, which takes a pass of the base.

        Args:
            place: Of the query within its step.
            distances: Queries of a step on which it is to be measured, since something depends on it; else 0.
        """
        return place < distances

    @property
    def sums(self) -> bool:
        """Whether a step tells attribution and bound from summed log-probabilities, instead of from their means over tokens."""
        return False

    @property
    def pieces(self) -> int | None:
        """In how many pieces of work the artifact is made without a gradient, each committed by itself; None: in optimiser steps."""
        return None

    @property
    def validation(self) -> int:
        """Train queries on which something is chosen instead: the last ones."""
        return 0

    def untold(self, n_constitutions: int) -> int:
        """The number whose logarithm is the loss while nothing is told apart."""
        return n_constitutions

    def step_cost(self, queries: int, distances: int) -> StepCost:
        """The cost of one optimiser step on so many queries, the distance of so many of which is wanted."""
        return StepCost(trained=queries, base=sum(self.measures_distance(place, distances) for place in range(queries)))
