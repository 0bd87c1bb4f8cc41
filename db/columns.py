"""Types of columns: what goes in is fit for every database, and what comes out is a value whatever a damaged row holds."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Double, Integer, Text, TypeDecorator

from db.canonical import storable

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # where a damaged row holds no time


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware UTC out. SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; pass an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        read = super().result_processor(dialect, coltype)

        def read_any(value: Any) -> datetime | None:
            try:
                return read(value) if read is not None else value
            except (ValueError, TypeError, OverflowError):
                return UNKNOWN_TIME

        return read_any


def clean(text: str) -> str:
    """A text as a column keeps it."""
    return storable(text.replace("\0", "\ufffd"))


class CleanText(TypeDecorator[str]):
    """Text that every database can hold: NUL (refused by PostgreSQL) and lone surrogates (refused by both) are replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        # SQLite keeps whatever it is given: a damaged row may hold bytes or a number here.
        if value is None or isinstance(value, str):
            return value
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Measure(TypeDecorator[float]):
    """A number, or NULL where a damaged row holds none: what could not be scored is drawn and counted as such."""

    impl = Double
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], float | None]:
        return lambda value: value if isinstance(value, int | float) else None


class Whole(TypeDecorator[int]):
    """A whole number, or 0 where a damaged row holds none. As a key 0 names no row."""

    impl = Integer
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int | None]:
        return lambda value: value if value is None or isinstance(value, int) else 0


class Numbered(Whole):
    """The same where there is always one: 0 also where a damaged row holds NULL."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int | None]:
        return lambda value: value if isinstance(value, int) else 0
