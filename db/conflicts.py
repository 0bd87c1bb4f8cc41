"""Two principles set against each other: each time it was asked, kept with the replies that it rests on."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from db.conflict_table import Conflict
from db.kept import add_kept, get_kept, with_names
from db.session import clock

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
    return add_kept(session, Conflict, asdict(new), ASKED, "This request was used for another conflict already. Ask again.")


def get_conflict(session: Session, conflict_id: int) -> Conflict:
    """One conflict.

    Raises:
        NotFound: There is none with this id.
    """
    return get_kept(session, Conflict, conflict_id, "conflict")


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
    query = with_names(Conflict, Conflict.replies).limit(limit)
    if version_id is not None:
        query = query.where(Conflict.version_id == version_id)
    return [ConflictSummary(*row) for row in session.execute(query)]
