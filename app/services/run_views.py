"""A run as its page shows it: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.processes.patience import Hindrance
from app.services.askings import AskingView
from app.services.marked import ModelHeard
from app.services.series import SeriesView
from core.measure.marked import MarksOf
from core.measure.standings import Standing
from core.methods.settings import TrainConfig
from core.runs.results import RunResult
from db.status import JobStatus

RESUMABLE = (JobStatus.STOPPED, JobStatus.FAILED)
ENDED = (*RESUMABLE, JobStatus.FINISHED, JobStatus.UNREADABLE)


@dataclass(frozen=True)
class Point:
    """One number at one step; None could not be scored."""

    step: int
    value: float | None


@dataclass(frozen=True, kw_only=True)
class SampledReply:
    """A reply sampled during training."""

    step: int
    position: int
    query: str
    side: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A run in a list."""

    id: int
    constitution: str
    version_number: int
    model: str
    preset: str
    seed: int | None  # None: cannot be read
    status: JobStatus
    stopping: bool
    phase: str
    share: float
    requested_by: str
    created_at: datetime
    finished_at: datetime | None
    error_kind: str | None = None  # of one that failed
    came_out: tuple[Standing, ...] = ()  # of each principle, in the order of its version; none of a run that is not finished, cannot be read, or is a control
    control: str = ""  # what was trained in the place of the text


@dataclass(frozen=True, kw_only=True)
class RunView:
    """Everything the page of a run shows."""

    line: RunLine
    constitution_id: int
    version_id: int
    query_set: str
    revision: str | None
    config: TrainConfig | None  # None when it cannot be read: `problems` says why
    step: int
    total_steps: int
    eta_s: float | None  # until the whole run ends
    ahead: int  # runs that a queued one waits for
    waits: Hindrance | None  # what a running one cannot go on without
    silent_s: float | None  # seconds since a running one was last heard of, when that is worryingly long
    attempt: int
    resumable_from: str | None
    notice: str | None
    error_kind: str | None
    error_text: str | None
    started_at: datetime | None
    metrics: Mapping[str, tuple[Point, ...]]
    samples: tuple[SampledReply, ...]
    log: tuple[str, ...]
    result: RunResult | None  # as the marks on its replies make it
    marks: tuple[MarksOf | None, ...]  # of each principle; empty where nobody marked a reply
    models: tuple[ModelHeard, ...]  # that were asked to judge its replies
    askings: tuple[AskingView, ...]  # what was asked for from its page, newest first
    marks_problem: str  # why marks or verdicts that there are cannot be counted
    unreadable: bool  # whether the row holds a result of another form
    problems: tuple[str, ...]  # what of the run, besides its result, cannot be read, and why
    adapter_sha256: str | None
    series: SeriesView | None = None  # the runs that were asked for together with it; None: it was asked for alone

    @property
    def ended(self) -> bool:
        """Whether nothing happens to it any more unless someone resumes it."""
        return self.line.status in ENDED
