"""Two principles set against each other: each time it was asked, kept with the replies that it rests on."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from db.conflict_table import Conflict
from db.constitutions import LOST
from db.errors import NotFound, RequestKeyTaken
from db.session import clock
from db.tables import Constitution, Version
from db.upserts import add_missing

ASKED = ("version_id", "query_set_id", "model", "config", "first", "second", "queries", "requested_by")  # what a request_key stands for


@dataclass(frozen=True, kw_only=True)
class NewConflict:
    """What was asked, and what was replied."""

    version_id: int
    query_set_id: int
    model: str
    config: dict[str, Any]
    first: int
    second: int
    queries: int
    replies: dict[str, Any]
    requested_by: str
    request_key: str


@dataclass(frozen=True)
class ConflictSummary:
    """A conflict with the names that a reader knows it by."""

    conflict: Conflict
    constitution_name: str
    version_number: int


def add_conflict(session: Session, new: NewConflict) -> Conflict:
    """Keep a conflict; the same request_key again returns the one that is there.

    Raises:
        RequestKeyTaken: This request_key asked for another one, was another person's, or what it asked for was deleted.
    """
    add_missing(session, Conflict, [{**asdict(new), "made_at": clock(session)}], ["request_key"])
    kept = session.scalars(select(Conflict).where(Conflict.request_key == new.request_key).execution_options(populate_existing=True)).one()
    if kept.deleted_at is not None or any(getattr(kept, name) != getattr(new, name) for name in ASKED):
        raise RequestKeyTaken("This request was used for another conflict already. Ask again.")
    return kept


def get_conflict(session: Session, conflict_id: int) -> Conflict:
    """One conflict.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.get(Conflict, conflict_id, populate_existing=True)
    if found is None or found.deleted_at is not None:
        raise NotFound(f"There is no conflict {conflict_id}.")
    return found


def delete_conflict(session: Session, conflict_id: int) -> None:
    """Take a conflict away with its replies. Its number and its request are never another's.

    Raises:
        NotFound: There is none with this id.
    """
    kept = get_conflict(session, conflict_id)
    kept.deleted_at = clock(session)
    kept.model, kept.config, kept.replies = "", {}, {}
    session.flush()


def list_conflicts(session: Session, limit: int, version_id: int | None = None) -> list[ConflictSummary]:
    """The newest first, of one version or of all, also those that name a version that is not there; replies stay unread: they are long."""
    query = (
        select(Conflict, func.coalesce(Constitution.name, LOST), func.coalesce(Version.number, 0))
        .outerjoin(Version, Conflict.version_id == Version.id)
        .outerjoin(Constitution, Version.constitution_id == Constitution.id)
        .where(Conflict.deleted_at.is_(None))
        .options(defer(Conflict.replies, raiseload=True))
        .order_by(Conflict.id.desc())
        .limit(limit)
    )
    if version_id is not None:
        query = query.where(Conflict.version_id == version_id)
    return [ConflictSummary(*row) for row in session.execute(query)]
