"""What probes will take, before anyone clicks. Imports no torch."""

from dataclasses import dataclass, replace
from functools import cached_property

from core.constitution.principles import Constitution
from core.lab.drift.matrix import options_of
from core.lab.drift.plan import DriftPlan, columns_of, rows_of
from core.machine import Hardware, ModelShape
from core.methods.arms import CONTROL
from core.methods.settings import TrainConfig
from core.progress import is_training, measuring_phase
from core.runs.estimates import IMPORT_S, LOAD_BYTES_S, Estimate, answered_s, estimate
from core.runs.phases import measured_arms


@dataclass(frozen=True, kw_only=True)
class LabCost:
    """From what the time of a probe follows."""

    config: TrainConfig
    shape: ModelShape
    hardware: Hardware
    constitution: Constitution

    @cached_property
    def made(self) -> Estimate:
        """Of one run on the same machine."""
        return estimate(self.config, self.shape, self.hardware, self.constitution)

    @property
    def base_s(self) -> float:
        """The base answers the held-out queries with the constitution in the prompt, and its replies are scored."""
        return self.made.seconds[measuring_phase(CONTROL)]

    @property
    def trained_s(self) -> float:
        """The adapter does so too, scored by the base besides."""
        arm = next(arm for arm in measured_arms(self.config) if arm.in_prompt and arm.artifact is not None)
        return self.made.seconds[measuring_phase(arm.key)]

    @property
    def alone_s(self) -> float:
        """The held-out queries are answered once, with no constitution in the prompt, and nothing is scored."""
        arm = next(arm for arm in measured_arms(self.config) if not arm.in_prompt)
        return self.made.seconds[measuring_phase(arm.key)]

    @property
    def training_s(self) -> float:
        """An adapter is trained as a run trains it, and not measured."""
        return sum(seconds for phase, seconds in self.made.seconds.items() if is_training(phase) or phase.startswith("sampling"))


@dataclass(frozen=True, kw_only=True)
class DriftCost:
    """From what the time of a drift matrix follows."""

    shape: ModelShape
    hardware: Hardware

    def seconds(self, plan: DriftPlan) -> float:
        """Of all rows, from a model that is not loaded yet. Nothing is taken off for what is kept in the folder already."""
        config = replace(plan.config, held_out_queries=len(plan.held_out))
        texts = len(options_of(columns_of(plan.constitutions)))
        rows = [answered_s(config, self.shape, self.hardware, row.text, texts) for row in rows_of(plan)]
        return IMPORT_S + self.shape.parameters * self.hardware.bytes_per_parameter / LOAD_BYTES_S + sum(rows)
