"""Figures of the whole database, for whoever watches over it."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db.jobs import DELETED
from db.session import clock
from db.status import JobStatus
from db.tables import Job


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the database holds at one moment."""

    jobs: dict[JobStatus, int]  # all statuses, also those that no job has
    oldest_queued_s: float  # how long the job waits that was queued first; 0 when none waits
    size_bytes: int


def figures(session: Session) -> Figures:
    """Counted now."""
    counted = {row[0]: row[1] for row in session.execute(select(Job.status, func.count()).where(Job.kind != DELETED).group_by(Job.status))}
    oldest = session.scalar(select(func.min(Job.queued_at)).where(Job.status == JobStatus.QUEUED))
    waited_s = 0.0 if oldest is None else max(0.0, (clock(session) - oldest).total_seconds())
    return Figures(jobs={status: counted.get(status, 0) for status in JobStatus}, oldest_queued_s=waited_s, size_bytes=_size(session))


def _size(session: Session) -> int:
    if session.get_bind().dialect.name == "sqlite":
        return int(session.scalar(text("PRAGMA page_count")) or 0) * int(session.scalar(text("PRAGMA page_size")) or 0)
    return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
