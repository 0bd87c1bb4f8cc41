"""What a run goes through, known before it begins: its phases, and the arms that the last of them measure. Imports no torch."""

from core.methods.arms import Arm, Artifact, arms_for
from core.methods.settings import TrainConfig
from core.progress import phases

ADAPTER = "adapter"  # where a run leaves it: beside its record, wherever both are taken
READING = "reading-{}.json"  # what the base reads of an arm's replies under the statements
SCENARIO_READING = "scenarios-reading-{}.json"  # the same of its replies to scenarios
NOT_YET = Artifact(kind="adapter", place="", sha256="")  # of a run that has not trained


def measured_arms(config: TrainConfig, artifact: Artifact = NOT_YET) -> tuple[Arm, ...]:
    """The three arms of the control for every principle: the base with the constitution, and what was trained, with it and without.

    The base without the constitution is left out: it costs as much again, and no principle is asked of it.
    """
    return tuple(arm for arm in arms_for(config.method, artifact) if arm.in_prompt or arm.artifact is not None)


def run_phases(config: TrainConfig) -> tuple[str, ...]:
    """The phases of a run, in their order."""
    return phases(config.iterations, [arm.key for arm in measured_arms(config)])
