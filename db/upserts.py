"""Insert-or-update, which SQLite and PostgreSQL both have but SQLAlchemy spells once for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.tables import Base

Rows = Sequence[Mapping[str, Any]]


def add_missing(session: Session, table: type[Base], rows: Rows, key: Sequence[str]) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if rows:
        _execute(session, _insert(session, table).on_conflict_do_nothing(index_elements=list(key)), rows)


def put(session: Session, table: type[Base], rows: Rows, key: Sequence[str]) -> None:
    """Insert the rows; where the key is there already, replace the other columns."""
    if rows:
        insert = _insert(session, table)
        replaced = {name: insert.excluded[name] for name in rows[0] if name not in key}
        _execute(session, insert.on_conflict_do_update(index_elements=list(key), set_=replaced), rows)


def _insert(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def _execute(session: Session, statement: sqlite.Insert | postgresql.Insert, rows: Rows) -> None:
    # On the connection, row by row: one statement for all rows would meet SQLite's limit on parameters.
    session.flush()
    session.connection().execute(statement, [dict(row) for row in rows])
