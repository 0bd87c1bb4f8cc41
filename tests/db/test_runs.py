"""Runs as people see them, on a real SQLite file."""

from collections.abc import Callable

import pytest

from db import claims, runs
from db.errors import NotFound, NotResumable
from db.runs import NewRun
from db.session import Sessions
from db.tables import Run, RunStatus

QueueRun = Callable[..., Run]
Race = Callable[[Callable[[str], object], int], list[str]]


def again(run: Run, request_key: str) -> NewRun:
    return NewRun(version_id=run.version_id, query_set_id=run.query_set_id, model=run.model, config={"seed": 2}, requested_by="bob", request_key=request_key)


def test_a_second_click_is_the_same_run(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        first = queue_run(s, "click")
    with sessions.begin() as s:
        second = runs.add_run(s, again(first, "click"))
        assert (second.id, second.config, second.requested_by) == (first.id, {"seed": 1}, "ann")
        assert runs.add_run(s, again(first, "another click")).id != first.id


def test_clicks_at_the_same_moment_make_one_run(sessions: Sessions, queue_run: QueueRun, race: Race) -> None:
    with sessions.begin() as s:
        first = queue_run(s, "earlier")
    made: list[int] = []

    def click(name: str) -> None:
        with sessions.begin() as s:
            made.append(runs.add_run(s, again(first, "click")).id)

    race(click, 5)
    assert len(made) == 5
    assert len(set(made)) == 1


def test_a_new_run_waits_with_nothing_done(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
    assert (run.status, run.attempt, run.step, run.cancel_requested, run.owner, run.result) == (RunStatus.QUEUED, 0, 0, False, None, None)


def test_lists_have_names_and_can_be_narrowed(statements: list[str], sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        first, second = queue_run(s, "one"), queue_run(s, "two")
        claims.claim_next(s, "trainer", {}, 60)
        constitution_id = runs.get_run_summary(s, second.id).constitution_id
    statements.clear()
    with sessions.read() as s:
        rows = runs.list_runs(s)
        assert len([text for text in statements if text.startswith("SELECT")]) == 1
        assert [row.run.id for row in rows] == [second.id, first.id]
        assert (rows[0].constitution_name, rows[0].version_number, rows[0].query_set_name) == ("Brevity", 1, "Everyday")
        assert [row.run.id for row in runs.list_runs(s, status=RunStatus.RUNNING)] == [first.id]
        assert [row.run.id for row in runs.list_runs(s, constitution_id=constitution_id)] == [second.id]
        assert [row.run.id for row in runs.list_runs(s, limit=1)] == [second.id]
        assert runs.get_run_summary(s, first.id).constitution_name == "Brevity"


def test_a_run_that_is_not_there_is_said_in_words(sessions: Sessions) -> None:
    with sessions.begin() as s:
        for call in (runs.get_run, runs.get_run_summary, runs.request_stop, runs.resume):
            with pytest.raises(NotFound, match="There is no run 404"):
                call(s, 404)


def test_a_queued_run_stops_at_once(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        assert runs.request_stop(s, run.id) is RunStatus.STOPPED
        stored = runs.get_run(s, run.id)
        assert stored.finished_at is not None
        assert stored.cancel_requested is False
        assert claims.claim_next(s, "trainer", {}, 60) is None


def test_a_running_run_is_asked_to_stop(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claims.claim_next(s, "trainer", {}, 60)
        assert runs.request_stop(s, run.id) is RunStatus.RUNNING
        stored = runs.get_run(s, run.id)
        assert stored.cancel_requested is True
        assert stored.finished_at is None


def test_stopping_a_run_that_has_ended_changes_nothing(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run)
        claims.finish(s, claim, "/adapter", "ab", {})
        assert runs.request_stop(s, run.id) is RunStatus.FINISHED
        assert runs.get_run(s, run.id).cancel_requested is False


def test_a_failed_run_resumes_from_its_checkpoint_behind_those_that_wait(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s, "one")
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run)
        claims.set_progress(s, claim, claims.Progress(phase="training", step=5, total_steps=10, checkpoint="ckpt-5"))
        claims.fail(s, claim, "memory", "Out of memory. Choose a smaller model.")
        waiting = queue_run(s, "two")
    with sessions.begin() as s:
        resumed = runs.resume(s, run.id)
        assert (resumed.status, resumed.checkpoint, resumed.error_kind, resumed.error_text, resumed.finished_at) == (
            RunStatus.QUEUED,
            "ckpt-5",
            None,
            None,
            None,
        )
        assert runs.runs_ahead(s, waiting) == 0
        assert runs.runs_ahead(s, resumed) == 1
        first = claims.claim_next(s, "trainer", {}, 60)
        assert first is not None
        assert first.id == waiting.id
        assert runs.runs_ahead(s, resumed) == 1  # the one that runs now
        second = claims.claim_next(s, "trainer", {}, 60)
        assert second is not None
        assert (second.id, second.attempt, second.checkpoint) == (run.id, 2, "ckpt-5")


def test_a_stopped_run_resumes_without_the_wish_to_stop(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run)
        runs.request_stop(s, run.id)
        claims.mark_stopped(s, claim)
        runs.resume(s, run.id)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run)
        assert claims.heartbeat(s, claim, 60) is False


def test_only_a_stopped_or_failed_run_can_be_resumed(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        with pytest.raises(NotResumable, match="is queued"):
            runs.resume(s, run.id)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run)
        with pytest.raises(NotResumable, match="is running"):
            runs.resume(s, run.id)
        claims.finish(s, claim, "/adapter", "ab", {})
        with pytest.raises(NotResumable, match="is finished"):
            runs.resume(s, run.id)


def test_metrics_and_samples_come_in_reading_order(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run)
        claims.add_metrics(s, claim, [claims.Metric(step=step, name=name, value=step / 10) for step in (2, 1) for name in ("loss", "accuracy")])
        for step in (1, 2):
            claims.add_samples(
                s, claim, [claims.Sample(step=step, position=0, query="Why?", side=side, text=f"{side} {step}") for side in ("antithesis", "statement")]
            )
    with sessions.read() as s:
        assert [(m.step, m.name, m.value) for m in runs.metrics(s, run.id)] == [(1, "accuracy", 0.1), (1, "loss", 0.1), (2, "accuracy", 0.2), (2, "loss", 0.2)]
        assert [(m.step, m.name) for m in runs.metrics(s, run.id, after_step=1)] == [(2, "accuracy"), (2, "loss")]
        assert [sample.text for sample in runs.samples(s, run.id)] == ["statement 2", "antithesis 2", "statement 1", "antithesis 1"]
        assert [sample.text for sample in runs.samples(s, run.id, step=1)] == ["statement 1", "antithesis 1"]
        assert runs.metrics(s, 404) == []


def test_what_is_known_about_a_machine_is_replaced(sessions: Sessions) -> None:
    with sessions.begin() as s:
        assert runs.get_machine(s, "here") is None
        runs.put_machine(s, "here", {"cores": 2})
        first = runs.get_machine(s, "here")
        assert first is not None
        measured_at = first.measured_at
    with sessions.begin() as s:
        runs.put_machine(s, "here", {"cores": 4})
        second = runs.get_machine(s, "here")
        assert second is not None
        assert second.hardware == {"cores": 4}
        assert second.measured_at > measured_at
