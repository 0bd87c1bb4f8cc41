"""What a training method is to the loop that runs it: where its examples come from, and how it gets a gradient from a batch of them."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.constitution.principles import Constitution
from core.engine.policy import Policy
from core.engine.processes import ALONE, World
from core.methods.examples import Example, Prepared
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig


class Draw(Protocol):
    """Draws examples from a policy."""

    def __call__(self, policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> Prepared:
        """Examples of some queries of the train split, and why others were dropped."""


class Gradient(Protocol):
    """Turns a batch of examples into a gradient."""

    def __call__(self, policy: Policy, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
        """Accumulate the gradient of the mean loss over a batch, of which this process takes its part.

        Returns:
            Means over the batch, before the update, the same in all processes: loss_nats, attribution (share of responses) and
            mi_bound_nats (column term only; of the stored responses, so a curve to watch and not yet a claim), what else the recipe
            has to tell, and kl_base_policy_nats (a token) when something depends on it.
        """


@dataclass(frozen=True)
class Recipe:
    """A training method. Order of steps, learning rate, checkpoints, probes and early ends are the loop's (`core.runs.loop`)."""

    sample: Draw
    gradient: Gradient


def open_recipe(key: str) -> Recipe:
    """The recipe of a method in the table, loaded only now."""
    recipe = importlib.import_module(RECIPES[key].module).RECIPE
    assert isinstance(recipe, Recipe)
    return recipe
