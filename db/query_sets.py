"""Sets of queries to train on and to hold out."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.canonical import canonical_json, sha256_of
from db.errors import NotFound
from db.session import clock
from db.tables import QuerySet
from db.upserts import add_missing


@dataclass(frozen=True, kw_only=True)
class QuerySetSummary:
    """A query set without its rows."""

    id: int
    name: str
    source: str
    sha256: str
    created_at: datetime
    split_sizes: dict[str, int]  # split -> number of queries


def add_query_set(session: Session, name: str, source: str, rows: list[dict[str, Any]]) -> QuerySet:
    """Store a query set; the same rows under the same name are stored once, whoever adds them again.

    Args:
        session: A session that may write.
        name: Shown in lists.
        source: Where the queries come from: a file name, or words.
        rows: `{"query": str, "split": str}` each.
    """
    sha256 = sha256_of(canonical_json(rows))
    row = {"name": name, "source": source, "rows": rows, "split_sizes": Counter(str(r["split"]) for r in rows), "sha256": sha256, "created_at": clock(session)}
    add_missing(session, QuerySet, [row], ["name", "sha256"])
    return session.scalars(select(QuerySet).where(QuerySet.name == name, QuerySet.sha256 == sha256)).one()


def has_query_set(session: Session, name: str, rows: list[dict[str, Any]]) -> bool:
    """Whether these very rows are stored under this name."""
    query = select(QuerySet.id).where(QuerySet.name == name, QuerySet.sha256 == sha256_of(canonical_json(rows)))
    return session.scalars(query).one_or_none() is not None


def list_query_sets(session: Session) -> list[QuerySetSummary]:
    """Every query set, oldest first, without its rows."""
    columns = (QuerySet.id, QuerySet.name, QuerySet.source, QuerySet.sha256, QuerySet.created_at, QuerySet.split_sizes)
    return [QuerySetSummary(**row) for row in session.execute(select(*columns).order_by(QuerySet.id)).mappings()]


def get_query_set(session: Session, query_set_id: int) -> QuerySet:
    """One query set with its rows.

    Raises:
        NotFound: There is none with this id.
    """
    query_set = session.get(QuerySet, query_set_id)
    if query_set is None:
        raise NotFound(f"There is no query set {query_set_id}.")
    return query_set


def is_whole(query_set: QuerySet) -> bool:
    """Whether the stored rows are what was stored: whether they match their sha256."""
    try:
        return sha256_of(canonical_json(query_set.rows)) == query_set.sha256
    except (TypeError, ValueError):  # no JSON at all
        return False
