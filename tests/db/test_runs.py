"""Runs as people see them, on a real SQLite file."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from db import claims, jobs, runs
from db.errors import NotFound
from db.runs import NewRun
from db.session import Sessions
from db.status import JobStatus
from db.tables import Run

QueueRun = Callable[..., Run]
Race = Callable[[Callable[[str], object], int], list[str]]


def again(run: Run, request_key: str) -> NewRun:
    return NewRun(version_id=run.version_id, query_set_id=run.query_set_id, model=run.model, config={"seed": 2}, requested_by="bob", request_key=request_key)


def test_a_second_click_is_the_same_run(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        first = queue_run(s, "click")
    with sessions.begin() as s:
        second = runs.add_run(s, again(first, "click"))
        assert (second.id, second.config, second.job.requested_by) == (first.id, {"seed": 1}, "ann")
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


def test_runs_of_a_series_know_each_other_whatever_becomes_of_one(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        alone = queue_run(s, "alone")
        three = [runs.add_run(s, replace(again(alone, f"click.{i}"), config={"seed": i}, series="click")).id for i in range(3)]
        other = runs.add_run(s, replace(again(alone, "another"), series="another")).id
    with sessions.begin() as s:
        jobs.request_stop(s, three[1])
        assert [run.id for run in runs.series_of(s, runs.get_run(s, three[2]))] == three
        assert [run.id for run in runs.series_of(s, alone)] == [alone.id]
        assert [run.id for run in runs.series_of(s, runs.get_run(s, other))] == [other]
        assert [claims.claim_next(s, "trainer", {}, 60).id for _ in range(4)] == [alone.id, three[0], three[2], other]  # type: ignore[union-attr]
    with sessions.begin() as s:
        s.delete(runs.get_run(s, three[0]))
    with sessions.read() as s:
        assert [run.id for run in runs.series_of(s, runs.get_run(s, three[2]))] == three[1:]


def test_a_new_run_waits_with_nothing_done(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
    assert (run.job.status, run.job.attempt, run.job.step, run.job.cancel_requested, run.job.owner, run.result) == (JobStatus.QUEUED, 0, 0, False, None, None)


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
        assert [row.run.id for row in runs.list_runs(s, status=JobStatus.RUNNING)] == [first.id]
        assert [row.run.id for row in runs.list_runs(s, constitution_id=constitution_id)] == [second.id]
        assert [row.run.id for row in runs.list_runs(s, limit=1)] == [second.id]
        assert runs.get_run_summary(s, first.id).constitution_name == "Brevity"


def test_a_run_that_is_not_there_is_said_in_words(sessions: Sessions) -> None:
    with sessions.begin() as s:
        for call in (runs.get_run, runs.get_run_summary):
            with pytest.raises(NotFound, match="There is no run 404"):
                call(s, 404)
        for act in (jobs.get_job, jobs.request_stop, jobs.resume):
            with pytest.raises(NotFound, match="There is no job 404"):
                act(s, 404)


def test_metrics_and_samples_come_in_reading_order(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claim = claims.claim_of(claims.claim_next(s, "trainer", {}, 60) or run.job)
        runs.add_metrics(s, claim, [runs.Metric(step=step, name=name, value=step / 10) for step in (2, 1) for name in ("loss", "accuracy")])
        for step in (1, 2):
            runs.add_samples(
                s, claim, [runs.Sample(step=step, position=0, query="Why?", side=side, text=f"{side} {step}") for side in ("antithesis", "statement")]
            )
    with sessions.read() as s:
        assert [(m.step, m.name, m.value) for m in runs.metrics(s, run.id)] == [(1, "accuracy", 0.1), (1, "loss", 0.1), (2, "accuracy", 0.2), (2, "loss", 0.2)]
        assert [(m.step, m.name) for m in runs.metrics(s, run.id, after_step=1)] == [(2, "accuracy"), (2, "loss")]
        assert [sample.text for sample in runs.samples(s, run.id)] == ["statement 2", "antithesis 2", "statement 1", "antithesis 1"]
        assert [sample.text for sample in runs.samples(s, run.id, step=1)] == ["statement 1", "antithesis 1"]
        assert runs.metrics(s, 404) == []


def test_of_results_no_more_than_principles_is_read_for_a_list(sessions: Sessions, queue_run: QueueRun) -> None:
    with sessions.begin() as s:
        done, other = queue_run(s, "done"), queue_run(s, "other")
        done.result = {"report": {"principles": [{"verdict": "followed"}], "arms": ["long"]}}
    with sessions.read() as s:
        rows = runs.list_runs(s, results=False)
        assert runs.measured_principles(s, [row.run.id for row in rows]) == {done.id: [{"verdict": "followed"}]}
        assert other.id not in runs.measured_principles(s, [other.id])
