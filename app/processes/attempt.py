"""One attempt at one job, in a process of its own: `python -m app attempt JOB OWNER ATTEMPT`, started by a launcher.

It reads the job's row, does what its kind asks for, and writes what happens back under its claim. If the claim is lost, the
trainer is gone, or a person asks for a stop, it commits a checkpoint and ends. Its exit status tells the launcher whether the
row already says how it ended. Torch is loaded by what a kind of job does, where that needs it.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.processes.lifeline import on_parent_gone
from app.processes.patience import MOST_ROOM_BYTES, ROOM_BYTES, Hindrance, Interrupted, hindrance, persist, prepare_note, require_room, write_note
from app.processes.protocol import HANDED_BACK, HEARTBEAT_S, HELPER_LOST, LEASE_S, LOST, TOLD, UNTOLD, WORK, HelperLost, attempt_key
from app.processes.store import Store, open_store
from app.settings import Settings
from core.engine.faults import is_disk_full
from core.errors import StudioError
from core.progress import Stopped
from db import claims, jobs
from db.claims import Claim
from db.errors import LostLease
from db.session import Sessions, make_engine, make_sessions

TELL_WITHIN_S = 10.0  # when the end is wanted; the trainer kills soon after
log = logging.getLogger("studio.attempt")
T = TypeVar("T")


@dataclass
class Watch:
    """Shared by the working thread and the heartbeat: why to stop, if at all, and what is waited for."""

    sessions: Sessions
    claim: Claim
    reason: str | None = None  # asked, lost, orphaned
    ended: threading.Event = field(default_factory=threading.Event)
    called: threading.Event = field(default_factory=threading.Event)  # there is a reason
    folder: Path | None = None  # where it is said what is waited for

    def should_stop(self) -> bool:
        """Asked by the work after each step."""
        return self.reason is not None

    def persist(self, write: Callable[[], T]) -> T:
        """Have something written, however long that is hindered. Raises Interrupted when there is a reason to stop."""
        return persist(write, self.called.wait, self._tell)

    def _tell(self, waits: Hindrance | None) -> None:
        if self.folder is not None:
            write_note(self.folder, waits)

    def beat(self) -> None:
        """Renew the lease until the work has ended; runs in a thread, so that a long step does not lose the job."""
        while not self.ended.wait(HEARTBEAT_S):
            try:
                with self.sessions.begin() as session:
                    if claims.heartbeat(session, self.claim, LEASE_S):
                        self._call("asked")
            except LostLease:
                self.reason = "lost"
                self.called.set()
                return
            except Exception as error:  # a hindered database must not end a job
                log.warning("The heartbeat could not be written (%s); trying again", str(error).partition("\n")[0], exc_info=hindrance(error) is None)
                self._look()

    def _look(self) -> None:
        """Hear of a request to stop although nothing can be written."""
        with suppress(SQLAlchemyError), self.sessions.read() as session:
            if jobs.get_job(session, self.claim.job_id).cancel_requested:
                self._call("asked")

    def orphan(self) -> None:
        """The trainer is gone."""
        self._call("orphaned")

    def _call(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.called.set()

    @property
    def key(self) -> str:
        """Under which the files of this attempt are kept."""
        return attempt_key(self.claim.job_id, self.claim.attempt)


DoJob = Callable[[Settings, Watch, Path], None]  # does the job in a folder and writes that it is finished; raises Stopped, HelperLost, StudioError


def main(settings: Settings, job_id: int, owner: str, attempt: int) -> int:
    """Do the attempt. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    sessions = make_sessions(make_engine(settings.database_url))
    watch = Watch(sessions, Claim(job_id, owner, attempt))
    on_parent_gone(watch.orphan)
    threading.Thread(target=watch.beat, name="heartbeat", daemon=True).start()
    try:
        return _attempt(settings, watch)
    except LostLease as error:
        log.warning("%s", error)
        return LOST
    finally:
        watch.ended.set()


def _attempt(settings: Settings, watch: Watch) -> int:
    try:
        _work(settings, watch, open_store(settings))
        return TOLD
    except (Stopped, Interrupted):
        return _stopped(watch)
    except HelperLost as error:
        log.error("%s", error)
        return HELPER_LOST
    except StudioError as error:
        log.error("%s", error)
        return _fail(watch, error.kind, str(error))
    except OSError as error:
        log.exception("The system refused something")
        return _fail(watch, "system", f"The system said: {error.strerror or error} ({error.filename or 'no file'}). Put that right, then resume.")
    except LostLease:
        raise
    except Exception as error:
        log.exception("This is a bug")
        return _fail(watch, "bug", f"{type(error).__name__}: {error}. This is a mistake in the program; the log of this run has the details.")


def _work(settings: Settings, watch: Watch, store: Store) -> None:
    """Do what the job's kind asks for, in a folder that begins with what the last attempt has committed."""
    module, _, name = WORK[watch.persist(lambda: _kind(watch))].partition(":")
    do: DoJob = getattr(import_module(module), name)
    for earlier in range(watch.claim.attempt - 1, 0, -1):
        if store.exists(previous := attempt_key(watch.claim.job_id, earlier)):
            store.inherit(previous, watch.key)
            break
    with store.workspace(watch.key) as folder:
        watch.folder = folder
        prepare_note(folder)
        needed_bytes = ROOM_BYTES
        while not _done(lambda: do(settings, watch, folder)):  # it goes on from what was committed
            room = partial(require_room, folder, needed_bytes)
            watch.persist(room)
            needed_bytes = min(2 * needed_bytes, MOST_ROOM_BYTES)  # that was too little, should it be full again


def _kind(watch: Watch) -> str:
    with watch.sessions.read() as session:
        return jobs.get_job(session, watch.claim.job_id).kind


def _done(do: Callable[[], None]) -> bool:
    """Whether the work was done; not when the disk is full. Whatever it held in memory is let go by then."""
    try:
        do()
    except Exception as error:
        if not is_disk_full(error):
            raise
        log.warning("The disk is full: %s", error)
        return False
    return True


def _stopped(watch: Watch) -> int:
    if watch.reason == "lost":
        return LOST
    try:
        return _within(TELL_WITHIN_S, lambda: _end_in_order(watch))
    except Interrupted:
        return UNTOLD


def _end_in_order(watch: Watch) -> int:
    with watch.sessions.begin() as session:
        if watch.reason == "asked":
            claims.mark_stopped(session, watch.claim)
            return TOLD
        claims.hand_back(session, watch.claim, "The studio was stopped; the run goes on from its last checkpoint.")
    return HANDED_BACK


def _fail(watch: Watch, kind: str, text: str) -> int:
    def tell() -> int:
        with watch.sessions.begin() as session:
            claims.fail(session, watch.claim, kind, text)
        return TOLD

    try:
        return watch.persist(tell)
    except Interrupted:
        return UNTOLD


def _within(seconds: float, write: Callable[[], T]) -> T:
    """Have something written when the end is wanted already, which leaves little time."""
    deadline = time.monotonic() + seconds

    def pause(delay_s: float) -> bool:
        time.sleep(max(0.0, min(delay_s, deadline - time.monotonic())))
        return time.monotonic() >= deadline

    return persist(write, pause)
