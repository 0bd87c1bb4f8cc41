"""What a page or a script is told of the laboratory."""

from dataclasses import dataclass
from typing import Any, Literal

from app.services.lab import ProbeListed
from app.services.lab_cards import Reading
from app.services.lab_choices import LabRun
from app.services.lab_drift import DriftPlanned
from app.services.lab_found import ProbeState
from app.services.lab_jobs import LabView
from app.services.query_sets import QuerySetView
from db.runs import VersionToTrain


@dataclass(frozen=True, kw_only=True)
class LabShown:
    """A battery or a drift matrix, and what it found once it is finished: as `report.json` has it, with what people picked."""

    kind: Literal["lab"] = "lab"
    lab: LabView
    probes: tuple[ProbeState, ...]  # none of a drift matrix
    cards: int  # that people can read; 0 before the probe of readers is done
    found: dict[str, Any] | None
    html: str  # the same for people; empty before


@dataclass(frozen=True, kw_only=True)
class LabOpened:
    """What the page begins with."""

    kind: Literal["page"] = "page"
    probes: tuple[ProbeListed, ...]  # with their minutes where the trainer works, as far as that was measured, of one short principle
    run: int | None  # that the address names
    version: int | None  # the same, or the newest of one's own
    versions: tuple[VersionToTrain, ...]
    runs: tuple[LabRun, ...]  # finished ones, newest first
    query_sets: tuple[QuerySetView, ...]
    model: str  # the studio's, for a version with nothing trained
    message: str  # why what the address names is not chosen
    shown: LabShown | None  # the battery that it names


@dataclass(frozen=True, kw_only=True)
class LabPlan:
    """What a battery would be, before it is asked for."""

    kind: Literal["plan"] = "plan"
    probes: tuple[ProbeListed, ...]  # each with its minutes by itself
    lacks: dict[str, str]  # by probe, what it needs and has not got
    model: str
    queries: str
    held_out: int  # queries that would be asked


@dataclass(frozen=True, kw_only=True)
class DriftPlan:
    """What a drift matrix would be, before it is asked for."""

    kind: Literal["drift-plan"] = "drift-plan"
    planned: DriftPlanned


@dataclass(frozen=True, kw_only=True)
class Labs:
    kind: Literal["labs"] = "labs"
    labs: tuple[LabView, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class CardsShown:
    """Where one is with the cards of a battery: the next, or what was right."""

    kind: Literal["cards"] = "cards"
    who: str  # whose picks they are
    name: str  # of the constitution and version that the battery is about
    reading: Reading
    html: str  # what was right, for people; empty before all are picked
