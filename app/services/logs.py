"""What an attempt said last, for reading on a page."""

import re

from app.processes.store import MissingFileError, Store

LOG_LINES = 100
LOG_BYTES = 64_000


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


def _printable(line: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)  # colours and cursor movements
    return "".join(c if c.isprintable() or c == "\t" else " " for c in plain).rstrip()
