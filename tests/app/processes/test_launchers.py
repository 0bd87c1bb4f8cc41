"""The local launcher with real children, and a trainer that knows its launcher by the protocol alone."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.processes import launchers
from app.processes.launchers import NICENESS, Attempt, Exit, LocalLauncher, attempt_command
from app.processes.protocol import HANDED_BACK, LOST, TOLD
from app.processes.trainer import Trainer, survey_place, work_once
from app.services.plans import known_hardware
from app.services.studio import Studio
from core.machine import Hardware
from db import jobs, machines
from db.claims import Claim
from db.session import clock
from db.status import JobStatus
from db.tables import Machine
from tests.app.planting import HARDWARE, get_run, make_studio, queue


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


def start(studio: Studio, code: str) -> Attempt:
    return LocalLauncher(studio.settings, studio.store, lambda _: [sys.executable, "-c", code]).start(Claim(7, "owner", 1))


def end_of(attempt: Attempt) -> Exit:
    deadline = time.monotonic() + 30
    while (ended := attempt.wait(0.1)) is None:
        assert time.monotonic() < deadline
    return ended


def said(studio: Studio) -> str:
    with studio.store.open("runs/7/attempt-1/log.txt") as file:
        return file.read().decode()


def test_a_child_is_started_with_its_claim() -> None:
    assert attempt_command(Claim(7, "owner", 2))[-4:] == ["attempt", "7", "owner", "2"]


def test_a_child_says_things_into_its_log_at_low_priority_and_knows_that_it_is_watched(studio: Studio) -> None:
    attempt = start(studio, "import os, time; time.sleep(0.2); print(os.nice(0), os.environ['STUDIO_SUPERVISED'], os.getsid(0) == os.getpid())")
    assert end_of(attempt) == Exit(None)
    assert said(studio).split() == [str(min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)), "1", "True"]


def test_a_child_that_is_let_go_sees_its_pipe_close(studio: Studio) -> None:
    attempt = start(studio, "import os, sys; os.read(0, 1); print('saved'); sys.exit(3)")
    assert attempt.wait(0.3) is None
    attempt.let_go()
    assert end_of(attempt) == Exit(None)
    attempt.let_go()  # also after the end
    assert said(studio) == "saved\n"


@pytest.mark.parametrize(("status", "told"), [(TOLD, True), (HANDED_BACK, True), (LOST, True), (1, False)])
def test_an_exit_status_tells_whether_the_row_says_how_it_ended(studio: Studio, status: int, told: bool) -> None:
    ended = end_of(start(studio, f"raise SystemExit({status})"))
    assert (ended.death is None) == told


def test_a_killed_child_takes_its_own_children_with_it(studio: Studio) -> None:
    attempt = start(studio, "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)")
    deadline = time.monotonic() + 30
    while not said(studio) and time.monotonic() < deadline:
        time.sleep(0.05)
    attempt.kill()
    ended = end_of(attempt)
    assert ended.death is not None
    assert "signal 9" in ended.death
    stat = Path(f"/proc/{said(studio).strip()}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass
class Cluster:
    """A launcher without any process: attempts end as the test says."""

    ends: list[Exit]
    place: str = "cluster"
    local: bool = False
    identity: dict[str, Any] = field(default_factory=lambda: {"cluster": "a"})
    started: list[Claim] = field(default_factory=list)
    surveys: int = 0
    four_bit: bool | None = None

    def is_alive(self, identity: Mapping[str, Any]) -> bool | None:
        return None

    def start(self, claim: Claim) -> Attempt:
        self.started.append(claim)
        return Sent(self.ends.pop(0))

    def survey(self, known: Hardware | None) -> Hardware | None:
        self.surveys += known is None
        return replace(known or HARDWARE, four_bit=self.four_bit)


@dataclass
class Sent:
    ended: Exit

    def wait(self, timeout_s: float) -> Exit | None:
        return self.ended

    def let_go(self) -> None: ...

    def kill(self) -> None: ...


def test_a_trainer_works_through_any_launcher(studio: Studio) -> None:
    run_id = queue(studio)
    cluster = Cluster(ends=[Exit("The node was taken away."), Exit(None)])
    trainer = Trainer(studio.sessions, cluster)
    assert work_once(trainer)
    run = get_run(studio, run_id)
    assert run.job.status == JobStatus.QUEUED
    assert run.job.notice == "The node was taken away. It goes on from the beginning (attempt 1 ended early)."
    assert work_once(trainer)
    assert [(claim.job_id, claim.attempt) for claim in cluster.started] == [(run_id, 1), (run_id, 2)]
    assert get_run(studio, run_id).job.owner_identity == {"cluster": "a"}


def test_a_trainer_leaves_jobs_alone_that_it_cannot_do(studio: Studio) -> None:
    with studio.sessions.begin() as session:
        job_id = jobs.add_job(session, jobs.NewJob(kind="unheard of", requested_by="Ann", request_key="some-request")).id
    assert not work_once(Trainer(studio.sessions, Cluster(ends=[])))
    with studio.sessions.read() as session:
        assert jobs.get_job(session, job_id).status == JobStatus.QUEUED


def test_the_estimates_ask_the_place_that_will_do_the_work(studio: Studio) -> None:
    """The machine that serves the pages was measured when it trained; now a cluster does."""
    with studio.sessions.begin() as session:
        machines.put_machine(session, "the web's own host", {**vars(HARDWARE), "cores": 1})
    cluster = Cluster(ends=[])
    survey_place(Trainer(studio.sessions, cluster))
    assert known_hardware(studio) == HARDWARE
    survey_place(Trainer(studio.sessions, cluster))
    assert cluster.surveys == 1


def test_what_is_installed_is_looked_at_again_whenever_a_trainer_starts(studio: Studio) -> None:
    for four_bit in (False, True):
        cluster = Cluster(ends=[], four_bit=four_bit)
        survey_place(Trainer(studio.sessions, cluster))
        assert known_hardware(studio) == replace(HARDWARE, four_bit=four_bit)
    assert cluster.surveys == 0


def test_a_place_that_was_measured_is_not_measured_again(studio: Studio) -> None:
    known = LocalLauncher(studio.settings, studio.store).survey(HARDWARE)
    assert known is not None
    assert replace(known, four_bit=HARDWARE.four_bit) == HARDWARE
    assert known.four_bit is not None


@pytest.mark.parametrize(
    ("ago", "doubted", "again"),
    [(timedelta(days=6), False, False), (timedelta(days=8), False, True), (timedelta(hours=2), True, True), (timedelta(minutes=50), True, False)],
)
def test_a_place_is_measured_again_when_that_is_long_ago_or_a_run_contradicts_it(studio: Studio, ago: timedelta, doubted: bool, again: bool) -> None:
    """What was just measured is not doubted: then the estimates are wrong there, and measuring again would not help."""
    with studio.sessions.begin() as session:
        machines.put_machine(session, "cluster", vars(replace(HARDWARE, matmul_gflops=223.0)))
        session.query(Machine).update({"measured_at": clock(session) - ago})
    if doubted:
        with studio.sessions.begin() as session:
            machines.doubt_machine(session, "cluster")
    cluster = Cluster(ends=[])
    survey_place(Trainer(studio.sessions, cluster))
    assert cluster.surveys == int(again)
    found = known_hardware(studio)
    assert found is not None and found.matmul_gflops == (HARDWARE.matmul_gflops if again else 223.0)
    survey_place(Trainer(studio.sessions, cluster))
    assert cluster.surveys == int(again)


def test_a_place_whose_figures_cannot_be_read_is_measured_again(studio: Studio) -> None:
    with studio.sessions.begin() as session:
        machines.put_machine(session, "cluster", {"cores": 2})
    assert known_hardware(studio) is None
    survey_place(Trainer(studio.sessions, Cluster(ends=[])))
    assert known_hardware(studio) == HARDWARE


def test_a_place_that_hangs_when_it_is_measured_is_given_up_with_signs_of_life_meanwhile(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a driver does that never answers; runs begin all the same."""
    hanging = tmp_path / "python"
    hanging.write_text("#!/bin/sh\nexec sleep 600\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(launchers, "SURVEY_WITHIN_S", 2.5)
    monkeypatch.setattr(sys, "executable", str(hanging))
    signs = list[int]()
    survey_place(Trainer(studio.sessions, LocalLauncher(studio.settings, studio.store), alive=lambda: signs.append(1)))
    assert known_hardware(studio) is None
    assert len(signs) >= 2
