"""Jobs that ask a model to judge a run's replies, as pages show them. What is asked for stands in the job's `spec`."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.processes.protocol import ASK
from db.jobs import newest_of_kind
from db.status import JobStatus
from db.tables import Job

PENDING = (JobStatus.QUEUED, JobStatus.RUNNING)
LOOKED_THROUGH = 500  # jobs of the kind, newest first


@dataclass(frozen=True, kw_only=True)
class AskWish:
    """What is asked for."""

    run: int
    address: str
    model: str


@dataclass(frozen=True, kw_only=True)
class AskingView:
    """One that was asked for from a page."""

    id: int
    wish: AskWish
    status: JobStatus
    stopping: bool
    done: int  # cards that have a verdict
    total: int  # 0 until it has begun
    notice: str  # what went wrong with the last card, or why it begins again
    problem: str  # why it failed
    by: str

    @property
    def pending(self) -> bool:
        """Whether it waits or is at work."""
        return self.status in PENDING


def wish_of(job: Job) -> AskWish:
    """What a job of this kind asks for."""
    return AskWish(run=int(job.spec["run"]), address=str(job.spec["address"]), model=str(job.spec["model"]))


def view_of(job: Job) -> AskingView:
    """A job as a page shows it."""
    return AskingView(
        id=job.id,
        wish=wish_of(job),
        status=job.status,
        stopping=job.cancel_requested,
        done=job.step,
        total=job.total_steps,
        notice=job.notice or "",
        problem=job.error_text or "",
        by=job.requested_by,
    )


def read_askings(session: Session, run_id: int) -> tuple[AskingView, ...]:
    """What was asked for about one run, newest first; of several with the same judge the newest alone."""
    views = [view for job in newest_of_kind(session, ASK, LOOKED_THROUGH) if (view := view_of(job)).wish.run == run_id]
    return tuple({view.wish: view for view in reversed(views)}.values())[::-1]
