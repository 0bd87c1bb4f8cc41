"""What hinders a database, told apart by result codes and states, which stay the same whatever language or version a message is of."""

import sqlite3
from enum import StrEnum
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Fault(StrEnum):
    """Why the database did not do what was asked, where the program that asked is not to blame."""

    BUSY = "busy"
    FULL = "full"
    READ_ONLY = "read-only"
    DISK = "disk"
    AWAY = "away"
    CROWDED = "crowded"
    DAMAGED = "damaged"

    @property
    def words(self) -> str:
        """What is wrong, and what to do about it."""
        return _WORDS[self]

    @property
    def passes(self) -> bool:
        """Whether it may be over in a while without a change to the rows: what is written in the background waits for that."""
        return self is not Fault.DAMAGED


_WORDS = {
    Fault.BUSY: "The database is busy with another program. Try again in a moment; if it stays so, close what else has the database open.",
    Fault.FULL: "The disk is full, so nothing could be written. Free some space, then try again.",
    Fault.READ_ONLY: (
        "The database is read-only, so it can be looked at and not changed. Give this user the right to write its file and folder, "
        "or mount its disk for writing; then try again."
    ),
    Fault.DISK: "The disk does not read or write the database (I/O error). Look at the disk, its quota and the system's log, then try again.",
    Fault.AWAY: "The database cannot be reached. See that its server runs, or its file is where DATABASE_URL or the data folder says, then try again.",
    Fault.CROWDED: "All connections to the database are in use. Try again in a moment; if it stays so, let the server take more of them.",
    Fault.DAMAGED: "The database file is damaged. Stop the studio and restore a backup; `python -m app doctor` says more.",
}
_SQLITE = {  # primary result codes: https://www.sqlite.org/rescode.html
    5: Fault.BUSY,
    6: Fault.BUSY,  # locked
    8: Fault.READ_ONLY,
    10: Fault.DISK,
    11: Fault.DAMAGED,
    13: Fault.FULL,
    14: Fault.AWAY,  # cannot open
    26: Fault.DAMAGED,  # not a database
}
_POSTGRESQL = {  # states, or their classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
    "08": Fault.AWAY,
    "25006": Fault.READ_ONLY,
    "40": Fault.BUSY,  # cannot be serialised, deadlock
    "53100": Fault.FULL,
    "53300": Fault.CROWDED,
    "55P03": Fault.BUSY,  # lock not available
    "57P": Fault.AWAY,  # shut down, starting
    "58": Fault.DISK,
    "XX001": Fault.DAMAGED,
    "XX002": Fault.DAMAGED,
}
_CROWDED = ("too many clients", "too many connections", "remaining connection slots")  # refused while connecting, which gives no state


def fault_of(error: BaseException) -> Fault | None:
    """What hindered the database; None where the statement, or whoever made it, is to blame."""
    if isinstance(error, PoolTimeout):
        return Fault.CROWDED
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    if not isinstance(error, DBAPIError):
        return None
    state = str(cause.sqlstate or "")  # psycopg's; None where no server answered
    if state:
        return next((fault for start, fault in _POSTGRESQL.items() if state.startswith(start)), None)
    if any(words in str(cause) for words in _CROWDED):
        return Fault.CROWDED
    return Fault.AWAY if type(cause).__name__ == "OperationalError" else None


def _of_sqlite(error: sqlite3.Error) -> Fault | None:
    code = getattr(error, "sqlite_errorcode", None)  # only errors that SQLite itself raised have one
    if code is None:
        return Fault.BUSY if "locked" in str(error) else None
    return _SQLITE.get(code & 0xFF)
