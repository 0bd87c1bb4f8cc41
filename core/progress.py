"""How a run tells what it is doing, and how it is told to stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def phases(iterations: int) -> tuple[str, ...]:
    """The phases of a run, in their order: each iteration samples, then trains."""
    turns = [phase for number in range(1, iterations + 1) for phase in (phase_of("sampling", number), phase_of("training", number))]
    return ("preparing", *turns, "measuring base", "measuring aligned")


def phase_of(work: str, iteration: int) -> str:
    """The name of an iteration's phase: `training`, then `training 2`, `training 3` …"""
    return work if iteration == 1 else f"{work} {iteration}"


def is_training(phase: str) -> bool:
    """Whether the phase is an iteration's training."""
    return phase.split(" ")[0] == "training"


@dataclass(frozen=True, kw_only=True)
class ShownReply:
    """A reply sampled during training, for people to read."""

    query: str
    side: str  # statement or antithesis
    text: str


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """One step of one phase."""

    phase: str  # one of `phases`
    done: int  # units finished in this phase: optimiser steps in training, batches elsewhere
    total: int  # units of this phase
    metrics: Mapping[str, float] = field(default_factory=dict)  # loss_nats, attribution, mi_bound_nats, ... of a training step
    replies: tuple[ShownReply, ...] = ()
    note: str = ""  # what is happening, in words; empty when phase and numbers say it
    lasting: str = ""  # what a reader should know for the rest of the run
    checkpoint: str | None = None  # set when a checkpoint has just been committed: its folder, within the run's
    steps_before: int = 0  # optimiser steps of earlier iterations: the curves of a run go on

    @property
    def step(self) -> int:
        """Optimiser steps so far, over all iterations."""
        return self.steps_before + self.done


OnStep = Callable[[StepReport], None]
ShouldStop = Callable[[], bool]


def ignore_step(_: StepReport) -> None:
    """The default `on_step`."""


def never_stop() -> bool:
    """The default `should_stop`."""
    return False


class Stopped(Exception):
    """Raised inside a run when `should_stop` said yes and everything worth keeping is on disk."""
