"""What a trainer does to the job it holds, of whatever kind.

A claim is (job, owner, attempt). Every write names all three and that the job is still running; if that matches no row, another
process has taken over and LostLease is raised before anything is written. Claiming is exactly-once; execution is at-least-once.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from db.errors import LostLease
from db.session import clock
from db.status import JobStatus
from db.tables import Job

MAX_CRASHES = 3  # attempts that may die in a row without a new checkpoint before a person has to look


@dataclass(frozen=True)
class Claim:
    """The right to write to a job."""

    job_id: int
    owner: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where an attempt stands."""

    phase: str
    step: int
    total_steps: int
    eta_s: float | None = None  # until the job ends; None: not known yet
    checkpoint: str | None = None  # None: keep the one that is stored
    notice: str | None = None  # None: keep what is stored; "" takes it away


def claim_next(session: Session, owner: str, identity: dict[str, Any], lease_s: float, kinds: Collection[str] | None = None) -> Job | None:
    """Take the job that has waited longest.

    Args:
        session: A session that may write.
        owner: Names this trainer process among all.
        identity: What `release_expired` needs to tell whether the owner is alive; only the launcher that made it can read it.
        lease_s: How long the job is ours without a heartbeat.
        kinds: Those that this trainer can do, so that others wait for one that can; None: every kind.

    Returns:
        The job, now running under a new attempt, or None when nothing waits.
    """
    now = clock(session)
    oldest = select(Job.id).where(Job.status == JobStatus.QUEUED).order_by(Job.queued_at, Job.id).limit(1)
    if kinds is not None:
        oldest = oldest.where(Job.kind.in_(kinds))
    statement = (
        update(Job)
        .where(Job.id == oldest.with_for_update(skip_locked=True).scalar_subquery(), Job.status == JobStatus.QUEUED)
        .values(
            status=JobStatus.RUNNING,
            owner=owner,
            owner_identity=identity,
            attempt=Job.attempt + 1,
            lease_until=now + timedelta(seconds=lease_s),
            heartbeat_at=now,
            started_at=case((Job.started_at.is_(None), now), else_=Job.started_at),
            phase="starting",
            eta_s=None,
        )
        .returning(Job)
    )
    return session.scalars(statement, execution_options={"synchronize_session": False, "populate_existing": True}).one_or_none()


def claim_of(job: Job) -> Claim:
    """The claim that `claim_next` gave on this job."""
    if job.owner is None:
        raise ValueError(f"job {job.id} is {job.status} and belongs to nobody")
    return Claim(job.id, job.owner, job.attempt)


def _write(session: Session, claim: Claim, **values: Any) -> Job:
    """Write to the job, if it is still ours. On PostgreSQL this also locks the row until the transaction ends."""
    statement = (
        update(Job)
        .where(Job.id == claim.job_id, Job.owner == claim.owner, Job.attempt == claim.attempt, Job.status == JobStatus.RUNNING)
        .values(**values)
        .returning(Job)
    )
    job = session.scalars(statement, execution_options={"synchronize_session": False, "populate_existing": True}).one_or_none()
    if job is None:
        raise LostLease(f"Attempt {claim.attempt} of {claim.owner} no longer holds job {claim.job_id}.")
    return job


def heartbeat(session: Session, claim: Claim, lease_s: float) -> bool:
    """Renew the lease.

    Returns:
        Whether someone has asked the job to stop.

    Raises:
        LostLease: The job is no longer ours. So do all functions below that take a claim.
    """
    now = clock(session)
    return _write(session, claim, heartbeat_at=now, lease_until=now + timedelta(seconds=lease_s)).cancel_requested


def hold(session: Session, claim: Claim) -> Job:
    """Make sure that the job is ours until the transaction ends, so that other tables can be written to in its name."""
    return _write(session, claim, heartbeat_at=clock(session))


def set_progress(session: Session, claim: Claim, progress: Progress) -> None:
    """Say where the attempt stands. A checkpoint that was not stored before proves progress and clears the count of crashes."""
    values: dict[str, Any] = {"phase": progress.phase, "step": progress.step, "total_steps": progress.total_steps, "eta_s": progress.eta_s}
    if progress.checkpoint is not None:
        values["checkpoint"] = progress.checkpoint
        values["crashes"] = case((Job.checkpoint.is_distinct_from(progress.checkpoint), 0), else_=Job.crashes)
    if progress.notice is not None:
        values["notice"] = progress.notice or None
    _write(session, claim, **values)


def finish(session: Session, claim: Claim) -> None:
    """The work is done; what came of it is written in the same transaction by the functions of its kind."""
    _write(session, claim, **_ended(JobStatus.FINISHED, clock(session)))


def fail(session: Session, claim: Claim, kind: str, text: str) -> None:
    """End the job with a cause that will not go away by itself, in words and with what to change. It can be resumed."""
    _write(session, claim, **_ended(JobStatus.FAILED, clock(session)), error_kind=kind, error_text=text)


def mark_stopped(session: Session, claim: Claim) -> None:
    """The attempt has saved its checkpoint because someone asked it to stop."""
    _write(session, claim, **_ended(JobStatus.STOPPED, clock(session)))


def hand_back(session: Session, claim: Claim, notice: str) -> JobStatus:
    """Give the job back in good order, because the trainer is shutting down: it waits where it stood in the queue.

    Returns:
        The status afterwards: stopped if someone had asked for it, else queued.
    """
    now = clock(session)
    job = _write(session, claim, heartbeat_at=now)
    _release(job, notice, now)
    session.flush()
    return job.status


def record_crash(session: Session, claim: Claim, cause: str) -> JobStatus:
    """The attempt's process died. The job goes back to the queue, unless it dies again and again without getting further.

    Args:
        session: A session that may write.
        claim: The dead attempt's.
        cause: One sentence on what was seen, such as "Its process was killed (signal 9)."

    Returns:
        The status afterwards: queued, stopped if someone had asked for it, or failed.
    """
    job = _write(session, claim, heartbeat_at=clock(session))
    _crash(job, cause, clock(session))
    session.flush()
    return job.status


def release_expired(session: Session, is_alive: Callable[[dict[str, Any]], bool | None]) -> list[Job]:
    """Rescue the jobs whose trainer is gone: its lease ran out, or its process is known to be dead.

    Args:
        session: A session that may write.
        is_alive: Takes the identity given to `claim_next`; False means certainly dead, None means it cannot be told from here
            (another host), which leaves the decision to the lease.

    Returns:
        The released jobs, now queued, stopped (if someone had asked for it) or failed (after MAX_CRASHES).
    """
    now = clock(session)
    query = select(Job).where(Job.status == JobStatus.RUNNING).order_by(Job.id).with_for_update(skip_locked=True)
    released = []
    for job in session.scalars(query.execution_options(populate_existing=True)).all():
        if isinstance(job.owner_identity, dict) and is_alive(job.owner_identity) is False:
            _crash(job, "The trainer that worked on it is gone.", now)
        elif job.lease_until is None or job.lease_until <= now:
            _crash(job, "The trainer that worked on it has not been heard of.", now)
        else:
            continue
        released.append(job)
    session.flush()
    return released


def _crash(job: Job, cause: str, now: datetime) -> None:
    job.crashes += 1
    if job.crashes < MAX_CRASHES or job.cancel_requested:
        where = "its last checkpoint" if job.checkpoint else "the beginning"
        _release(job, f"{cause} It goes on from {where} (attempt {job.attempt} ended early).", now)
        return
    _set(job, _ended(JobStatus.FAILED, now))
    job.error_kind = "crashed"
    job.error_text = (
        f"{cause} {MAX_CRASHES} attempts in a row ended before the next checkpoint, so it was not started again. "
        "The log of the last attempt may say why; often memory ran out: close other programs, or choose a smaller model or less work at a time. "
        "Resume tries again from the last checkpoint."
    )


def _release(job: Job, notice: str, now: datetime) -> None:
    if job.cancel_requested:
        _set(job, _ended(JobStatus.STOPPED, now))
    else:
        _set(job, {**_ended(JobStatus.QUEUED, now), "finished_at": None, "notice": notice})


def _set(job: Job, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(job, name, value)


def _ended(status: JobStatus, now: datetime) -> dict[str, Any]:
    """The columns of a job that nobody holds any more."""
    return {"status": status, "owner": None, "owner_identity": None, "lease_until": None, "eta_s": None, "cancel_requested": False, "finished_at": now}
