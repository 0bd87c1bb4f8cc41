"""Rows exactly as they are stored, for whoever has to take away what cannot be read."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Text, cast, select, true
from sqlalchemy.orm import Session

from db.tables import Base


def stored_rows(session: Session, table: type[Base], **where: object) -> list[dict[str, str | None]]:
    """The rows of a table that have these values, each column as the text that is stored; a byte that is no UTF-8 stands as `\\xff`.

    Args:
        session: Any session.
        table: Of the rows.
        where: Columns by name, and their values.
    """
    columns = list(table.__table__.columns)
    query = select(*(_as_stored(session, column) for column in columns)).where(*(getattr(table, name) == value for name, value in where.items()))
    return [{column.name: _text(value) for column, value in zip(columns, row, strict=True)} for row in _all(session, query)]


def lost_keys(session: Session, table: type[Base]) -> Iterator[str]:
    """The rows of a table that name another row which is not there, or none where one has to be, in words."""
    here = table.metadata.tables[table.__tablename__]
    identity = list(here.primary_key.columns)
    for key in (key for column in here.columns for key in column.foreign_keys):
        there = key.column.table.alias()
        named = here.outerjoin(there, key.parent == there.c[key.column.name])
        lost = there.c[key.column.name].is_(None) & (key.parent.is_not(None) if key.parent.nullable else true())
        query = select(*(_as_stored(session, column) for column in (*identity, key.parent))).select_from(named).where(lost)
        for *ids, value in _all(session, query):
            names = f"names {key.column.table.name} {_text(value)!r}, which is not there" if value is not None else f"names no {key.column.table.name}"
            yield f"{here.name} {' '.join(str(_text(each)) for each in ids)} {names}"


def _all(session: Session, query: Any) -> Sequence[Sequence[Any]]:
    return session.execute(query).all()


def _as_stored(session: Session, column: ColumnElement[Any]) -> ColumnElement[Any]:
    # SQLite keeps whatever it is given, so its bytes are asked for; PostgreSQL keeps nothing that is not of the column's type.
    return cast(column, LargeBinary if session.get_bind().dialect.name == "sqlite" else Text)


def _text(value: bytes | str | None) -> str | None:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
