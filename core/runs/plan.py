"""What a run is given."""

from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.constitution.queries import Query
from core.methods.settings import TrainConfig
from core.runs.links import Trainability
from core.settings import ModelReference


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """Everything that decides a run's outcome."""

    constitution: Constitution
    queries: tuple[Query, ...]
    model: ModelReference
    config: TrainConfig
    device: str = "auto"
    checked: Trainability | None = None  # what a check found that was just made and asked what this run would ask (core.runs.checked); None: the run asks
    known_as: str | None = None  # the model's name, where its folder may be moved between two attempts; None: its id
