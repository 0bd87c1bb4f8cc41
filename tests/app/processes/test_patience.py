"""What is written in the background while the database is busy or the disk is full: it waits, says so, hears a stop, and goes on."""

import errno
import itertools
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from safetensors import SafetensorError
from sqlalchemy import Engine, event

from app.present.runs import messages_html
from app.processes import attempt
from app.processes.attempt import Watch
from app.processes.launchers import LocalLauncher
from app.processes.patience import Interrupted, hindrance, persist, prepare_note, require_room
from app.processes.protocol import TOLD, UNTOLD, WORK
from app.processes.trainer import Trainer, work_once
from app.processes.training import Reporter
from app.services.runs import run_view, stop
from app.services.studio import Studio
from app.settings import Settings
from core.errors import DiskFullError, StudioError
from core.progress import ShownReply, StepReport
from core.runs.pace import Pace
from db import claims, jobs, runs
from db.errors import LostLease
from db.faults import Fault
from db.session import BUSY_TIMEOUT_S, make_engine, make_sessions
from db.status import JobStatus
from db.tables import Job
from tests.app.planting import claim, make_studio, queue

STEP = StepReport(phase="training", done=1, total=2, metrics={"loss_nats": 0.5})
KEYS = itertools.count()


@dataclass
class Bench:
    """A run that is held by an attempt of this process, whose sessions lose their patience soon."""

    studio: Studio
    engine: Engine
    watch: Watch
    full: bool = False

    @property
    def job(self) -> Job:
        with self.studio.sessions.read() as session:
            return jobs.get_job(session, self.watch.claim.job_id)

    @contextmanager
    def busy_for(self, seconds: float, meanwhile: str = "SELECT 1") -> Iterator[None]:
        """Another program writes something and takes its time."""
        other = sqlite3.connect(str(self.engine.url.database), isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        other.execute(meanwhile)
        with after(seconds, lambda: other.execute("COMMIT")):
            yield
        other.close()


@contextmanager
def after(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    timer = threading.Timer(seconds, act)
    timer.start()
    yield
    timer.join()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = make_studio(tmp_path_factory.mktemp("patience") / "data")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def bench(studio: Studio) -> Iterator[Bench]:
    queue(studio, key=f"click-number-{next(KEYS)}")
    engine = make_engine(studio.settings.database_url, 0.1)
    made = Bench(studio, engine, Watch(make_sessions(engine), claim(studio)))

    @event.listens_for(engine, "begin")
    def limit(connection: object) -> None:
        pages = 1 if made.full else 1 << 30  # 1: as many as there are, which is what a full disk means
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    with studio.store.workspace(made.watch.key) as folder:
        made.watch.folder = folder
        prepare_note(folder)
    yield made
    if made.job.status == JobStatus.RUNNING:
        with studio.sessions.begin() as session:
            claims.fail(session, made.watch.claim, "test", "over")
    engine.dispose()


def shown(bench: Bench) -> str:
    return messages_html(run_view(bench.studio, bench.watch.claim.job_id))


def test_a_run_whose_database_is_busy_for_long_goes_on(bench: Bench) -> None:
    with bench.busy_for(0.8):
        Reporter(bench.watch, Pace({}))(STEP)
    assert (bench.job.status, bench.job.step) == (JobStatus.RUNNING, 1)
    with bench.studio.sessions.read() as session:
        assert [metric.value for metric in runs.metrics(session, bench.watch.claim.job_id)] == [0.5]


LOCKS = "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute('BEGIN IMMEDIATE'); print(flush=True); time.sleep(7)"


def test_a_lock_that_another_process_holds_for_seven_seconds_ends_no_run(bench: Bench) -> None:
    """With the patience that an attempt really has: five seconds for one try."""
    engine = make_engine(bench.studio.settings.database_url)
    watch = replace(bench.watch, sessions=make_sessions(engine))
    with subprocess.Popen([sys.executable, "-c", LOCKS, str(engine.url.database)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        began = time.monotonic()
        Reporter(watch, Pace({}))(STEP)
        assert time.monotonic() - began > BUSY_TIMEOUT_S
    engine.dispose()
    assert (bench.job.status, bench.job.step) == (JobStatus.RUNNING, 1)


def test_a_run_whose_disk_is_full_waits_says_so_and_goes_on(bench: Bench) -> None:
    bench.full = True
    told: list[str] = []

    def make_room() -> None:
        told.append(shown(bench))
        bench.full = False

    replies = tuple(ShownReply(query="Why?", side=side, text="Because. " * 2000) for side in ("statement", "antithesis"))
    with after(0.6, make_room):
        Reporter(bench.watch, Pace({}))(StepReport(phase="training", done=1, total=2, replies=replies))
    assert "The disk is full since <time" in told[0]
    assert "free some space, it goes on by itself" in told[0]
    assert "The disk is full" not in shown(bench)
    assert (bench.job.status, bench.job.step, bench.job.error_text) == (JobStatus.RUNNING, 1, None)


def test_a_stop_is_heard_while_something_waits(bench: Bench) -> None:
    with bench.busy_for(1.5), after(0.3, bench.watch.orphan):
        Reporter(bench.watch, Pace({}))(STEP)
        assert bench.watch.should_stop()
    assert bench.job.step == 0


def test_a_request_to_stop_is_heard_where_nothing_can_be_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "HEARTBEAT_S", 0.05)
    stop(bench.studio, bench.watch.claim.job_id)
    with bench.busy_for(1.0):
        beating = threading.Thread(target=bench.watch.beat)
        beating.start()
        assert bench.watch.called.wait(20)
        assert bench.watch.reason == "asked"
        bench.watch.ended.set()
    beating.join()


def test_a_lease_that_was_lost_meanwhile_is_noticed_after_the_wait(bench: Bench) -> None:
    taken = f"UPDATE job SET owner = 'another', attempt = attempt + 1 WHERE id = {bench.watch.claim.job_id}"
    with bench.busy_for(0.6, taken), pytest.raises(LostLease):
        Reporter(bench.watch, Pace({}))(STEP)
    assert bench.job.step == 0
    with bench.studio.sessions.begin() as session:
        claims.fail(session, claims.claim_of(session.get_one(Job, bench.watch.claim.job_id)), "test", "over")


FULL = [
    OSError(errno.ENOSPC, "No space left on device", "checkpoint-000004"),
    OSError(errno.EDQUOT, "Disk quota exceeded", "checkpoint-000004"),
    SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    DiskFullError("The disk is full: curve.json could not be written."),
]
TOLD_BY_HELPER = StudioError("The disk is full: best could not be written.")
TOLD_BY_HELPER.kind = "disk"


def fills_the_disk(settings: Settings, watch: Watch, folder: Path) -> None:
    """A job whose disk is full the first time; what it had committed is there the second time."""
    done = folder / "done-before"
    if not done.exists():
        done.touch()
        raise [*FULL, TOLD_BY_HELPER][int(settings.model)]
    with watch.sessions.begin() as session:
        claims.finish(session, watch.claim)


def refused(settings: Settings, watch: Watch, folder: Path) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", "adapter")


@pytest.mark.parametrize("number", range(len(FULL) + 1))
def test_work_whose_disk_was_full_begins_anew_when_there_is_room(bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setitem(WORK, "train", f"{__name__}:fills_the_disk")
    monkeypatch.setattr(attempt, "ROOM_BYTES", 1 << 20)
    settings = Settings(data=bench.studio.settings.data, database_url=bench.studio.settings.database_url, model=str(number))
    assert attempt._attempt(settings, bench.watch) == TOLD
    assert (bench.job.status, bench.job.attempt) == (JobStatus.FINISHED, bench.watch.claim.attempt)


def test_what_does_not_pass_by_itself_still_ends_the_run_in_words(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORK, "train", f"{__name__}:refused")
    assert attempt._attempt(bench.studio.settings, bench.watch) == TOLD
    assert (bench.job.status, bench.job.error_kind) == (JobStatus.FAILED, "system")


def test_an_end_that_cannot_be_written_in_time_is_left_to_the_trainer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "TELL_WITHIN_S", 0.3)
    bench.watch.orphan()
    with bench.busy_for(1.2):
        assert attempt._stopped(bench.watch) == UNTOLD


def test_the_trainer_waits_for_a_busy_database_and_hears_a_stop(studio: Studio) -> None:
    engine = make_engine(studio.settings.database_url, 0.1)
    trainer = Trainer(make_sessions(engine), LocalLauncher(studio.settings, studio.store))
    bench = Bench(studio, engine, Watch(trainer.sessions, claims.Claim(0, "nobody", 0)))
    with bench.busy_for(0.6):
        assert not work_once(trainer)
    with bench.busy_for(1.0), after(0.2, trainer.stopping.set):
        assert not work_once(trainer)
    engine.dispose()


def test_a_trainer_that_waits_for_the_database_gives_signs_of_life(studio: Studio) -> None:
    """Else it would be taken for one that hangs, and ended for a fault of somebody else."""
    engine, signs = make_engine(studio.settings.database_url, 0.1), list[int]()
    trainer = Trainer(make_sessions(engine), LocalLauncher(studio.settings, studio.store), alive=lambda: signs.append(1))
    bench = Bench(studio, engine, Watch(trainer.sessions, claims.Claim(0, "nobody", 0)))
    with bench.busy_for(2.5):
        assert not work_once(trainer)
    assert len(signs) >= 3
    engine.dispose()


def test_tries_come_more_and_more_rarely_and_never_rarer_than_ten_seconds() -> None:
    waited: list[float] = []

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) == 10

    def write() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Interrupted):
        persist(write, pause)
    assert waited == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0]


def test_other_errors_are_raised_at_once() -> None:
    def write() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        persist(write, lambda _: pytest.fail("it waited"))
    assert hindrance(OSError(errno.EACCES, "Permission denied")) is None
    assert hindrance(sqlite3.OperationalError("no such table: job")) is None
    assert hindrance(DiskFullError("full")) is Fault.FULL


def test_asking_for_room_leaves_nothing_behind(tmp_path: Path) -> None:
    require_room(tmp_path, 3 << 20)
    assert list(tmp_path.iterdir()) == []
