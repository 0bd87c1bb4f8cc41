"""One attempt at one job, in a process of its own: `python -m app attempt JOB OWNER ATTEMPT`, started by a launcher.

It reads the job's row, does what its kind asks for, and writes what happens back under its claim. If the claim is lost, the
trainer is gone, or a person asks for a stop, it commits a checkpoint and ends. Its exit status tells the launcher whether the
row already says how it ended.
"""

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from app.processes.helpers import HelperLost
from app.processes.lifeline import on_parent_gone
from app.processes.protocol import HANDED_BACK, HEARTBEAT_S, HELPER_LOST, LEASE_S, LOST, TOLD, WORK, attempt_key
from app.processes.store import Store, open_store
from app.settings import Settings
from core.errors import DiskFullError, StudioError
from core.progress import Stopped
from db import claims, jobs
from db.claims import Claim
from db.errors import LostLease
from db.session import Sessions, make_engine, make_sessions

log = logging.getLogger("studio.attempt")


@dataclass
class Watch:
    """Shared by the working thread and the heartbeat: why to stop, if at all."""

    sessions: Sessions
    claim: Claim
    reason: str | None = None  # asked, lost, orphaned
    ended: threading.Event = field(default_factory=threading.Event)

    def should_stop(self) -> bool:
        """Asked by the work after each step."""
        return self.reason is not None

    def beat(self) -> None:
        """Renew the lease until the work has ended; runs in a thread, so that a long step does not lose the job."""
        while not self.ended.wait(HEARTBEAT_S):
            try:
                with self.sessions.begin() as session:
                    if claims.heartbeat(session, self.claim, LEASE_S):
                        self.reason = self.reason or "asked"
            except LostLease:
                self.reason = "lost"
                return
            except Exception:
                log.exception("The heartbeat could not be written; trying again")  # a locked database must not end a job

    def orphan(self) -> None:
        """The trainer is gone."""
        self.reason = self.reason or "orphaned"

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
    except Stopped:
        return _stopped(watch)
    except HelperLost as error:
        log.error("%s", error)
        return HELPER_LOST
    except StudioError as error:
        log.error("%s", error)
        return _fail(watch, error.kind, str(error))
    except OSError as error:
        log.exception("The system refused something")
        full = DiskFullError.kind if error.errno == 28 else "system"
        return _fail(watch, full, f"The system said: {error.strerror or error} ({error.filename or 'no file'}). Put that right, then resume.")
    except LostLease:
        raise
    except Exception as error:
        log.exception("This is a bug")
        return _fail(watch, "bug", f"{type(error).__name__}: {error}. This is a mistake in the program; the log of this run has the details.")


def _work(settings: Settings, watch: Watch, store: Store) -> None:
    """Do what the job's kind asks for, in a folder that begins with what the last attempt has committed."""
    with watch.sessions.read() as session:
        module, _, name = WORK[jobs.get_job(session, watch.claim.job_id).kind].partition(":")
    do: DoJob = getattr(import_module(module), name)
    for earlier in range(watch.claim.attempt - 1, 0, -1):
        if store.exists(previous := attempt_key(watch.claim.job_id, earlier)):
            store.inherit(previous, watch.key)
            break
    with store.workspace(watch.key) as folder:
        do(settings, watch, folder)


def _stopped(watch: Watch) -> int:
    if watch.reason == "lost":
        return LOST
    with watch.sessions.begin() as session:
        if watch.reason == "asked":
            claims.mark_stopped(session, watch.claim)
            return TOLD
        claims.hand_back(session, watch.claim, "The studio was stopped; the run goes on from its last checkpoint.")
    return HANDED_BACK


def _fail(watch: Watch, kind: str, text: str) -> int:
    with watch.sessions.begin() as session:
        claims.fail(session, watch.claim, kind, text)
    return TOLD
