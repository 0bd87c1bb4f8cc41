"""What was asked and is kept with its replies, a check or a conflict: once for each request, by its number, and with the names that it is known by."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from db.conflict_table import Conflict
from db.constitutions import LOST
from db.errors import NotFound, RequestKeyTaken
from db.mark_tables import Check
from db.session import clock
from db.tables import Constitution, Version
from db.upserts import add_missing

Kept = TypeVar("Kept", Check, Conflict)


def add_kept(session: Session, table: type[Kept], new: Mapping[str, Any], asked: Sequence[str], taken: str) -> Kept:
    """Keep one; the same request_key again returns the one that is there.

    Args:
        session: Of the transaction.
        table: Of which kind.
        new: Its columns.
        asked: Those that a request_key stands for.
        taken: What is said where it stood for something else.

    Raises:
        RequestKeyTaken: This request_key asked for another one, was another person's, or what it asked for was deleted.
    """
    add_missing(session, table, [{**new, "made_at": clock(session)}], ["request_key"])
    kept = session.scalars(select(table).where(table.request_key == new["request_key"]).execution_options(populate_existing=True)).one()
    if kept.deleted_at is not None or any(getattr(kept, name) != new[name] for name in asked):
        raise RequestKeyTaken(taken)
    return kept


def get_kept(session: Session, table: type[Kept], row_id: int, noun: str) -> Kept:
    """One of them.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.get(table, row_id, populate_existing=True)
    if found is None or found.deleted_at is not None:
        raise NotFound(f"There is no {noun} {row_id}.")
    return found


def with_names(table: type[Kept], *unread: InstrumentedAttribute[Any]) -> Select[Kept, str, int]:
    """Those that are there, newest first, with constitution and version, also where they name a version that is not; `unread` are long, and stay so."""
    return (
        select(table, func.coalesce(Constitution.name, LOST), func.coalesce(Version.number, 0))
        .outerjoin(Version, table.version_id == Version.id)
        .outerjoin(Constitution, Version.constitution_id == Constitution.id)
        .where(table.deleted_at.is_(None))
        .options(*(defer(column, raiseload=True) for column in unread))
        .order_by(table.id.desc())
    )
