"""The log of who did what: rows are added, and never changed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.session import clock
from db.tables import AuditEntry
from db.users import name_key


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """What is to be remembered."""

    who: str
    place: str
    what: str
    subject: str = ""
    outcome: str = "done"
    count: int = 1
    detail: dict[str, Any] = field(default_factory=dict)  # short values: never a password, a hash of one, or a whole text


def add_entry(session: Session, new: NewEntry, once: bool = False) -> None:
    """Add a row to the log, in the transaction of what it tells of.

    Args:
        session: A session that may write.
        new: What is to be remembered.
        once: Not where the same was remembered of this subject before, as after the second click of a double click.
    """
    if once and session.scalars(select(AuditEntry.id).where(AuditEntry.what == new.what, AuditEntry.subject == new.subject).limit(1)).one_or_none():
        return
    session.add(AuditEntry(at=clock(session), **asdict(new)))
    session.flush()


def list_entries(session: Session, since: datetime | None = None, who: str | None = None) -> Iterator[AuditEntry]:
    """The log, oldest first.

    Args:
        session: Kept open while the rows are read: there may be many.
        since: Only what happened then or later.
        who: Only what this person did, whatever case or width their name is written in.
    """
    query = select(AuditEntry).order_by(AuditEntry.id)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    for entry in session.scalars(query.execution_options(yield_per=500)):
        if who is None or name_key(entry.who) == name_key(who):
            yield entry


def count_subjects(session: Session, who: str, what: str, since: datetime) -> int:
    """To how many different things somebody has done one thing since then."""
    query = select(func.count(AuditEntry.subject.distinct())).where(AuditEntry.what == what, AuditEntry.who == who, AuditEntry.at >= since)
    return session.scalars(query).one()


def newest_entry(session: Session, what: str) -> AuditEntry | None:
    """The last row of a kind."""
    return session.scalars(select(AuditEntry).where(AuditEntry.what == what).order_by(AuditEntry.id.desc()).limit(1)).one_or_none()
