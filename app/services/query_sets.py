"""Query sets: the one that comes with the studio, uploads, and the list."""

from dataclasses import dataclass

import db.query_sets as store
from app.services.audit import record
from app.services.quotas import require_below_quota
from app.services.starter_queries import FILES, STARTER_SOURCE
from app.services.stored import NotKeptError, queries_of
from app.services.studio import Studio, in_words
from core.budget import Limit, within
from core.constitution.queries import Query, to_rows
from core.constitution.reading.query_files import QueryReading, read_query_file
from core.errors import QueryError
from core.runs.demands import counted
from db.query_sets import QuerySetSummary
from db.tables import QuerySet

FEWEST = 2  # of each split: to train on, and to measure on
MAX_NAME_CHARS = 80
READING = Limit(what="Reading the file", seconds=8.0, remedy="Take a sample of it, or save it as JSON lines with a `query` in each.")


@dataclass(frozen=True, kw_only=True)
class QuerySetView:
    """A query set as a person chooses it."""

    id: int
    name: str
    source: str
    train: int
    held_out: int


def list_query_sets(studio: Studio) -> list[QuerySetView]:
    """Every query set: those that come with the studio in their order, then uploads, the newest first."""
    with in_words(), studio.sessions.read() as session:
        views = [_view(row) for row in store.list_query_sets(session)]
    return sorted(views, key=_place)


def _place(view: QuerySetView) -> tuple[int, int]:
    own = list(FILES)
    return (own.index(view.name), 0) if view.source == STARTER_SOURCE and view.name in own else (len(own), -view.id)


def upload(studio: Studio, data: bytes, filename: str, field: str = "") -> tuple[QuerySetView, QueryReading]:
    """Keep an uploaded file of queries, and say what was understood of it. The same file again is the same set.

    Args:
        studio: The open studio.
        data: The file.
        filename: As the browser names it.
        field: The column to ask; empty: the one that is found.

    Raises:
        FileError: Not readable as a table.
        QueryError: No queries in it (the message says where), or too few in one of the splits.
        OverBudgetError: Reading it took too long.
    """
    name = _name(filename)
    reading = within(READING, read_query_file, data, name, None, field.strip() or None)
    queries = list(reading.queries)
    require_both_splits(queries, name)
    with in_words(), studio.sessions.begin() as session:
        row = store.add_query_set(session, name, f"uploaded as {name}", [dict(item) for item in to_rows(queries)])
        session.refresh(row)
        if queries_of(row) != queries:
            raise NotKeptError("the query set")
        view = _view(row)
        record(session, "query-set.uploaded", f"query set {row.id}", name=row.name, queries=len(queries))
        require_below_quota(session, "query-set.uploaded")
    return view, reading


def require_both_splits(queries: list[Query], name: str) -> None:
    """Raise QueryError when a file could never be trained on and measured."""
    for split, word, use in (("train", "train", "to train on"), ("held_out", "held-out", "to measure on")):
        count = sum(q.split == split for q in queries)
        if count < FEWEST:
            raise QueryError(
                f"{name} gives {counted(count, word + ' query')}, and at least {FEWEST} are needed {use}. "
                "Add queries (one in four is held out), or mark rows with a `split` of train or held_out."
            )


def _name(filename: str) -> str:
    """The file's own name, without any folder and with nothing unprintable in it."""
    plain = filename.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in plain if c.isprintable()).strip() or "queries.txt"
    if len(shown) <= MAX_NAME_CHARS:
        return shown
    stem, dot, suffix = shown.rpartition(".")
    return shown[:MAX_NAME_CHARS] if not dot or len(suffix) > 8 else f"{stem[: MAX_NAME_CHARS - len(suffix) - 2]}….{suffix}"


def _view(row: QuerySetSummary | QuerySet) -> QuerySetView:
    sizes = row.split_sizes if isinstance(row.split_sizes, dict) else {}
    return QuerySetView(id=row.id, name=row.name, source=row.source, train=sizes.get("train", 0), held_out=sizes.get("held_out", 0))
