"""What a page or a script is told of the laboratory."""

from dataclasses import dataclass
from typing import Any, Literal

from app.services.lab import ProbeListed
from app.services.lab_jobs import LabView


@dataclass(frozen=True, kw_only=True)
class LabOpened:
    """What the page begins with."""

    kind: Literal["page"] = "page"
    probes: tuple[ProbeListed, ...]  # with their minutes where the trainer works, as far as that was measured
    run: int | None  # that the address names
    version: int | None


@dataclass(frozen=True, kw_only=True)
class Labs:
    kind: Literal["labs"] = "labs"
    labs: tuple[LabView, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class LabShown:
    """A battery, and what it found once it is finished: as `report.json` has it."""

    kind: Literal["lab"] = "lab"
    lab: LabView
    found: dict[str, Any] | None
