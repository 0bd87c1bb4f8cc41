"""One studio for one database, whatever data folder, link or machine it is reached from.

A studio keeps files beside its rows, so two of them on one database would each miss the other's. Whoever runs a whole studio holds its
lock; leases let any number of trainers work besides. The system, or the server, gives the lock back however its holder ends.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from db.errors import DatabaseInUse, UnwritableDatabase
from db.faults import fault_of
from db.session import make_engine

_KEY = 5_307_062  # of PostgreSQL's advisory locks; `db.schema` has the one before
_LONGEST_NAME = 63  # what PostgreSQL keeps of an application's name


class DatabaseLock(Protocol):
    """The right to be the one studio of a database."""

    def hold(self) -> bool:
        """Take the lock, or make sure that it is still ours. False: the database cannot be reached just now.

        Raises:
            DatabaseInUse: Another studio has it.
            UnwritableDatabase: The place of the database takes no lock.
        """

    def close(self) -> None:
        """Give it back."""


def database_lock(url: str, holder: str) -> DatabaseLock:
    """The lock of a database; not taken yet.

    Args:
        url: Of the database.
        holder: Who asks, in words for whoever is refused.

    Raises:
        UnsupportedDatabase: As `make_engine`.
    """
    engine = make_engine(url)
    return FileLock(Path(str(engine.url.database)), holder) if engine.dialect.name == "sqlite" else SessionLock(engine, holder)


class FileLock:
    """A locked file beside a SQLite file, named after where that really lies. Not the file itself: SQLite keeps locks of its own there."""

    def __init__(self, database: Path, holder: str) -> None:
        real = Path(os.path.realpath(database))
        self.database, self.path, self.holder = database, real.with_name(f"{real.name}.lock"), holder
        self._file: IO[str] | None = None

    def hold(self) -> bool:
        """As `DatabaseLock` says; what was taken stays taken."""
        if self._file is not None:
            return True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+", encoding="utf-8")
        except OSError as error:
            raise UnwritableDatabase(
                f"The folder of the database cannot be written to: {error.strerror} ({error.filename}). "
                "Give this user the right to write there, mount its disk for writing, or use another database."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            with file:
                file.seek(0)
                raise _in_use(f"The database {self.database}", file.read().strip()) from error
        with suppress(OSError):  # on a full disk nobody is named
            file.truncate(0)
            file.write(f"{self.holder}\n")
            file.flush()
        self._file = file
        return True

    def close(self) -> None:
        """Give it back; the file stays, since another may be waiting with it open."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


class SessionLock:
    """PostgreSQL's advisory lock, which lasts as long as the connection that took it."""

    def __init__(self, engine: Engine, holder: str) -> None:
        self.engine, self.holder = engine, holder
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """As `DatabaseLock` says; the server is asked each time."""
        try:
            if self._connection is None:
                self._take()
            else:
                self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            if fault_of(error) is None:
                raise
            self.close()
            return False
        return True

    def _take(self) -> None:
        connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": self.holder[:_LONGEST_NAME]})
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}):
                raise _in_use(f"The database {self.engine.url.database}", str(connection.scalar(_HOLDER, {"key": _KEY}) or ""))
        except BaseException:
            connection.invalidate()  # closed, not pooled: a session keeps its locks
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Give it back with the connection."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None


_HOLDER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
    "AND l.objid = :key AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def _in_use(what: str, holder: str) -> DatabaseInUse:
    return DatabaseInUse(f"{what} is in use by another Constitution Studio ({holder or 'unknown'}). Use that one, stop it first, or give this one another.")
