"""Dead, frozen and killed trainers, on both databases with real processes."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from subprocess import Popen
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from db import claims, jobs, runs
from db.claims import Claim, Progress
from db.session import Sessions, clock, make_engine, make_sessions
from db.status import JobStatus
from db.tables import Job, Run
from tests.db.rows import dump

QueueRun = Callable[..., Run]
Race = Callable[[Callable[[str], object], int], list[str]]
HERE = {"host": "here", "pid": 1}


def alive(identity: dict[str, Any]) -> bool | None:
    return True


def dead(identity: dict[str, Any]) -> bool | None:
    return False


def cannot_tell(identity: dict[str, Any]) -> bool | None:
    return None


def take(session: Session, owner: str = "trainer") -> Claim:
    run = claims.claim_next(session, owner, HERE, 60)
    assert run is not None
    return claims.claim_of(run)


def let_lease_run_out(sessions: Sessions, run_id: int) -> None:
    with sessions.begin() as s:
        s.execute(update(Job).where(Job.id == run_id).values(lease_until=clock(s) - timedelta(seconds=1)))


def test_a_dead_trainer_s_run_is_rescued_before_its_lease_ends(sessions: Sessions, queue_run: QueueRun) -> None:
    asked: list[dict[str, Any]] = []

    def is_alive(identity: dict[str, Any]) -> bool | None:
        asked.append(identity)
        return False

    with sessions.begin() as s:
        run = queue_run(s)
        claims.set_progress(s, take(s), Progress(phase="training", step=5, total_steps=9, eta_s=3.0, checkpoint="ckpt-5"))
    with sessions.begin() as s:
        released = claims.release_expired(s, is_alive)
    assert asked == [HERE]
    assert [r.id for r in released] == [run.id]
    with sessions.read() as s:
        stored = jobs.get_job(s, run.id)
    assert (stored.status, stored.owner, stored.owner_identity, stored.lease_until, stored.eta_s) == (JobStatus.QUEUED, None, None, None, None)
    assert (stored.checkpoint, stored.crashes, stored.finished_at) == ("ckpt-5", 1, None)
    assert stored.notice is not None
    assert "goes on from its last checkpoint" in stored.notice


@pytest.mark.parametrize("is_alive", [alive, cannot_tell])
def test_a_run_with_a_lease_is_left_alone_and_one_without_is_rescued(
    sessions: Sessions, queue_run: QueueRun, is_alive: Callable[[dict[str, Any]], bool | None]
) -> None:
    with sessions.begin() as s:
        kept, lost = queue_run(s, "one"), queue_run(s, "two")
        take(s), take(s)
    let_lease_run_out(sessions, lost.id)
    with sessions.begin() as s:
        assert [run.id for run in claims.release_expired(s, is_alive)] == [lost.id]
        assert jobs.get_job(s, kept.id).status is JobStatus.RUNNING


def test_a_rescued_run_keeps_its_place_in_the_queue(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        first = queue_run(s, "one")
        take(s)
        queue_run(s, "two")
        claims.release_expired(s, dead)
        assert take(s).job_id == first.id


def test_a_run_that_was_to_stop_is_stopped_when_its_trainer_dies(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        take(s)
        jobs.request_stop(s, run.id)
        (released,) = claims.release_expired(s, dead)
        assert (released.status, released.notice, released.cancel_requested) == (JobStatus.STOPPED, None, False)
        assert released.finished_at is not None


def test_three_deaths_without_a_new_checkpoint_end_the_run_with_advice(sessions: Sessions, queue_run: QueueRun) -> None:
    became = []
    with sessions.begin() as s:
        run = queue_run(s)
        for _ in range(3):
            claim = take(s)
            claims.set_progress(s, claim, Progress(phase="training", step=3, total_steps=9, checkpoint="ckpt-2"))
            became.append(claims.record_crash(s, claim, "Its process was killed (signal 9)."))
        stored = jobs.get_job(s, run.id)
        assert became == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED]
        assert (stored.error_kind, stored.checkpoint, stored.owner) == ("crashed", "ckpt-2", None)
        assert stored.error_text is not None
        assert stored.error_text.startswith("Its process was killed (signal 9). 3 attempts in a row")
        assert "choose a smaller model" in stored.error_text
        assert jobs.resume(s, run.id).crashes == 0


def test_a_trainer_that_dies_three_times_with_its_run_ends_it_too(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        queue_run(s)
        for expected in (JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED):
            take(s)
            (released,) = claims.release_expired(s, dead)
            assert released.status is expected


def test_a_new_checkpoint_clears_the_count_of_deaths(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        for step in range(5):
            claim = take(s)
            claims.set_progress(s, claim, Progress(phase="training", step=step, total_steps=9, checkpoint=f"ckpt-{step}"))
            assert claims.record_crash(s, claim, "Killed.") is JobStatus.QUEUED
        assert (jobs.get_job(s, run.id).crashes, jobs.get_job(s, run.id).attempt) == (1, 5)


def test_giving_a_run_back_in_good_order_is_no_death(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        for _ in range(5):
            assert claims.hand_back(s, take(s), "The app was closed; the run goes on when it is open again.") is JobStatus.QUEUED
        stored = jobs.get_job(s, run.id)
        assert (stored.crashes, stored.attempt) == (0, 5)
        assert stored.notice == "The app was closed; the run goes on when it is open again."
        claim = take(s)
        jobs.request_stop(s, run.id)
        assert claims.hand_back(s, claim, "Closed.") is JobStatus.STOPPED


def test_two_rescuers_at_the_same_moment_count_one_death(sessions: Sessions, queue_run: QueueRun, race: Race) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claims.claim_next(s, "trainer", {"pid": 1}, 60)

    def rescue(name: str) -> None:
        with sessions.begin() as s:
            claims.release_expired(s, lambda identity: False)

    race(rescue, 4)
    with sessions.read() as s:
        assert jobs.get_job(s, run.id).crashes == 1


WRITER = """
import sys
from db import claims, runs
from db.errors import LostLease
from db.session import make_engine, make_sessions
sessions = make_sessions(make_engine(sys.argv[1]))
with sessions.begin() as s:
    claim = claims.claim_of(claims.claim_next(s, "zombie", {"pid": 0}, 60))
print("claimed", flush=True)
step = 0
while True:
    step += 1
    if sys.argv[2] == "on demand":
        sys.stdin.readline()
    try:
        with sessions.begin() as s:
            runs.add_metrics(s, claim, [runs.Metric(step=step, name="attempt 1", value=1.0)])
    except LostLease:
        print("lost", flush=True)
        break
    print(step, flush=True)
"""


def test_a_process_that_slept_through_its_lease_writes_nothing_when_it_wakes(
    url: str, engine: Engine, sessions: Sessions, queue_run: QueueRun, start_python: Callable[..., "Popen[str]"]
) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
    process = start_python(WRITER, url, "on demand")
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "claimed\n"
    process.stdin.write("write\n")
    process.stdin.flush()
    assert process.stdout.readline() == "1\n"
    os.kill(process.pid, signal.SIGSTOP)
    let_lease_run_out(sessions, run.id)
    with sessions.begin() as s:
        claims.release_expired(s, cannot_tell)
        take(s, "successor")
    before = dump(engine)
    os.kill(process.pid, signal.SIGCONT)
    output, errors = process.communicate("write\n", timeout=30)
    assert output == "lost\n", errors
    assert dump(engine) == before


def test_killed_writers_lose_nothing_that_was_acknowledged(
    database: str, url: str, queue_run: QueueRun, sessions: Sessions, start_python: Callable[..., "Popen[str]"]
) -> None:
    for kill in range(3):
        with sessions.begin() as s:
            run = queue_run(s, f"click {kill}")
        process = start_python(WRITER, url, "freely")
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(10 + 7 * kill)]
        process.kill()
        acknowledged = [int(line) for line in [*lines, *process.communicate()[0].splitlines()] if line.strip().isdigit()]
        engine = make_engine(url)
        with make_sessions(engine).read() as s:
            stored = [metric.step for metric in runs.metrics(s, run.id)]
            assert stored[: len(acknowledged)] == acknowledged
            assert len(stored) - len(acknowledged) <= 1  # committed, and killed before saying so
            if database == "sqlite":
                assert s.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        engine.dispose()
