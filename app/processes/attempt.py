"""One attempt at one run, in a process of its own: `python -m app attempt RUN OWNER ATTEMPT`, started by the trainer.

It reads the run's row, does the work with `core.runs.execute`, and writes what happens back under its claim. If the claim is
lost, the trainer is gone, or a person asks for a stop, it commits a checkpoint and ends. Its exit status tells the trainer
whether the row already says how it ended.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.processes.helpers import HelperLost, helped
from app.processes.lifeline import on_parent_gone
from app.processes.protocol import HANDED_BACK, HEARTBEAT_S, HELPER_LOST, LEASE_S, LOST, TOLD, attempt_folder
from app.settings import Settings
from core.constitution.principles import from_data
from core.constitution.queries import from_rows
from core.engine.checkpoints import inherit
from core.errors import DiskFullError, StudioError
from core.methods.settings import config_from_data
from core.progress import Listener, StepReport, Stopped
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.runs.records import RunRecord, result_data
from core.settings import ModelReference
from db import claims, constitutions, query_sets, runs
from db.claims import Claim, Metric, Progress, Sample
from db.errors import LostLease
from db.session import Sessions, make_engine, make_sessions

NICENESS = 10  # training must not make typing slow
log = logging.getLogger("studio.attempt")


@dataclass
class Watch:
    """Shared by the working thread and the heartbeat: why to stop, if at all."""

    sessions: Sessions
    claim: Claim
    reason: str | None = None  # asked, lost, orphaned
    ended: threading.Event = field(default_factory=threading.Event)

    def should_stop(self) -> bool:
        """Asked by the training loop after each step."""
        return self.reason is not None

    def beat(self) -> None:
        """Renew the lease until the work has ended; runs in a thread, so that a long step does not lose the run."""
        while not self.ended.wait(HEARTBEAT_S):
            try:
                with self.sessions.begin() as session:
                    if claims.heartbeat(session, self.claim, LEASE_S):
                        self.reason = self.reason or "asked"
            except LostLease:
                self.reason = "lost"
                return
            except Exception:
                log.exception("The heartbeat could not be written; trying again")  # a locked database must not end a run

    def orphan(self) -> None:
        """The trainer is gone."""
        self.reason = self.reason or "orphaned"


def main(settings: Settings, run_id: int, owner: str, attempt: int) -> int:
    """Do the attempt. Returns the exit status."""
    os.nice(NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    sessions = make_sessions(make_engine(settings.database_url))
    watch = Watch(sessions, Claim(run_id, owner, attempt))
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
    folder = attempt_folder(settings, watch.claim.run_id, watch.claim.attempt)
    reporter = Reporter(watch, folder)
    try:
        plan = _plan(settings, watch)
        for earlier in range(watch.claim.attempt - 1, 0, -1):
            if (previous := attempt_folder(settings, watch.claim.run_id, earlier)).exists():
                inherit(previous, folder)
                break
        with helped(plan, folder, settings.models_folder, settings.processes) as world:
            log.info("Processes that do this run: %d", world.size)
            record = execute(plan, folder, settings.models_folder, Listener(on_step=reporter, should_stop=watch.should_stop), world)
        return _finish(watch, record)
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


def _plan(settings: Settings, watch: Watch) -> RunPlan:
    with watch.sessions.read() as session:
        run = runs.get_run(session, watch.claim.run_id)
        version = constitutions.get_version_by_id(session, run.version_id)
        query_set = query_sets.get_query_set(session, run.query_set_id)
        return RunPlan(
            constitution=from_data(version.content),
            queries=tuple(from_rows(query_set.rows)),
            model=ModelReference(id=run.model, revision=run.revision),
            config=config_from_data(run.config),
            device=settings.device,
        )


def _finish(watch: Watch, record: RunRecord) -> int:
    with watch.sessions.begin() as session:
        if record.model.revision is not None:
            claims.set_model_revision(session, watch.claim, record.model.revision)
        claims.finish(session, watch.claim, str(record.adapter), record.adapter_sha256, result_data(record))
    log.info("Finished in %.0f s; adapter %s", record.duration_s, record.adapter_sha256[:12])
    return TOLD


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


class Reporter:
    """Turns step reports into rows: at most once a second, except for what would otherwise be lost."""

    def __init__(self, watch: Watch, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.watch, self.folder, self.clock = watch, folder, clock
        self.started = clock()
        self.written_at = -1e9
        self.pending: list[Metric] = []
        self.lasting: dict[str, None] = {}  # in the order they came
        self.phase_started: dict[str, tuple[float, int]] = {}

    def __call__(self, report: StepReport) -> None:
        """`on_step` of a run."""
        self.pending += [Metric(step=report.step, name=name, value=value) for name, value in report.metrics.items()]
        if report.lasting:
            self.lasting[report.lasting] = None
        log.info("%s", describe(report))
        due = self.clock() - self.written_at >= 1.0
        if due or report.replies or report.checkpoint is not None or report.done == report.total:
            self._write(report)

    def _write(self, report: StepReport) -> None:
        checkpoint = str(self.folder / report.checkpoint) if report.checkpoint is not None else None
        progress = Progress(
            phase=report.phase,
            step=report.done,
            total_steps=report.total,
            eta_s=self._eta(report),
            checkpoint=checkpoint,
            notice=report.note if report.phase == "preparing" else " ".join(self.lasting),
        )
        with self.watch.sessions.begin() as session:
            claims.set_progress(session, self.watch.claim, progress)
            if self.pending:
                claims.add_metrics(session, self.watch.claim, self.pending)
            if report.replies:
                claims.add_samples(session, self.watch.claim, _samples(report))
        self.pending = []
        self.written_at = self.clock()

    def _eta(self, report: StepReport) -> float | None:
        """Seconds left in this phase, from its own pace in this attempt; the page adds the phases to come."""
        started, first = self.phase_started.setdefault(report.phase, (self.clock(), report.done))
        made = report.done - first
        if report.phase == "preparing" or made <= 0:
            return None
        return (self.clock() - started) / made * (report.total - report.done)


def _samples(report: StepReport) -> list[Sample]:
    positions: dict[str, int] = {}
    return [
        Sample(step=report.step, position=positions.setdefault(reply.query, len(positions)), query=reply.query, side=reply.side, text=reply.text)
        for reply in report.replies
    ]


def describe(report: StepReport) -> str:
    """A report as one line of a log."""
    numbers = " ".join(f"{name} {value:.3f}" for name, value in report.metrics.items())
    return " ".join(part for part in (report.phase, f"{report.done}/{report.total}", numbers, report.note) if part)
