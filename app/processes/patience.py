"""One policy for all that is written in the background: what a busy database or a full disk hinders waits, says so, and goes on.

Nothing that passes by itself, or by somebody's making room, ends a run or is called a mistake in the program. Imports no torch.
"""

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from app.processes.store import WAITING, MissingFileError, Store
from core.engine.faults import is_disk_full
from db.faults import Fault, fault_of

FIRST_S, LONGEST_S = 0.25, 10.0  # between two tries: each is twice as long after the last as that was
ROOM_BYTES = 64 << 20  # that must be free again before work whose disk was full begins anew
MOST_ROOM_BYTES = 2 << 30
NOTE_BYTES = 512
WORDS = {  # what is wrong, and what to do about it
    Fault.BUSY: ("Another program keeps the database busy", "close what else has it open"),
    Fault.FULL: ("The disk is full", "free some space"),
    Fault.READ_ONLY: ("The database is read-only", "make its file, its folder and its disk writable"),
    Fault.DISK: ("The disk does not write the database (I/O error)", "look at the disk, its quota and the system's log"),
    Fault.AWAY: ("The database cannot be reached", "see that its server runs, or its file is in its place"),
    Fault.CROWDED: ("All connections to the database are in use", "let its server take more of them"),
}
log = logging.getLogger("studio.patience")
T = TypeVar("T")


class Interrupted(Exception):
    """Somebody wants an end while something waits to be written."""


@dataclass(frozen=True)
class Hindrance:
    """What something that is to be written waits for, and since when."""

    fault: Fault
    since: datetime

    @property
    def words(self) -> str:
        return WORDS[self.fault][0]

    @property
    def remedy(self) -> str:
        return WORDS[self.fault][1]


Tell = Callable[[Hindrance | None], object]


def hindrance(error: BaseException) -> Fault | None:
    """What hindered a write that may succeed later; None for any other error."""
    fault = Fault.FULL if is_disk_full(error) else fault_of(error)
    return fault if fault is not None and fault.passes else None


def persist(write: Callable[[], T], pause: Callable[[float], bool], tell: Tell = lambda _: None) -> T:
    """Write, and try again for as long as what hinders it may pass. Another error is raised as it is.

    Args:
        write: A whole transaction, or a whole file: done again from its beginning.
        pause: Waits so many seconds; says whether somebody wants an end.
        tell: Told what hinders the write when that begins or changes, and None once it is done.

    Raises:
        Interrupted: Somebody wants an end; the last error is its cause.
    """
    delay_s, now = FIRST_S, None
    while True:
        try:
            done = write()
        except Exception as error:
            fault = hindrance(error)
            if fault is None:
                raise
            if now is None or now.fault is not fault:
                now = Hindrance(fault, datetime.now(UTC))
                log.warning("%s; trying again until it is written (%s)", now.words, str(error).partition("\n")[0])
                tell(now)
            if pause(delay_s):
                raise Interrupted from error
            delay_s = min(2 * delay_s, LONGEST_S)
        else:
            if now is not None:
                log.info("It is written now")
                tell(None)
            return done


def require_room(folder: Path, needed_bytes: int) -> None:
    """Raise OSError unless so much can be written into a folder: asked by writing it, since a quota may be nearer than the disk's end."""
    probe = folder / f".room.{os.getpid()}"
    block = b"\1" * (1 << 20)
    try:
        with probe.open("wb") as file:
            for _ in range(needed_bytes // len(block)):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def prepare_note(folder: Path) -> None:
    """Lay down the file of `write_note` while there is room, so that writing into it needs none."""
    with suppress(OSError), (folder / WAITING).open("wb") as file:
        file.write(b" " * NOTE_BYTES)
        file.flush()
        os.fsync(file.fileno())


def write_note(folder: Path, waits: Hindrance | None) -> None:
    """Say beside the log of an attempt what it waits for: its row cannot be written just now."""
    text = json.dumps({"fault": waits.fault.value, "since": waits.since.isoformat()}) if waits else ""
    with suppress(OSError), (folder / WAITING).open("r+b") as file:
        file.write(text.encode().ljust(NOTE_BYTES))


def read_note(store: Store, key: str) -> Hindrance | None:
    """What the attempt under a key waits for; None when it waits for nothing."""
    try:
        with store.open(f"{key}/{WAITING}") as file:
            said = json.loads(file.read(NOTE_BYTES) or b"null")
        return Hindrance(Fault(said["fault"]), datetime.fromisoformat(said["since"]))
    except (MissingFileError, ValueError, TypeError, KeyError, OSError):
        return None
