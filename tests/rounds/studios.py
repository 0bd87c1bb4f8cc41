"""A whole studio as a person starts it, on a tiny model: its processes can be killed one by one, and what its runs leave is told."""

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from app.processes.lifeline import own_identity
from app.processes.patience import persist
from app.services.studio import open_studio
from app.settings import prepare_data_folder
from core.methods.settings import config_to_data
from db import claims, jobs, machines, runs
from db.query_sets import add_query_set
from db.status import JobStatus
from db.tables import Job
from tests.app import warm
from tests.app.planting import HARDWARE, get_run, settings_for, version_id
from tests.app.serving import free_port
from tests.rounds.small_runs import QUERIES, small_config
from tests.tiny import save_tiny_model

ROOT = Path(__file__).parents[2]
UP_WITHIN_S = 300.0
DOWN_WITHIN_S = 60.0
ENDED = (JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED)
T = TypeVar("T")


@dataclass(frozen=True)
class Left:
    """All that a run leaves but how long it took."""

    status: str
    told: str | None  # why it failed
    adapter: str  # hash in the row
    bytes: str  # hash of the file
    record: dict[str, Any]
    result: dict[str, Any]
    curve: list[tuple[Any, ...]]
    replies: list[tuple[Any, ...]]

    def differs_in(self, other: "Left") -> list[str]:
        """The names of what is not the same."""
        return [field.name for field in fields(self) if getattr(self, field.name) != getattr(other, field.name)]


class Whole:
    """`python -m app`: supervisor, page, trainer, model host. It begins without a run, and the others come once its page is there."""

    def __init__(self, data: Path) -> None:
        self.settings = replace(settings_for(data), port=free_port(), device="cpu", model=str(data / "models" / "tiny"))
        prepare_data_folder(self.settings)
        save_tiny_model(Path(self.settings.model))
        self.studio = open_studio(self.settings)
        with self.studio.sessions.begin() as session:
            machines.put_machine(session, platform.node(), asdict(HARDWARE))  # so that the trainer begins without measuring
            self.queries = add_query_set(session, "Tiny", "test", QUERIES).id
        self.environ = os.environ | self.settings.to_environment()
        with (data / "studio.log").open("ab") as log:
            command = [sys.executable, "-m", "app"]
            self.supervisor = psutil.Popen(command, cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def process(self, who: str) -> psutil.Process | None:
        """Who does the work called `who` now: web, trainer, model-host, or attempt, which is a child of the trainer."""
        try:
            parent = self.supervisor if who != "attempt" else self.process("trainer")
            return next((child for child in parent.children() if child.cmdline()[2:4] == ["app", who]), None) if parent is not None else None
        except psutil.NoSuchProcess:
            return None

    def kill(self, who: str) -> bool:
        """SIGKILL, to the whole group of an attempt. Returns whether it was there."""
        process = self.process(who)
        try:
            if process is not None:
                (os.killpg if who == "attempt" else os.kill)(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return process is not None

    def wait(self) -> None:
        """Return once page, trainer and model host are all there."""
        deadline = time.monotonic() + UP_WITHIN_S
        while self.parts() != {"database": "ok", "trainer": "ok", "model host": "ok"}:
            assert time.monotonic() < deadline and self.supervisor.poll() is None, (self.parts(), self.log())
            time.sleep(0.1)

    def parts(self) -> object:
        """What /healthz says of them; None while it does not answer."""
        try:
            return httpx.get(f"{self.settings.url}/healthz", timeout=5, trust_env=False, verify=False).json()["parts"]
        except (httpx.HTTPError, ValueError):
            return None

    def stop(self) -> None:
        """As Ctrl-C does; who does not follow is killed with all its children."""
        self.supervisor.send_signal(signal.SIGINT)
        try:
            status = self.supervisor.wait(DOWN_WITHIN_S)
        except psutil.TimeoutExpired:
            for process in (*self.supervisor.children(recursive=True), self.supervisor):
                process.kill()
            raise
        finally:
            self.studio.engine.dispose()
        assert status == 0, self.log()

    def log(self) -> str:
        return (self.settings.data / "studio.log").read_text()[-3000:]

    def queue(self, seed: int, key: str) -> int:
        """Ask for a small run. Returns its id."""
        new = runs.NewRun(
            version_id=version_id(self.studio),
            query_set_id=self.queries,
            model=self.settings.model,
            config=config_to_data(small_config(seed)),
            requested_by="you",
            request_key=key,
        )

        def add() -> int:
            with self.studio.sessions.begin() as session:
                return runs.add_run(session, new).id

        return _patiently(add)

    @property
    def first_run(self) -> int:
        with self.studio.sessions.read() as session:
            return min(summary.run.id for summary in runs.list_runs(session))

    def leave_alone(self, seed: int) -> Left:
        """What a small run leaves whose one attempt nobody disturbs. This process holds it, and so the trainer does not touch it."""
        run_id = self.queue(seed, f"alone-{seed}")
        with self.studio.sessions.begin() as session:
            held = claims.claim_next(session, "alone", dict(own_identity()), UP_WITHIN_S)
            assert held is not None and held.id == run_id
        with open(os.devnull) as nothing, (self.settings.data / "alone.log").open("ab") as log:
            attempt = warm.start(["attempt", run_id, "alone", held.attempt], self.environ, (nothing.fileno(), log.fileno(), log.fileno()))
        attempt.join(UP_WITHIN_S)
        left = self.left(run_id)
        assert left.status == JobStatus.FINISHED and left.adapter == left.bytes, (left.told, (self.settings.data / "alone.log").read_text()[-3000:])
        return left

    def job(self, run_id: int) -> Job:
        def read() -> Job:
            with self.studio.sessions.read() as session:
                return jobs.get_job(session, run_id)

        return _patiently(read)

    def left(self, run_id: int) -> Left:
        """What a run that has ended left."""
        return _patiently(lambda: self._left(run_id))

    def _left(self, run_id: int) -> Left:
        row = get_run(self.studio, run_id)
        if row.job.status != JobStatus.FINISHED or row.adapter is None:
            return Left(row.job.status, row.job.error_text, "", "", {}, {}, [], [])
        adapter = self.settings.data / row.adapter
        record = json.loads((adapter.parent / "run.json").read_text())
        with self.studio.sessions.read() as session:
            curve = [(each.step, each.name, each.value) for each in runs.metrics(session, run_id)]
            replies = [(each.step, each.position, each.query, each.side, each.text) for each in runs.samples(session, run_id)]
        return Left(
            status=row.job.status,
            told=None,
            adapter=row.adapter_sha256 or "",
            bytes=hashlib.sha256((adapter / "adapter_model.safetensors").read_bytes()).hexdigest(),
            record={name: value for name, value in record.items() if name != "duration_s"},
            result={name: value for name, value in (row.result or {}).items() if name != "duration_s"},
            curve=curve,
            replies=replies,
        )


def _patiently(work: Callable[[], T]) -> T:
    """As the studio itself does where it works in the background: on a busy machine others may keep the database for longer than one patience."""
    return persist(work, lambda seconds: bool(time.sleep(seconds)))


@contextmanager
def whole_studio(data: Path) -> Iterator[Whole]:
    """One that was started, and is stopped in order afterwards."""
    studio = Whole(data)
    try:
        yield studio
    finally:
        studio.stop()
