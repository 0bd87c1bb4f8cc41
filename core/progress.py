"""How a run tells what it is doing, how much of it is left, and how it is told to stop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


def phases(iterations: int, arms: Sequence[str]) -> tuple[str, ...]:
    """The phases of a run, in their order: each iteration samples, then trains; then each arm, by its key, is measured."""
    turns = [phase for number in range(1, iterations + 1) for phase in (phase_of("sampling", number), phase_of("training", number))]
    return ("preparing", *turns, *map(measuring_phase, arms))


def phase_of(work: str, iteration: int) -> str:
    """The name of an iteration's phase: `training`, then `training 2`, `training 3` …"""
    return work if iteration == 1 else f"{work} {iteration}"


def measuring_phase(arm: str) -> str:
    """The name of the phase that measures an arm."""
    return f"measuring {arm}"


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


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who is told of a run and may end it."""

    on_step: OnStep = ignore_step  # told every step
    should_stop: ShouldStop = never_stop  # asked after every step


NOBODY = Listener()


class Stopped(Exception):
    """Raised inside a run when `should_stop` said yes and everything worth keeping is on disk."""


def share_done(seconds: Mapping[str, float], phase: str, done: int, total: int) -> float:
    """How much of a run is behind it, from 0 to 1, by the estimated time of each phase.

    Args:
        seconds: `Estimate.seconds`, or any weights by phase.
        phase: A key of `seconds`; anything else (a run that has not begun) counts as nothing done.
        done: Units finished in this phase.
        total: Units of this phase; 0 when not known yet.
    """
    if phase not in seconds:
        return 0.0
    order = list(seconds)
    before = sum(seconds[name] for name in order[: order.index(phase)])
    here = seconds[phase] * (min(1.0, done / total) if total > 0 else 0.0)
    return (before + here) / sum(seconds.values())
