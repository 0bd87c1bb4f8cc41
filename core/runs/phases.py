"""What a run goes through, known before it begins: its phases, and the arms that the last of them measure. Imports no torch."""

from core.methods.arms import Arm, Artifact, arms_for, controls_for
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig
from core.progress import phases

READING = "reading-{}.json"  # what the base reads of an arm's replies under the statements
SCENARIO_READING = "scenarios-reading-{}.json"  # the same of its replies to scenarios
ASKED_ALREADY = "The check that was just made is used; the base was not asked again."  # what a run says for the rest of its time


def artifact_of(config: TrainConfig, sha256: str = "") -> Artifact:
    """What a run leaves, beside its record, wherever both are taken: a folder with the name of its kind. Without a hash it is not made yet."""
    kind = RECIPES[config.method].artifact
    return Artifact(kind=kind, place=kind if sha256 else "", sha256=sha256)


def measured_arms(config: TrainConfig, artifact: Artifact | None = None) -> tuple[Arm, ...]:
    """The three arms of the control for every principle: the base with the constitution, and what was made, with it and without. Then the controls of
    the method's own, if it has any.

    Where it has none, the base without the constitution is left out: no principle is asked of it.
    """
    worn = artifact or artifact_of(config)
    arms = tuple(arm for arm in arms_for(config.method, worn) if arm.in_prompt or arm.artifact is not None)
    return arms + controls_for(config.method, worn)


def run_phases(config: TrainConfig) -> tuple[str, ...]:
    """The phases of a run, in their order."""
    return phases(config.iterations, [arm.key for arm in measured_arms(config)])
