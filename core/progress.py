"""How a run tells what it is doing, and how it is told to stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PHASES = ("preparing", "sampling", "training", "measuring base", "measuring aligned")


@dataclass(frozen=True, kw_only=True)
class ShownReply:
    """A reply sampled during training, for people to read."""

    query: str
    side: str  # statement or antithesis
    text: str


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """One step of one phase."""

    phase: str  # one of PHASES
    done: int  # units finished in this phase: optimiser steps in training, batches elsewhere
    total: int  # units of this phase
    metrics: Mapping[str, float] = field(default_factory=dict)  # loss_nats, attribution, mi_bound_nats, ... of a training step
    replies: tuple[ShownReply, ...] = ()
    note: str = ""  # what is happening, in words; empty when phase and numbers say it
    checkpoint_step: int | None = None  # set when a checkpoint of this step has just been committed


OnStep = Callable[[StepReport], None]
ShouldStop = Callable[[], bool]


def ignore_step(_: StepReport) -> None:
    """The default `on_step`."""


def never_stop() -> bool:
    """The default `should_stop`."""
    return False


class Stopped(Exception):
    """Raised inside a run when `should_stop` said yes and everything worth keeping is on disk."""
