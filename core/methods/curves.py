"""The quantities that a method of training tells at every step, as people see them. Imports no torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from core.methods.recipe_settings import RecipeSettings


@dataclass(frozen=True, kw_only=True)
class ReferenceLine:
    """A value that says what a curve means where it is there."""

    value: float
    label: str


References = Callable[[RecipeSettings, int], tuple[ReferenceLine, ...]]  # by a run's settings and its number of constitutions


def no_references(_: RecipeSettings, __: int) -> tuple[ReferenceLine, ...]:
    """For a curve that is only held against itself."""
    return ()


def untold(settings: RecipeSettings, n_constitutions: int) -> tuple[ReferenceLine, ...]:
    """Where the loss lies while nothing is told apart."""
    n = settings.untold(n_constitutions)
    return (ReferenceLine(value=math.log(n), label=f"log {n} = {math.log(n):.3f}: not told apart"),)


@dataclass(frozen=True, kw_only=True)
class CurveInfo:
    """One quantity over the steps of a run."""

    key: str  # of the metric that a step tells (core.methods.recipe.Gradient)
    title: str
    unit: str
    meaning: str  # in words for people
    low: float | None = None  # its axis reaches at least from here
    references: References = no_references


def loss_curve(meaning: str) -> CurveInfo:
    """The loss of any recipe, in the words of one."""
    return CurveInfo(key="loss_nats", title="Loss", unit="nats", meaning=meaning, low=0.0, references=untold)
