"""Rows exactly as they are stored, for whoever has to take away what cannot be read."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Text, cast, select
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


def _all(session: Session, query: Any) -> Sequence[Sequence[Any]]:
    return session.execute(query).all()


def _as_stored(session: Session, column: ColumnElement[Any]) -> ColumnElement[Any]:
    # SQLite keeps whatever it is given, so its bytes are asked for; PostgreSQL keeps nothing that is not of the column's type.
    return cast(column, LargeBinary if session.get_bind().dialect.name == "sqlite" else Text)


def _text(value: bytes | str | None) -> str | None:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
