"""The same code on PostgreSQL: a temporary cluster on a unix socket, thrown away at the end."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text, update
from sqlalchemy.exc import DatabaseError

from db import claims, comparisons, constitutions, drafts, jobs, machines, query_sets, runs
from db.claims import Progress
from db.comparisons import NewComparison, NewReply
from db.constitutions import NewVersion
from db.errors import DraftConflict, LostLease, Unchanged, VersionConflict
from db.runs import Metric, Sample
from db.schema import migrate
from db.session import Sessions, clock, make_engine
from db.tables import Base, Job, JobStatus, Run, Version

Race = Callable[[Callable[[str], object], int], list[str]]


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_url)
    migrate(engine)
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_classes_say(engine: Engine) -> None:
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []
    assert migrate(engine) is None


def test_processes_that_start_at_once_all_find_the_newest_schema(empty_url: str, start_python: Callable[..., "subprocess.Popen[str]"]) -> None:
    script = "import sys; from db.schema import migrate; from db.session import make_engine; migrate(make_engine(sys.argv[1]))"
    for process in [start_python(script, empty_url) for _ in range(3)]:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    engine = make_engine(empty_url)
    assert "run" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.parametrize("statement", ["UPDATE version SET message = 'rewritten'", "DELETE FROM version", "TRUNCATE version CASCADE"])
def test_versions_can_be_neither_changed_nor_deleted(engine: Engine, sessions: Sessions, add_version: Callable[..., Version], statement: str) -> None:
    with sessions.begin() as s:
        version = add_version(s)
    with pytest.raises(DatabaseError, match="insert-only"), engine.begin() as connection:
        connection.execute(text(statement))
    with sessions.read() as s:
        assert constitutions.get_version_by_id(s, version.id).message == "First"


def test_a_read_session_refuses_to_write_and_its_connection_writes_again(sessions: Sessions) -> None:
    with pytest.raises(DatabaseError, match="read-only"), sessions.read() as s:
        constitutions.add_constitution(s, "Brevity")
    for _ in range(3):
        with sessions.begin() as s:
            constitutions.add_constitution(s, "Brevity")


def test_a_read_session_sees_one_moment_of_the_database(sessions: Sessions) -> None:
    with sessions.begin() as s:
        made = constitutions.add_constitution(s, "Old")
    with sessions.read() as reading:
        assert constitutions.get_constitution(reading, made.id).name == "Old"
        with sessions.begin() as s:
            constitutions.rename(s, made.id, "New")
        assert constitutions.get_constitution(reading, made.id).name == "Old"
    with sessions.read() as s:
        assert constitutions.get_constitution(s, made.id).name == "New"


def test_times_are_aware_utc_and_the_clock_is_the_server_s(sessions: Sessions) -> None:
    with sessions.begin() as s:
        before = clock(s)
        made = constitutions.add_constitution(s, "a\0b")
    with sessions.read() as s:
        stored = constitutions.get_constitution(s, made.id)
        assert clock(s) > before
    assert stored.created_at.tzinfo is UTC
    assert abs(stored.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stored.name == "a\ufffdb"


def test_writing_drafts_and_versions(sessions: Sessions, content: Callable[[str], dict[str, Any]]) -> None:
    with sessions.begin() as s:
        cid = constitutions.add_constitution(s, "Brevity", "Short replies", starter=True).id
        draft = drafts.ensure_draft(s, cid, "ann")
        revision = drafts.save_draft(s, cid, "ann", draft.revision, content("Be short. 🤖"))
        first = constitutions.add_version(
            s, NewVersion(constitution_id=cid, base_version_id=None, content=content("Be short. 🤖"), message="First", author="ann")
        )
        drafts.rebase_draft(s, cid, "ann", revision, first)
    with pytest.raises(DraftConflict) as draft_conflict, sessions.begin() as s:
        drafts.save_draft(s, cid, "ann", 1, content("Late."))
    assert draft_conflict.value.current.content == content("Be short. 🤖")
    unseen = NewVersion(constitution_id=cid, base_version_id=None, content=content("Late."), message="", author="bob")
    with pytest.raises(VersionConflict) as version_conflict, sessions.begin() as s:
        constitutions.add_version(s, unseen)
    assert version_conflict.value.head is not None
    assert version_conflict.value.head.content == content("Be short. 🤖")
    with pytest.raises(Unchanged), sessions.begin() as s:
        constitutions.add_version(s, NewVersion(constitution_id=cid, base_version_id=first.id, content=first.content, message="", author="bob"))
    with sessions.read() as s:
        (row,) = constitutions.list_constitutions(s)
        assert (row.name, row.version_number, row.run_count) == ("Brevity", 1, 0)
        assert [v.number for v in constitutions.versions_of(s, cid)] == [1]
        assert constitutions.get_version(s, cid, 1).content == content("Be short. 🤖")


def test_of_contestants_at_the_same_moment_exactly_one_wins(
    sessions: Sessions, content: Callable[[str], dict[str, Any]], add_version: Callable[..., Version], race: Race
) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        cid = first.constitution_id

    def open_draft(name: str) -> None:
        with sessions.begin() as s:
            drafts.ensure_draft(s, cid, "ann")

    def save_draft(name: str) -> None:
        with sessions.begin() as s:
            drafts.save_draft(s, cid, "ann", 1, content(name))

    def save_version(name: str) -> None:
        with sessions.begin() as s:
            constitutions.add_version(s, NewVersion(constitution_id=cid, base_version_id=first.id, content=content(name), message="Mine", author=name))

    assert race(open_draft, 4) == [""] * 4
    assert race(save_draft, 4) == [""] + ["draft-conflict"] * 3
    assert race(save_version, 4) == [""] + ["version-conflict"] * 3


def test_claimers_at_the_same_moment_never_get_the_same_run(sessions: Sessions, queue_run: Callable[..., Run], race: Race) -> None:
    with sessions.begin() as s:
        first = queue_run(s, "click 0")
    made: list[int] = []
    taken: list[int] = []

    def click(name: str) -> None:
        with sessions.begin() as s:
            new = runs.NewRun(version_id=first.version_id, query_set_id=first.query_set_id, model="m", config={}, requested_by="ann", request_key="same")
            made.append(runs.add_run(s, new).id)

    def claim_all(name: str) -> None:
        while True:
            with sessions.begin() as s:
                run = claims.claim_next(s, name, {}, 60)
            if run is None:
                return
            taken.append(run.id)

    assert race(click, 4) == [""] * 4
    assert len(set(made)) == 1
    with sessions.begin() as s:
        queued = {first.id, made[0]} | {queue_run(s, f"click {i}").id for i in range(1, 20)}
    race(claim_all, 4)
    assert len(taken) == len(queued)
    assert set(taken) == queued


def test_a_run_from_click_to_result(sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
    with sessions.begin() as s:
        claimed = claims.claim_next(s, "trainer", {"pid": 1}, 60)
        assert claimed is not None
        stale = claims.claim_of(claimed)
    with sessions.begin() as s:
        claims.set_progress(s, stale, Progress(phase="training", step=1, total_steps=4, checkpoint="ckpt-1"))
        s.execute(update(Job).values(lease_until=clock(s) - timedelta(seconds=1)))
    with sessions.begin() as s:
        (released,) = claims.release_expired(s, lambda identity: None)
        assert (released.status, released.crashes) == (JobStatus.QUEUED, 1)
    with pytest.raises(LostLease), sessions.begin() as s:
        runs.add_metrics(s, stale, [Metric(step=1, name="loss", value=0.1)])
    with sessions.begin() as s:
        claimed = claims.claim_next(s, "trainer", {"pid": 2}, 60)
        assert claimed is not None
        claim = claims.claim_of(claimed)
        for value in (0.7, 0.6):
            runs.add_metrics(s, claim, [Metric(step=1, name="loss", value=value), Metric(step=1, name="mi", value=float("nan"))])
            runs.add_samples(s, claim, [Sample(step=1, position=0, query="Why?", side="statement", text="So.\0")])
        assert jobs.request_stop(s, run.id) is JobStatus.RUNNING
        assert claims.heartbeat(s, claim, 60) is True
        claims.mark_stopped(s, claim)
        assert jobs.resume(s, run.id).checkpoint == "ckpt-1"
    with sessions.begin() as s:
        claimed = claims.claim_next(s, "trainer", {"pid": 2}, 60)
        assert claimed is not None
        runs.finish(s, claims.claim_of(claimed), "runs/1/attempt-3/adapter", "ab", {"mi": None})
    with sessions.read() as s:
        summary = runs.get_run_summary(s, run.id)
        job = summary.run.job
        assert (job.status, job.attempt) == (JobStatus.FINISHED, 3)
        assert (summary.run.result, summary.constitution_name) == ({"mi": None}, "Brevity")
        assert [(m.name, m.value) for m in runs.metrics(s, run.id)] == [("loss", 0.6), ("mi", None)]
        assert [sample.text for sample in runs.samples(s, run.id)] == ["So.\ufffd"]
        assert len(runs.list_runs(s)) == 1
        assert jobs.jobs_ahead(s, job) == 0


def test_query_sets_comparisons_and_machines(sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    rows = [{"query": "Why?", "split": "train"}]
    with sessions.begin() as s:
        run = queue_run(s)
        assert query_sets.add_query_set(s, "Mine", "upload", rows).id == query_sets.add_query_set(s, "Mine", "upload", rows).id
        asked = NewComparison(
            version_id=run.version_id,
            run_id=run.id,
            model="tiny",
            revision=None,
            four_bit=False,
            arms=[{"key": "base"}],
            query="Why?",
            side="statement",
            seed=2**40,
            sampling={"temperature": 0.7},
            created_by="ann",
        )
        token = comparisons.add_comparison(s, asked).id
        for words in ("Be", "Because."):
            comparisons.save_reply(s, token, NewReply(arm="base", text=words, seed=2**40, token_scores=[["Be", -0.5]]))
        for cores in (2, 4):
            machines.put_machine(s, "here", {"cores": cores})
    with sessions.read() as s:
        assert [summary.split_sizes for summary in query_sets.list_query_sets(s) if summary.name == "Mine"] == [{"train": 1}]
        assert [reply.text for reply in comparisons.get_comparison(s, token).replies] == ["Because."]
        assert [c.id for c in comparisons.list_comparisons(s, run.id)] == [token]
        machine = machines.get_machine(s, "here")
        assert machine is not None
        assert machine.hardware == {"cores": 4}


def test_two_rescuers_at_the_same_moment_count_one_death(sessions: Sessions, queue_run: Callable[..., Run], race: Race) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
        claims.claim_next(s, "trainer", {"pid": 1}, 60)

    def rescue(name: str) -> None:
        with sessions.begin() as s:
            claims.release_expired(s, lambda identity: False)

    race(rescue, 4)
    with sessions.read() as s:
        assert jobs.get_job(s, run.id).crashes == 1
