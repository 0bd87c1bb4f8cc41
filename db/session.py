"""Engines and sessions. The service opens a session and owns its transaction; functions of this layer never commit."""

import sqlite3
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from db.canonical import plain_json, readable_json
from db.errors import UnsupportedDatabase
from db.faults import Fault, fault_of
from db.line import Line, Overdue
from db.units import open_unit

BUSY_TIMEOUT_S = 5.0
READERS = 60  # connections to a SQLite file besides the usual five: as many as a server has threads
LISTENING = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}  # a server that is gone is noticed
_FIXED_BRANCHES = {(3, 44): 6, (3, 50): 7}  # SQLite branch -> first release of it with the WAL-reset fix
_FIXED_SINCE = (3, 51, 3)
_OLDEST = (3, 35, 0)  # RETURNING
_PLACE = "studio_place"  # in line, of a connection that writes
_EXAMPLES = "Use sqlite:///path/to/studio.db or postgresql://user:password@host/name."


@dataclass(frozen=True)
class Sessions:
    """Two doors to one database.

    SQLite has one writer. A transaction that reads first and writes later can fail at once whatever the timeout, so every writing
    transaction takes the write lock when it begins; pages poll, so reads must not. Hence two doors instead of one.
    Never open one inside the other: the outer read keeps the inner write from committing.
    """

    _write: sessionmaker[Session]
    _read: sessionmaker[Session]

    def begin(self) -> AbstractContextManager[Session]:
        """A transaction that may write: committed at the end of the `with` (or of the unit it is part of), rolled back by an exception."""
        unit = open_unit()
        return self._write.begin() if unit is None else unit.joined(self._write)

    def read(self) -> AbstractContextManager[Session]:
        """A transaction that sees one moment of the database; the database refuses any write in it."""
        unit = open_unit()
        return self._read.begin() if unit is None else unit.reading(self._read)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file, whatever signs are in its path."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def make_engine(url: str, patience_s: float | None = None) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database; connects to nothing yet.

    Args:
        url: Of the database.
        patience_s: How long a statement waits for another program's lock, and a thread for a connection; None: BUSY_TIMEOUT_S.

    Raises:
        UnsupportedDatabase: Another database, SQLite without a file, or no URL at all.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # the second for a port that is no number
        # The text is not shown: it may hold a password.
        raise UnsupportedDatabase(f"DATABASE_URL is not a database URL. {_EXAMPLES}") from error
    patience_s = BUSY_TIMEOUT_S if patience_s is None else patience_s
    backend = "postgresql" if parsed.drivername == "postgres" else parsed.get_backend_name()
    if backend == "postgresql":
        return _postgresql_engine(parsed, patience_s)
    if backend != "sqlite":
        raise UnsupportedDatabase(f"DATABASE_URL names {backend!r}, which is not supported. {_EXAMPLES}")
    if parsed.database in (None, "", ":memory:"):
        raise UnsupportedDatabase(f"DATABASE_URL names SQLite without a file, but several processes share the data. {_EXAMPLES}")
    if "?" in url:
        # What follows would be taken for options, and the file made elsewhere.
        raise UnsupportedDatabase("DATABASE_URL names a SQLite file with a ? behind it. Write a ? in its path as %3F and a % as %25; options are not taken.")
    if sqlite3.sqlite_version_info < _OLDEST:
        raise UnsupportedDatabase(f"The SQLite library of this Python is {sqlite3.sqlite_version}; 3.35 or newer is needed. Use a newer Python, or PostgreSQL.")
    # A connection that waits for a lock is held meanwhile; those who only read must still get one.
    return sqlite_engine(parsed, patience_s, max_overflow=READERS, pool_timeout=patience_s)


def _postgresql_engine(url: URL, patience_s: float) -> Engine:
    try:  # the short forms that hosting companies hand out name no driver
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_timeout=patience_s, json_serializer=plain_json, connect_args=LISTENING
        )
    except ModuleNotFoundError as error:
        raise UnsupportedDatabase("PostgreSQL needs one package more: python -m pip install 'psycopg[binary]'") from error

    def connect(dbapi: Any, record: object) -> None:
        dbapi.execute(f"SET lock_timeout = {int(patience_s * 1000)}")
        dbapi.commit()

    event.listen(engine, "connect", connect)
    return engine


def sqlite_engine(url: URL, patience_s: float, foreign_keys: bool = True, **options: Any) -> Engine:
    """An engine whose connections are set up for this app; `options` go to `create_engine`."""
    engine = create_engine(url, json_serializer=plain_json, json_deserializer=readable_json, **options)
    mode = journal_mode(sqlite3.sqlite_version_info)

    def connect(dbapi: sqlite3.Connection, record: object) -> None:
        dbapi.isolation_level = None  # SQLAlchemy begins: the driver's own way commits DDL behind our back
        dbapi.text_factory = _text  # the driver's own raises at a damaged byte, and with it the whole list of rows
        dbapi.execute(f"PRAGMA busy_timeout={int(patience_s * 1000)}")
        _set_journal_mode(dbapi, mode, patience_s)
        for pragma in (
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "synchronous=FULL",  # few human edits: none may be lost to a power cut
            "journal_size_limit=67108864",
            "trusted_schema=OFF",
            "recursive_triggers=ON",  # otherwise INSERT OR REPLACE deletes a version without asking its trigger
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    line = Line(patience_s)

    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("studio_read", False)
        connection.exec_driver_sql("PRAGMA query_only=ON" if read_only else "PRAGMA query_only=OFF")
        if read_only:
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_writing(connection, line)

    def checkin(dbapi: object, record: Any) -> None:
        if place := record.info.pop(_PLACE, None):
            line.leave(place)

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)
    event.listen(engine, "checkin", checkin)  # after whatever the connection did was committed or rolled back
    return engine


def _begin_writing(connection: Connection, line: Line) -> None:
    """Take the write lock, when it is this connection's turn; the place in line is kept until the connection is given back to the pool."""
    if _PLACE not in connection.info:  # which it is not between two transactions of one connection
        try:
            connection.info[_PLACE] = line.stand()
        except Overdue as error:
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError(f"database is locked: {error}")) from error
    left_s = line.patience_left_s(connection.info[_PLACE])
    if left_s == line.patience_s:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(left_s * 1000)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(line.patience_s * 1000)}")
    line.go_on()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL only where the library has the fix for its WAL-reset bug (two writers can corrupt the file), else TRUNCATE.

    Args:
        version: `sqlite3.sqlite_version_info`.
    """
    fixed_patch = _FIXED_BRANCHES.get((version[0], version[1]))
    fixed = version >= _FIXED_SINCE or (fixed_patch is not None and version[2] >= fixed_patch)
    return "WAL" if fixed else "TRUNCATE"


def journal_mode_now(session: Session) -> str:
    """How the database keeps its journal, asked of the database itself; the name of a database that has no such modes."""
    dialect = session.get_bind().dialect.name
    return str(session.scalar(text("PRAGMA journal_mode"))) if dialect == "sqlite" else dialect


def _set_journal_mode(dbapi: sqlite3.Connection, mode: str, patience_s: float) -> None:
    # Leaving or entering WAL needs the file for oneself, and SQLite does not wait for that by itself.
    deadline = time.monotonic() + patience_s
    while True:
        try:
            got = dbapi.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
        except sqlite3.OperationalError as error:
            got, fault = None, fault_of(error)
            if fault is Fault.READ_ONLY:
                return  # it is read as it is
            if fault is not Fault.BUSY or time.monotonic() > deadline:
                raise
        if got == mode.lower():
            return
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError(f"database is locked: its journal mode stays {got!r}, but {mode} is needed; close other programs that use it")
        time.sleep(0.05)


def make_sessions(engine: Engine) -> Sessions:
    """The two session factories on an engine. Rows stay readable after the transaction."""
    if engine.dialect.name == "sqlite":
        reading = engine.execution_options(studio_read=True)
    else:
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Sessions(sessionmaker(engine, expire_on_commit=False), sessionmaker(reading, expire_on_commit=False))


def clock(session: Session) -> datetime:
    """The database's clock, aware UTC: one clock for every process that shares the database.

    SQLite runs in the process that asks, on the one machine that holds the file.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now.astimezone(UTC)
