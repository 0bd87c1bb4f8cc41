"""What an attempt said last, and what it waits for, for reading on a page."""

import re

from app.processes.patience import Hindrance, read_note
from app.processes.protocol import attempt_key
from app.processes.store import MissingFileError, Store
from db.faults import Fault
from db.status import JobStatus
from db.tables import Job

LOG_LINES = 100
LOG_BYTES = 64_000
FULL_BYTES = 1 << 20  # less than this is no room for anything


def log_tail(store: Store, key: str, lines: int = LOG_LINES) -> tuple[str, ...]:
    """The last lines of a log; empty when there is none yet."""
    try:
        with store.open(key) as file:
            file.seek(0, 2)
            start = max(0, file.tell() - LOG_BYTES)
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
    except MissingFileError:
        return ()
    shown = [_printable(line.rsplit("\r", 1)[-1]) for line in text.replace("\r\n", "\n").split("\n")]
    whole = shown[1:] if start else shown  # the first may be cut
    return tuple(line for line in whole if line)[-lines:]


def waits_for(store: Store, job: Job, silent: bool) -> Hindrance | None:
    """What a running attempt cannot go on without: as it says beside its log; where it could not even do that, as the disk says."""
    if job.status != JobStatus.RUNNING:
        return None
    told = read_note(store, attempt_key(job.id, job.attempt))
    if told is None and silent and job.heartbeat_at is not None and store.free_bytes() < FULL_BYTES:
        return Hindrance(Fault.FULL, job.heartbeat_at)
    return told


def _printable(line: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)  # colours and cursor movements
    return "".join(c if c.isprintable() or c == "\t" else " " for c in plain).rstrip()
