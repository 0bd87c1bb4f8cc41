"""Rows that were damaged behind our back: read all the same, and taken as they are stored."""

import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from db import constitutions, drafts, jobs, runs
from db.canonical import DamagedJson
from db.columns import UNKNOWN_TIME
from db.rows import stored_rows
from db.session import Sessions
from db.status import JobStatus
from db.tables import Constitution, Draft, Job, Run, Version
from tests.db.rows import only_sqlite

pytestmark = only_sqlite  # which keeps whatever is put into its file; PostgreSQL refuses most of it


def damage(engine: Engine, statement: str) -> None:
    with sqlite3.connect(str(engine.url.database)) as raw:
        raw.execute("PRAGMA ignore_check_constraints=ON")
        raw.execute("DROP TRIGGER IF EXISTS version_no_update")
        raw.execute(statement)
    raw.close()


def test_json_that_is_none_is_neither_a_mapping_nor_a_list(engine: Engine, sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        run_id = queue_run(s, "first").id
    for text in ('{"a', "", "[" * 100_000, "\ufffd"):
        damage(engine, f"UPDATE run SET config = '{text}'")
        with sessions.read() as s:
            config = runs.get_run(s, run_id).config
        assert isinstance(config, DamagedJson) and config.raw == text and not isinstance(config, dict | list)


def test_a_status_a_time_and_a_text_that_are_none_do_not_keep_a_row_from_being_read(engine: Engine, sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        run_id = queue_run(s, "first").id
    damage(engine, "UPDATE job SET status = 'asleep', created_at = 'yesterday', queued_at = 7, requested_by = CAST(x'41ff42' AS TEXT), notice = x'4142fe'")
    with sessions.read() as s:
        job = runs.get_run(s, run_id).job
        assert (job.status, job.created_at, job.queued_at) == (JobStatus.UNREADABLE, UNKNOWN_TIME, UNKNOWN_TIME)
        assert (job.requested_by, job.notice) == ("A\ufffdB", "AB\ufffd")
        assert [summary.run.id for summary in runs.list_runs(s)] == [run_id] and runs.list_runs(s, status=JobStatus.QUEUED) == []
        (row,) = stored_rows(s, Job, id=run_id)
    assert (row["status"], row["created_at"], row["requested_by"], row["finished_at"]) == ("asleep", "yesterday", "A\\xffB", None)
    with sessions.begin() as s:
        assert jobs.request_stop(s, run_id) is JobStatus.UNREADABLE  # nothing is done with what nobody understands


def test_a_number_that_is_none_is_nothing_that_could_be_drawn_or_counted(engine: Engine, sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        run_id = queue_run(s, "first").id
    damage(engine, f"INSERT INTO run_metric (run_id, name, step, value) VALUES ({run_id}, 'loss_nats', 1, 'much'), ({run_id}, 'loss_nats', 2, 0.5)")
    damage(engine, "UPDATE job SET eta_s = 'soon', step = 'many', attempt = 1.5")
    with sessions.read() as s:
        assert [metric.value for metric in runs.metrics(s, run_id)] == [None, 0.5]
        job = runs.get_run(s, run_id).job
    assert (job.eta_s, job.step, job.attempt) == (None, 0, 0)


def test_the_unreadable_status_is_never_stored(engine: Engine) -> None:
    with engine.connect() as connection:
        text = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'job'").scalar_one()
    assert "'queued'" in text and "unreadable" not in text


def test_a_draft_begins_from_the_newest_version_that_can_be_read(engine: Engine, sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        first = add_version(s)
        new = constitutions.NewVersion(
            constitution_id=first.constitution_id, base_version_id=first.id, content=first.content | {"name": "Else"}, message="m", author="ann"
        )
        second = constitutions.add_version(s, new)
    damage(engine, f"UPDATE version SET content = replace(content, 'Else', 'Elsa') WHERE id = {second.id}")
    with sessions.begin() as s:
        draft = drafts.ensure_draft(s, first.constitution_id, "bob")
        assert (draft.base_version_id, draft.content) == (first.id, first.content)
        assert drafts.ensure_draft(s, first.constitution_id, "bob").revision == 1
        head = constitutions.get_head(s, first.constitution_id)
        assert head is not None and head.number == 2 and not constitutions.is_whole(head)
        again = constitutions.add_version(s, constitutions.NewVersion(**{**vars(new), "base_version_id": second.id}))
        assert (again.number, again.sha256, again.parent_id) == (3, second.sha256, second.id)  # the same text once more is a version: that one was lost


def test_a_draft_that_cannot_be_read_is_nobodys_empty_one(engine: Engine, sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s)
        drafts.ensure_draft(s, version.constitution_id, "bob")
        drafts.ensure_draft(s, version.constitution_id, "you")
    damage(engine, "UPDATE draft SET content = '{\"name' WHERE editor = 'you'")
    with sessions.begin() as s:
        assert isinstance(drafts.ensure_draft(s, version.constitution_id, "you").content, DamagedJson)
        assert drafts.take_over_drafts(s, "you", "ann") == 1
        assert drafts.begin_again(s, version.constitution_id, "ann").content == version.content
        assert {row["editor"] for row in stored_rows(s, Draft, constitution_id=version.constitution_id)} == {"bob", "ann"}


@pytest.mark.parametrize("wanted", [["a", "b"], ["b", "b"], ["", "b"]])
def test_of_the_ids_that_come_in_only_ones_own_stay(sessions: Sessions, add_version: Callable[..., Version], wanted: list[str]) -> None:
    with sessions.begin() as s:
        theirs = add_version(s)
        foreign = theirs.content["principles"][0]["id"]
        mine = constitutions.add_constitution(s, "Mine").id
        own = constitutions.own_ids(s, mine, [*wanted, foreign])
        assert len({*own, foreign}) == 4 and all(one == given for one, given in zip(own, dict.fromkeys(wanted), strict=False) if given)
        assert constitutions.own_ids(s, mine, [foreign]) == [own[-1]]  # the same other one again
        assert constitutions.own_ids(s, mine, [foreign], {foreign}) == [foreign] == constitutions.own_ids(s, theirs.constitution_id, [foreign])


def test_nothing_is_taken_of_what_is_not_there(sessions: Sessions) -> None:
    with sessions.read() as s:
        assert stored_rows(s, Constitution, id=9) == []
