"""Jobs as people see them, on a real SQLite file: a run is one, and so is what has neither version nor query set."""

from collections.abc import Callable

import pytest

from db import claims, jobs, runs
from db.claims import Progress
from db.errors import LostLease, NotFound, NotResumable, RequestKeyTaken
from db.jobs import NewJob
from db.session import Sessions
from db.status import JobStatus
from db.tables import Run

QueueRun = Callable[..., Run]
MEASURE = NewJob(kind="measure", spec={"adapter": "runs/1/attempt-1/adapter", "judges": ["max_words"], "seeds": [0, 1]}, requested_by="ann", request_key="m")


def test_a_queued_run_stops_at_once(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        assert jobs.request_stop(s, run.id) is JobStatus.STOPPED
        stored = jobs.get_job(s, run.id)
        assert stored.finished_at is not None
        assert stored.cancel_requested is False
        assert claims.claim_next(s, "trainer", {}, 60) is None


def test_a_running_run_is_asked_to_stop(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claims.claim_next(s, "trainer", {}, 60)
        assert jobs.request_stop(s, run.id) is JobStatus.RUNNING
        stored = jobs.get_job(s, run.id)
        assert stored.cancel_requested is True
        assert stored.finished_at is None


def test_stopping_a_run_that_has_ended_changes_nothing(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run.job)
        runs.finish(s, claim, "runs/1/attempt-1/adapter", "ab", {})
        assert jobs.request_stop(s, run.id) is JobStatus.FINISHED
        assert jobs.get_job(s, run.id).cancel_requested is False


def test_a_failed_run_resumes_from_its_checkpoint_behind_those_that_wait(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s, "one")
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run.job)
        claims.set_progress(s, claim, claims.Progress(phase="training", step=5, total_steps=10, checkpoint="ckpt-5"))
        claims.fail(s, claim, "memory", "Out of memory. Choose a smaller model.")
        waiting = queue_run(s, "two")
    with sessions.begin() as s:
        resumed = jobs.resume(s, run.id)
        assert (resumed.status, resumed.checkpoint, resumed.error_kind, resumed.error_text, resumed.finished_at) == (
            JobStatus.QUEUED,
            "ckpt-5",
            None,
            None,
            None,
        )
        assert jobs.jobs_ahead(s, waiting.job) == 0
        assert jobs.jobs_ahead(s, resumed) == 1
        first = claims.claim_next(s, "trainer", {}, 60)
        assert first is not None
        assert first.id == waiting.id
        assert jobs.jobs_ahead(s, resumed) == 1  # the one that runs now
        second = claims.claim_next(s, "trainer", {}, 60)
        assert second is not None
        assert (second.id, second.attempt, second.checkpoint) == (run.id, 2, "ckpt-5")


def test_a_stopped_run_resumes_without_the_wish_to_stop(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run.job)
        jobs.request_stop(s, run.id)
        claims.mark_stopped(s, claim)
        jobs.resume(s, run.id)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run.job)
        assert claims.heartbeat(s, claim, 60) is False


def test_only_a_stopped_or_failed_run_can_be_resumed(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        with pytest.raises(NotResumable, match="is queued"):
            jobs.resume(s, run.id)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run.job)
        with pytest.raises(NotResumable, match="is running"):
            jobs.resume(s, run.id)
        runs.finish(s, claim, "runs/1/attempt-1/adapter", "ab", {})
        with pytest.raises(NotResumable, match="is finished"):
            jobs.resume(s, run.id)


def test_a_job_of_another_kind_is_queued_claimed_reported_and_finished_without_version_and_query_set(sessions: Sessions) -> None:
    with sessions.begin() as s:
        queued = jobs.add_job(s, MEASURE)
        assert jobs.add_job(s, MEASURE).id == queued.id
        assert (queued.kind, queued.spec, queued.status) == ("measure", MEASURE.spec, JobStatus.QUEUED)
    with sessions.begin() as s:
        claimed = claims.claim_next(s, "trainer", {}, 60)
        assert claimed is not None
        assert (claimed.id, claimed.kind, claimed.spec) == (queued.id, "measure", MEASURE.spec)
        claim = claims.claim_of(claimed)
        assert claims.heartbeat(s, claim, 60) is False
        claims.set_progress(s, claim, Progress(phase="measuring", step=1, total_steps=2))
    with sessions.begin() as s:
        claims.finish(s, claim)
    with sessions.read() as s:
        done = jobs.get_job(s, queued.id)
        assert (done.status, done.owner, done.phase, done.step) == (JobStatus.FINISHED, None, "measuring", 1)
        assert done.finished_at is not None
        assert runs.list_runs(s) == []
        with pytest.raises(NotFound, match="There is no run"):
            runs.get_run(s, queued.id)
    with pytest.raises(LostLease), sessions.begin() as s:
        claims.finish(s, claim)


def test_jobs_of_all_kinds_stand_in_one_queue_and_a_trainer_takes_those_it_can_do(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        measuring, run = jobs.add_job(s, MEASURE), queue_run(s)
        assert run.id != measuring.id
        assert jobs.jobs_ahead(s, run.job) == 1
        taken = claims.claim_next(s, "trainer", {}, 60, ["train"])
        assert taken is not None
        assert taken.id == run.id
        assert claims.claim_next(s, "trainer", {}, 60, ["train"]) is None
        assert claims.claim_next(s, "trainer", {}, 60) is not None


def test_a_request_that_made_a_job_of_another_kind_makes_no_run_of_it(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        jobs.add_job(s, MEASURE)
    with pytest.raises(RequestKeyTaken, match="measure"), sessions.begin() as s:
        queue_run(s, "m")
    with sessions.read() as s:
        assert runs.list_runs(s) == []


def test_what_only_a_run_has_cannot_be_written_for_a_job_of_another_kind(sessions: Sessions) -> None:
    with sessions.begin() as s:
        jobs.add_job(s, MEASURE)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or jobs.get_job(s, 0))
    with pytest.raises(NotFound, match="There is no run"), sessions.begin() as s:
        runs.finish(s, claim, "runs/1/attempt-1/adapter", "ab", {})
    with sessions.read() as s:
        assert jobs.get_job(s, claim.job_id).status is JobStatus.RUNNING
