"""Claims, leases and fencing on both databases, with real threads and processes."""

import json
from collections.abc import Callable
from datetime import timedelta
from subprocess import Popen
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from db import claims, jobs, runs
from db.claims import Claim, Progress
from db.errors import LostLease
from db.runs import Metric, Sample
from db.session import Sessions, clock
from db.status import JobStatus
from db.tables import Job, Run
from tests.db.rows import dump

QueueRun = Callable[..., Run]
Race = Callable[[Callable[[str], object], int], list[str]]
HERE = {"host": "here", "pid": 1}


def alive(identity: dict[str, Any]) -> bool | None:
    return True


def cannot_tell(identity: dict[str, Any]) -> bool | None:
    return None


def take(session: Session, owner: str = "trainer") -> Claim:
    run = claims.claim_next(session, owner, HERE, 60)
    assert run is not None
    return claims.claim_of(run)


def let_lease_run_out(sessions: Sessions, run_id: int) -> None:
    with sessions.begin() as s:
        s.execute(update(Job).where(Job.id == run_id).values(lease_until=clock(s) - timedelta(seconds=1)))


def test_claiming_is_one_statement_that_takes_the_oldest(database: str, statements: list[str], sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        first, second = queue_run(s, "one"), queue_run(s, "two")
    statements.clear()
    with sessions.begin() as s:
        run = claims.claim_next(s, "trainer", HERE, 60)
        now = clock(s)
    asked = {"sqlite": ["PRAGMA", "BEGIN", "UPDATE"], "postgresql": ["SELECT", "UPDATE", "SELECT"]}  # SELECT: the server's clock, for us and for the test
    assert [text.split()[0] for text in statements] == asked[database]
    assert run is not None
    assert (run.id, run.status, run.attempt, run.owner, run.owner_identity) == (first.id, JobStatus.RUNNING, 1, "trainer", HERE)
    assert run.lease_until is not None
    assert timedelta(seconds=59) < run.lease_until - now <= timedelta(seconds=60)
    assert run.started_at == run.heartbeat_at
    with sessions.begin() as s:
        assert take(s).job_id == second.id
        assert claims.claim_next(s, "trainer", HERE, 60) is None


def test_a_run_that_nobody_holds_has_no_claim(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s, pytest.raises(ValueError, match="belongs to nobody"):
        claims.claim_of(queue_run(s).job)


def test_many_claimers_never_get_the_same_run(sessions: Sessions, queue_run: QueueRun, race: Race) -> None:
    with sessions.begin() as s:
        queued = {queue_run(s, f"click {i}").id for i in range(24)}
    taken: list[int] = []

    def claim_all(owner: str) -> None:
        while True:
            with sessions.begin() as s:
                run = claims.claim_next(s, owner, HERE, 60)
            if run is None:
                return
            taken.append(run.id)

    race(claim_all, 6)
    assert len(taken) == 24
    assert set(taken) == queued


CLAIM_ALL = """
import json, sys
from db import claims
from db.session import make_engine, make_sessions
sessions = make_sessions(make_engine(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
taken = []
while True:
    with sessions.begin() as s:
        run = claims.claim_next(s, sys.argv[2], {}, 60)
    if run is None:
        break
    taken.append(run.id)
print(json.dumps(taken))
"""


def test_claimers_in_several_processes_never_get_the_same_run(
    url: str, sessions: Sessions, queue_run: QueueRun, start_python: Callable[..., "Popen[str]"]
) -> None:
    with sessions.begin() as s:
        queued = sorted(queue_run(s, f"click {i}").id for i in range(30))
    processes = [start_python(CLAIM_ALL, url, f"trainer {i}") for i in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    taken: list[int] = []
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        taken += json.loads(output)
    assert sorted(taken) == queued


def test_a_heartbeat_renews_the_lease_and_tells_of_a_wish_to_stop(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = take(s)
    let_lease_run_out(sessions, run.id)
    with sessions.begin() as s:
        assert claims.heartbeat(s, claim, 60) is False
        assert claims.release_expired(s, alive) == []
        jobs.request_stop(s, run.id)
        assert claims.heartbeat(s, claim, 60) is True


def test_progress_keeps_checkpoint_and_notice_that_it_does_not_mention(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = take(s)
        claims.set_progress(s, claim, Progress(phase="sampling", step=1, total_steps=8, eta_s=70.5, checkpoint="ckpt-1", notice="Batch halved."))
        claims.set_progress(s, claim, Progress(phase="training", step=2, total_steps=8))
        stored = jobs.get_job(s, run.id)
        assert (stored.phase, stored.step, stored.total_steps, stored.eta_s) == ("training", 2, 8, None)
        assert (stored.checkpoint, stored.notice) == ("ckpt-1", "Batch halved.")
        claims.set_progress(s, claim, Progress(phase="training", step=3, total_steps=8, notice=""))
        assert jobs.get_job(s, run.id).notice is None
        runs.set_model_revision(s, claim, "c0ffee")
        assert runs.get_run(s, run.id).revision == "c0ffee"


def test_a_step_done_again_replaces_its_numbers_and_samples(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = take(s)
        for value, text in ((0.7, "old"), (0.5, "new")):
            runs.add_metrics(s, claim, [Metric(step=1, name="loss", value=value), Metric(step=1, name="mi", value=float("nan"))])
            runs.add_samples(s, claim, [Sample(step=1, position=0, query="Why?", side="statement", text=text)])
        runs.add_metrics(s, claim, [])
    with sessions.read() as s:
        assert [(m.name, m.value) for m in runs.metrics(s, run.id)] == [("loss", 0.5), ("mi", None)]
        assert [sample.text for sample in runs.samples(s, run.id)] == ["new"]


def test_thousands_of_numbers_fit_into_one_call(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        runs.add_metrics(s, take(s), [Metric(step=step, name="loss", value=0.5) for step in range(20_000)])
    with sessions.read() as s:
        assert len(runs.metrics(s, run.id, after_step=9_999)) == 10_000


def test_a_finished_run_has_its_adapter_and_belongs_to_nobody(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        runs.finish(s, take(s), "runs/1/attempt-1/adapter", "ab12", {"mi_bound": None, "n": 16})
    with sessions.read() as s:
        stored = runs.get_run(s, run.id)
    assert (stored.job.status, stored.job.owner, stored.job.lease_until, stored.adapter, stored.adapter_sha256, stored.result) == (
        JobStatus.FINISHED,
        None,
        None,
        "runs/1/attempt-1/adapter",
        "ab12",
        {"mi_bound": None, "n": 16},
    )
    assert stored.job.finished_at is not None


def test_a_failed_run_says_why(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claims.fail(s, take(s), "disk", "The disk is full. Free 2 GB.")
        stored = jobs.get_job(s, run.id)
        assert (stored.status, stored.error_kind, stored.error_text) == (JobStatus.FAILED, "disk", "The disk is full. Free 2 GB.")


WRITES: dict[str, Callable[[Session, Claim], object]] = {
    "heartbeat": lambda s, c: claims.heartbeat(s, c, 60),
    "set_model_revision": lambda s, c: runs.set_model_revision(s, c, "late"),
    "set_progress": lambda s, c: claims.set_progress(s, c, Progress(phase="late", step=9, total_steps=9, checkpoint="late")),
    "add_metrics": lambda s, c: runs.add_metrics(s, c, [Metric(step=9, name="late", value=1.0)]),
    "add_samples": lambda s, c: runs.add_samples(s, c, [Sample(step=9, position=0, query="q", side="statement", text="late")]),
    "finish": lambda s, c: runs.finish(s, c, "late", "late", {}),
    "fail": lambda s, c: claims.fail(s, c, "late", "late"),
    "mark_stopped": lambda s, c: claims.mark_stopped(s, c),
    "hand_back": lambda s, c: claims.hand_back(s, c, "late"),
    "record_crash": lambda s, c: claims.record_crash(s, c, "late"),
}


@pytest.mark.parametrize("name", WRITES)
def test_an_attempt_that_lost_its_lease_writes_nothing(engine: Engine, sessions: Sessions, queue_run: QueueRun, name: str) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        stale = take(s, "trainer")

    def try_late_write() -> None:
        before = dump(engine)
        with pytest.raises(LostLease, match=f"no longer holds job {run.id}"), sessions.begin() as s:
            WRITES[name](s, stale)
        assert dump(engine) == before

    let_lease_run_out(sessions, run.id)
    with sessions.begin() as s:
        assert [released.id for released in claims.release_expired(s, cannot_tell)] == [run.id]
    try_late_write()  # queued again
    with sessions.begin() as s:
        current = take(s, "trainer")  # the same owner, a later attempt
    try_late_write()
    with sessions.begin() as s:
        runs.finish(s, current, "runs/1/attempt-2/adapter", "ab", {})
    try_late_write()


@pytest.mark.parametrize("name", WRITES)
def test_a_claim_under_another_s_name_writes_nothing(sessions: Sessions, queue_run: QueueRun, name: str) -> None:
    with sessions.begin() as s:
        queue_run(s)
        claim = take(s)
    with pytest.raises(LostLease), sessions.begin() as s:
        WRITES[name](s, Claim(claim.job_id, "someone else", claim.attempt))
