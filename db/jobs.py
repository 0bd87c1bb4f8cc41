"""Jobs of any kind as people see them: queue, wait, stop, resume. What a trainer does to a job it holds is in `db.claims`."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from db.errors import NotDeletable, NotFound, NotResumable, RequestKeyTaken
from db.session import clock
from db.status import JobStatus
from db.tables import Job
from db.upserts import add_missing

DELETED = "deleted"  # the kind of what is left of a job that was deleted: its id and its request_key, so that neither is ever another's
ENDED = (JobStatus.STOPPED, JobStatus.FAILED, JobStatus.FINISHED)


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What is asked for, and by whom."""

    kind: str
    requested_by: str
    request_key: str  # made with the form, so that a second click on the same form is the same job
    spec: dict[str, Any] = field(default_factory=dict)


def count_waiting(session: Session, requested_by: str) -> int:
    """How many jobs of somebody are queued."""
    query = select(func.count()).select_from(Job).where(Job.requested_by == requested_by, Job.status == JobStatus.QUEUED)
    return session.scalars(query).one()


def add_job(session: Session, new: NewJob) -> Job:
    """Queue a job; the same request_key again returns the job that is there, whatever became of it.

    Raises:
        RequestKeyTaken: A job of another kind has this request_key.
    """
    now = clock(session)
    add_missing(session, Job, [{**asdict(new), "created_at": now, "queued_at": now}], ["request_key"])
    job = session.scalars(select(Job).where(Job.request_key == new.request_key)).one()
    if job.kind != new.kind:
        raise RequestKeyTaken(f"This request was used for another job ({job.kind}) already. Reload the page, then try again.")
    return job


def get_job(session: Session, job_id: int) -> Job:
    """One job as it is now.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.get(Job, job_id, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    return found


def jobs_ahead(session: Session, job: Job, kinds: Collection[str] | None = None) -> int:
    """How many jobs a queued job waits for: those running and those queued before it, of these kinds; None: of every kind."""
    earlier = (Job.queued_at < job.queued_at) | ((Job.queued_at == job.queued_at) & (Job.id < job.id))
    waiting = (Job.status == JobStatus.RUNNING) | ((Job.status == JobStatus.QUEUED) & earlier)
    query = select(func.count()).select_from(Job).where(waiting, Job.id != job.id)
    return session.scalars(query if kinds is None else query.where(Job.kind.in_(kinds))).one()


def newest_of_kind(session: Session, kind: str, limit: int) -> list[Job]:
    """The newest jobs of a kind, newest first."""
    query = select(Job).where(Job.kind == kind).order_by(Job.id.desc()).limit(limit)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def count_of_kind(session: Session, kind: str) -> int:
    """How many jobs of a kind there are."""
    return session.scalars(select(func.count()).select_from(Job).where(Job.kind == kind)).one()


def request_stop(session: Session, job_id: int) -> JobStatus:
    """Ask a job to stop: a queued one stops at once, a running one saves a checkpoint first. A job that has ended stays as it is.

    Returns:
        The status afterwards.

    Raises:
        NotFound: There is none with this id.
    """
    queued = Job.status == JobStatus.QUEUED
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_((JobStatus.QUEUED, JobStatus.RUNNING)))
        .values(
            status=case((queued, JobStatus.STOPPED), else_=Job.status),
            finished_at=case((queued, clock(session)), else_=Job.finished_at),
            cancel_requested=case((queued, Job.cancel_requested), else_=True),
        )
        .execution_options(synchronize_session=False)
    )
    return get_job(session, job_id).status


def bury(session: Session, job_id: int, called: str = "Run") -> None:
    """Leave of a job that has ended only what keeps its id and its request from being given to another one.

    Raises:
        NotDeletable: The job is queued or running.
        NotFound: There is none with this id.
    """
    left: dict[str, Any] = {
        "kind": DELETED,
        "spec": {},
        "status": JobStatus.FINISHED,
        "checkpoint": None,
        "error_kind": None,
        "error_text": None,
        "notice": None,
    }
    buried = update(Job).where(Job.id == job_id, Job.status.in_(ENDED)).values(**left).returning(Job.id)
    if session.scalars(buried, execution_options={"synchronize_session": False}).one_or_none() is None:
        raise NotDeletable(f"{called} {job_id} is {get_job(session, job_id).status}. Stop it, then delete it.")


def resume(session: Session, job_id: int) -> Job:
    """Queue a stopped or failed job again, behind those that wait already; it goes on from its last checkpoint.

    Raises:
        NotResumable: The job is queued, running or finished.
        NotFound: There is none with this id.
    """
    resumed = session.scalars(
        update(Job)
        .where(Job.id == job_id, Job.status.in_((JobStatus.STOPPED, JobStatus.FAILED)))
        .values(
            status=JobStatus.QUEUED,
            queued_at=clock(session),
            cancel_requested=False,
            error_kind=None,
            error_text=None,
            notice=None,
            crashes=0,
            finished_at=None,
        )
        .returning(Job),
        execution_options={"synchronize_session": False, "populate_existing": True},
    ).one_or_none()
    if resumed is None:
        raise NotResumable(f"Job {job_id} is {get_job(session, job_id).status}; only a stopped or failed job can be resumed.")
    return resumed
