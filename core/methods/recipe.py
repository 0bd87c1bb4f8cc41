"""What a method of training is to the run that carries it out. There are two kinds.

A `Recipe` gets a gradient from a batch of examples, and a LoRA is tuned by it, step by step. A `Direct` method makes what it leaves out of the
examples in one go, without a gradient: it is given a `Bench`, does its work there in pieces, and has each piece kept.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.constitution.principles import Constitution
from core.engine.models import LoadedModel
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
            Means over the batch, before the update, the same in all processes: the loss under the key of `RecipeInfo.loss`, what else the
            recipe has to tell, and kl_base_policy_nats (a token) when something depends on it. Of a contrast also attribution (share of
            responses) and mi_bound_nats (column term only; of the stored responses, so a curve to watch and not yet a claim).
        """


@dataclass(frozen=True)
class Recipe:
    """A training method. Order of steps, learning rate, checkpoints, probes and early ends are the loop's (`core.runs.loop`)."""

    sample: Draw
    gradient: Gradient


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where a direct method works: what it works on, and how it has done pieces of work kept and told."""

    constitution: Constitution
    config: TrainConfig
    validation: Sequence[str]  # train queries of which there is no example: what is chosen is chosen on these
    hashes: Mapping[str, str]  # of what decided the run, by name, for whoever finds the artifact alone
    keep: Callable[[str, Callable[[], Any]], Any]  # the JSON value of a piece of work, by a name of its own: computed once for a run
    tell: Callable[[int, Mapping[str, float]], None]  # that so many pieces are done, with metrics of the last; leaves by `Stopped`
    world: World


class Make(Protocol):
    """Makes an artifact."""

    def __call__(self, base: LoadedModel, examples: Sequence[Example], bench: Bench, folder: Path) -> dict[str, Any]:
        """Leave the artifact in a folder that is not there yet, whole; the first process writes it.

        Returns:
            What was made and how it was chosen, as plain JSON data for the run's record; `says` is a sentence for people.
        """


@dataclass(frozen=True)
class Direct:
    """A method that needs no gradient. Examples, what is kept of a piece of work, stopping and resuming are the run's (`core.runs.making`)."""

    sample: Draw
    make: Make


def open_recipe(key: str) -> Recipe | Direct:
    """The recipe of a method in the table, loaded only now."""
    recipe = importlib.import_module(RECIPES[key].module).RECIPE
    assert isinstance(recipe, Recipe | Direct)
    return recipe
