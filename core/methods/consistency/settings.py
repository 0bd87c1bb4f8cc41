"""What consistency training can be set to. Imports no torch."""

from dataclasses import dataclass

from core.constitution.wrappers import ALL, Wrapper, chosen_wrappers
from core.methods.recipe_settings import PerQuery, RecipeSettings, StepCost
from core.settings import require_in_range


@dataclass(frozen=True, kw_only=True)
class ConsistencySettings(RecipeSettings):
    """Which wrappers a run trains against."""

    wrappers: str = ALL  # keys of core.constitution.wrappers, separated by commas; each query gets one of them
    own_wrapper: str = ""  # the author's own, as one more; empty = none

    def __post_init__(self) -> None:
        for name in ("wrappers", "own_wrapper"):
            require_in_range(isinstance(getattr(self, name), str), name, getattr(self, name), "a text")
        chosen_wrappers(self.wrappers, self.own_wrapper)

    @property
    def chosen(self) -> tuple[Wrapper, ...]:
        """The wrappers themselves."""
        return chosen_wrappers(self.wrappers, self.own_wrapper)


@dataclass(frozen=True, kw_only=True)
class BctSettings(ConsistencySettings):
    """Bias-augmented consistency training."""

    def per_query(self, n_constitutions: int) -> PerQuery:
        """One reply, under all statements."""
        return PerQuery(constitutions=1, responses=1)

    def step_cost(self, queries: int, distances: int) -> StepCost:
        """The reply is also read without its wrapper, by the policy; and by the base where its distance is wanted."""
        return StepCost(trained=queries, base=queries + min(queries, distances))


@dataclass(frozen=True, kw_only=True)
class ActSettings(ConsistencySettings):
    """Activation consistency training."""

    def per_query(self, n_constitutions: int) -> PerQuery:
        """Prompts alone: no reply is drawn, and none is read."""
        return PerQuery(constitutions=1, responses=0)

    def step_cost(self, queries: int, distances: int) -> StepCost:
        """The base reads the prompt without its wrapper, the policy the one with it."""
        return StepCost(trained=queries, base=queries)
