"""What the phases of one attempt share."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.constitution.principles import Constitution, Stance
from core.engine.processes import World
from core.methods.variants import VARIANTS
from core.progress import OnStep, ShouldStop, StepReport, Stopped
from core.runs.plan import RunPlan
from core.runs.run_queries import RunQueries


@dataclass(kw_only=True)
class Work:
    """What the phases of one attempt share."""

    plan: RunPlan
    folder: Path
    on_step: OnStep
    should_stop: ShouldStop  # the same answer in all processes, so all must ask
    stop_alone: ShouldStop  # for what the first process does while the others wait
    world: World
    queries: RunQueries  # what it draws from, with the scenarios that it is measured on too
    held_out: list[str]  # the queries that the run is measured on
    dropped: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[Stance, ...]] = field(default_factory=list)  # the contrast of each example, over all iterations
    train_queries: list[str] = field(default_factory=list)  # of all iterations, without repeats
    made: dict[str, Any] = field(default_factory=dict)  # what a method that needs no gradient says of what it made (core.methods.recipe.Make)

    @property
    def constitution(self) -> Constitution:
        """What stands in the prompts that are trained and measured: the plan's, or what its variant makes of it."""
        return VARIANTS[self.plan.config.variant].text(self.plan.constitution)

    def tick(self, report: StepReport) -> None:
        """Report, then leave at once if asked to: what is reported has been committed."""
        self.on_step(report)
        if self.should_stop():
            raise Stopped
