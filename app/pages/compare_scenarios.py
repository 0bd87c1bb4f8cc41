"""What the Compare page asks of a constitution's scenarios, and what it is told."""

from dataclasses import dataclass
from typing import Literal

from app.pages.questions import Question, Text
from app.services.sources import ScenarioToAsk


@dataclass(frozen=True, kw_only=True)
class SourceWish(Question):
    source: Text  # run:<number>, or version:<id> without a run


@dataclass(frozen=True, kw_only=True)
class ScenarioList:
    """The scenarios of what is compared, principle by principle."""

    kind: Literal["scenarios"] = "scenarios"
    source: str
    scenarios: tuple[ScenarioToAsk, ...]
