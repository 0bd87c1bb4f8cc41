"""What a run is given."""

from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.constitution.queries import Query
from core.methods.settings import TrainConfig
from core.settings import ModelReference


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """Everything that decides a run's outcome."""

    constitution: Constitution
    queries: tuple[Query, ...]
    model: ModelReference
    config: TrainConfig
    device: str = "auto"
