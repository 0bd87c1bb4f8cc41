"""What a page or a script is told of runs: those that can be asked for, and those that there are."""

from dataclasses import dataclass
from typing import Any, Literal

from app.pages.conflict_answers import ConflictState
from app.services.exposed import Exposed
from app.services.run_views import RunLine
from core.runs.links import Trainability
from db.runs import VersionToTrain
from db.status import JobStatus

# Train


@dataclass(frozen=True, kw_only=True)
class ModelOption:
    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class QuerySetOption:
    id: int
    label: str


@dataclass(frozen=True, kw_only=True)
class PresetOption:
    name: str
    work: str  # what its numbers come to, in words
    values: dict[str, dict[str, Any]]  # of the settings, by method; "" is the default one


@dataclass(frozen=True, kw_only=True)
class TrainOffer:
    """What a run can be asked for with."""

    versions: tuple[VersionToTrain, ...]
    models: tuple[ModelOption, ...]  # any other can be named as well
    query_sets: tuple[QuerySetOption, ...]


@dataclass(frozen=True, kw_only=True)
class TrainChoices(TrainOffer):
    kind: Literal["choices"] = "choices"
    presets: tuple[PresetOption, ...]
    settings: tuple[Exposed, ...]  # that can differ from the preset


@dataclass(frozen=True, kw_only=True)
class FormAgain:
    """The form of an earlier run, to be changed."""

    version_id: int
    query_set_id: int
    model: str
    preset: str
    seed: int
    seeds: int
    changes: dict[str, str]  # settings that differ from the preset


@dataclass(frozen=True, kw_only=True)
class CheckState:
    """A check as it stands; told again until it does not run any more."""

    kind: Literal["check"] = "check"
    key: str
    running: bool
    note: str
    share: float | None
    problem: str
    found: Trainability | None  # what `check --json` prints, as the marks on its replies make it; None until there is a verdict
    check: int | None  # under which it is kept, so that its replies can be marked; None: it is not, or not yet
    marks: list[dict[str, Any] | None] | None  # of each principle, how many, by whom, and how far they agree; None: nobody marked a reply
    of_form: bool = True  # whether it is about the form that the page begins with
    spoken: str
    html: str


@dataclass(frozen=True, kw_only=True)
class TrainOpened(TrainOffer):
    """What the page begins with."""

    kind: Literal["form"] = "form"
    version: int | None  # that the address names, else one's own; None: whoever asks has none, or it is not there
    again: FormAgain | None  # of the run that the address names, or of the check or conflict, whichever was asked last
    checked: CheckState | None  # the check that it names
    conflict: ConflictState | None  # the conflict that it names
    unread: dict[str, int]  # the number of a check or a conflict that it names, is kept and cannot be read: `check`, `conflict`
    message: str  # what is wrong with the address
    runs: str  # HTML


@dataclass(frozen=True, kw_only=True)
class RunPreview:
    kind: Literal["preview"] = "preview"
    html: str
    command: str  # the same run from a terminal
    minutes: dict[str, str]  # in words, for each preset
    work: dict[str, str]  # what each preset would do with these queries
    queries_note: str  # that they have little to do with the text, by its words; empty where nothing is to be said


@dataclass(frozen=True, kw_only=True)
class QuerySet:
    kind: Literal["query_set"] = "query_set"
    id: int
    label: str
    message: str
    reading: dict[str, Any]  # what was understood of the file, as `python -m app read --json` prints it
    html: str  # the same for people


# Run


@dataclass(frozen=True, kw_only=True)
class RunList:
    """The newest runs first."""

    kind: Literal["runs"] = "runs"
    runs: tuple[RunLine, ...]
    more: int  # that are not among them
    html: str


@dataclass(frozen=True, kw_only=True)
class NoRun:
    """No run is open; which one?"""

    kind: Literal["none"] = "none"
    message: str
    html: str


@dataclass(frozen=True, kw_only=True)
class RunShown:
    """A run as its page shows it."""

    kind: Literal["run"] = "run"
    run: int
    status: str
    title: str
    headline: str
    share: float
    progress: str
    spoken: str
    sections: dict[str, str]  # HTML
    settled: bool  # whether nothing of it changes any more unless someone resumes a run
    asks_models: bool  # whether a model can be asked from the page
    mark: str = ""  # changes with any of it


@dataclass(frozen=True, kw_only=True)
class AskingPlanned:
    """What asking a model would send, and where; nothing was sent."""

    kind: Literal["planned"] = "planned"
    address: str
    model: str
    cards: int
    questions: int
    seconds: float | None  # that they take; None: not known before this model was asked for the first time
    says: str  # the same in words
    sends: str  # what the button says that sends them


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """Everything is as it was seen."""

    kind: Literal["unchanged"] = "unchanged"


@dataclass(frozen=True, kw_only=True)
class RunState:
    """Where a run stands, how it learned and what was found, as data."""

    kind: Literal["state"] = "state"
    run: int
    status: JobStatus
    says: str  # the same in words
    phase: str
    step: int  # of this phase
    total_steps: int
    share: float  # of the whole run
    eta_s: float | None  # until the whole run ends
    error: str | None  # why it failed
    curve: list[dict[str, float | None]]  # a row for each step: its number as `step`, and what was measured; null: could not be scored
    trainability: Trainability | None  # what the base did before training; None until the run is finished
    adapter_sha256: str | None
    result: dict[str, Any] | None  # the same as `result` in run.json, as the marks on its replies make it; None until the run is finished
    marks: list[dict[str, Any] | None] | None  # of each principle, how many, by whom, and how far they agree; None: nobody marked a reply
    models: list[dict[str, Any]] | None  # that were asked to judge, what it took, what each says by each principle, whether it is used; None: none was
    series: dict[str, Any] | None  # the runs that differ from it in their seed, and what they come to; None: it was asked for alone
