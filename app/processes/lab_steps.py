"""What attempts at batteries of probes and at drift matrices have in common: the record of a run, how far they are in their row, and the end."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.processes.adapter_models import read_run
from app.processes.attempt import Watch
from app.processes.patience import Interrupted
from app.processes.store import MissingFileError
from db import claims
from db.claims import Progress

EVERY_S = 1.0
log = logging.getLogger("studio.labs")


def record_of(adapter: Path) -> dict[str, Any]:
    """The record of the run that made what lies in a folder.

    Raises:
        MissingFileError: It is not there.
    """
    record = read_run(adapter)
    if record is None:
        raise MissingFileError("The files of the run that is to be examined are not on this machine any more.")
    return record


@dataclass
class Told:
    """How far an attempt is, in its row: at most once a second, but for what is told at once."""

    watch: Watch
    written_at: float = -1e9

    def tell(self, told: Progress, *, at_once: bool) -> None:
        """Write it, unless something was written just before."""
        if not at_once and time.monotonic() - self.written_at < EVERY_S:
            return
        try:
            self.watch.persist(lambda: self._store(told))
        except Interrupted:
            return  # whoever works asks next whether to stop
        self.written_at = time.monotonic()

    def _store(self, told: Progress) -> None:
        with self.watch.sessions.begin() as session:
            claims.set_progress(session, self.watch.claim, told)


def finish(watch: Watch) -> None:
    """Write that all is done."""
    with watch.sessions.begin() as session:
        claims.finish(session, watch.claim)
    log.info("All is done")
