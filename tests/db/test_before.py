"""A database as the version before wrote it, with schema 0002, is brought to the newest schema and read through the functions of this layer.

Its rows were made by that version's own code and lie in before.json.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import DateTime, Engine, MetaData, Table, inspect

from db import claims, comparisons, constitutions, drafts, jobs, machines, query_sets, runs
from db.runs import NewRun
from db.schema import alembic_config, migrate
from db.session import Sessions, make_engine, make_sessions
from db.status import JobStatus

BEFORE: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "before.json").read_text())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def old(database: str, request: pytest.FixtureRequest, data: Path) -> Iterator[Engine]:
    data.mkdir()
    engine = make_engine(f"sqlite:///{data}/studio.db" if database == "sqlite" else request.getfixturevalue("cluster").new())
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0002")
        for name, rows in BEFORE.items():
            table = Table(name, MetaData(), autoload_with=connection)
            connection.execute(table.insert(), [{column: _value(table, column, value, data) for column, value in row.items()} for row in rows])
    yield engine
    engine.dispose()


def _value(table: Table, column: str, value: object, data: Path) -> object:
    kind = table.c[column].type
    if isinstance(value, str) and isinstance(kind, DateTime):
        return datetime.fromisoformat(f"{value}+00:00")
    if isinstance(value, str):
        return value.replace("DATA", str(data))
    return bool(value) if kind.python_type is bool and value is not None else value


@pytest.fixture
def sessions(old: Engine, data: Path) -> Sessions:
    migrate(old, data)
    return make_sessions(old)


def test_a_run_keeps_its_id_and_everything_that_was_known_of_it(sessions: Sessions) -> None:
    with sessions.read() as s:
        summary = runs.get_run_summary(s, 1)
        run, job = summary.run, summary.run.job
        assert (run.id, job.id, job.kind, job.spec, job.status) == (1, 1, "train", {}, JobStatus.FINISHED)
        assert (summary.constitution_name, summary.version_number, summary.query_set_name) == ("Brevity", 1, "Everyday")
        assert (run.model, run.revision, run.config["preset"], run.adapter_sha256) == ("smollm2-135m-instruct", "c0ffee", "quick", "ab" * 32)
        assert (job.attempt, job.crashes, job.phase, job.step, job.total_steps, job.requested_by) == (2, 0, "measuring sami", 2, 2, "Ann")
        assert job.notice is not None
        assert job.notice.startswith("The training process was killed (signal 9).")
        assert job.created_at <= job.queued_at
        assert job.started_at is not None
        assert job.finished_at is not None
        assert job.created_at < job.started_at < job.finished_at
        assert run.result is not None
        assert run.result["report"]["n_queries"] == 24
        assert len(runs.metrics(s, 1)) == 3
        assert [sample.text for sample in runs.samples(s, 1)] == ["statement", "antithesis"]
        assert [row.run.id for row in runs.list_runs(s)] == [4, 3, 2, 1]
        assert (run.series, runs.series_of(s, run)) == (None, [run])


def test_paths_in_the_data_folder_became_keys_and_others_are_kept(sessions: Sessions) -> None:
    with sessions.read() as s:
        first, second = runs.get_run(s, 1), runs.get_run(s, 2)
        assert (first.adapter, first.job.checkpoint) == ("runs/1/attempt-2/adapter", "runs/1/attempt-2/checkpoint-000012")
        assert second.adapter == "/elsewhere/runs/2/attempt-1/adapter"


def test_a_failed_run_can_be_resumed_and_a_queued_one_keeps_its_place(sessions: Sessions) -> None:
    with sessions.begin() as s:
        failed = jobs.get_job(s, 3)
        assert (failed.status, failed.error_kind, failed.error_text) == (JobStatus.FAILED, "memory", "Memory ran out. Choose a smaller model.")
        jobs.resume(s, 3)
        for expected in (4, 3):
            taken = claims.claim_next(s, "trainer", {}, 60)
            assert taken is not None
            assert taken.id == expected


def test_the_next_run_gets_an_id_of_its_own_and_a_click_from_before_is_still_known(sessions: Sessions) -> None:
    def click(key: str) -> NewRun:
        return NewRun(version_id=1, query_set_id=1, model="tiny", config={}, requested_by="Ann", request_key=key)

    with sessions.begin() as s:
        assert runs.add_run(s, click("first-click")).id == 1
        assert runs.add_run(s, click("fifth-click")).id > 4


def test_what_was_written_compared_and_measured_is_still_there(sessions: Sessions) -> None:
    with sessions.read() as s:
        assert constitutions.get_version_by_id(s, 1).content["principles"][0]["title"] == "Be brief"
        draft = drafts.get_draft(s, 1, "Bob")
        assert draft is not None
        assert (draft.content, draft.base_version_id) == ({"name": "Brevity", "principles": []}, 1)
        assert query_sets.get_query_set(s, 1).split_sizes == {"train": 1, "held_out": 1}
        (compared,) = comparisons.list_comparisons(s, 1)
        assert (compared.run_id, compared.query, compared.seed, len(compared.replies)) == (1, "Why is the sky blue?", 2**40, 4)
        (prompted,) = [row for row in comparisons.list_comparisons(s) if row.run_id is None]
        assert [(reply.text, reply.done) for reply in prompted.replies] == [("Because", False)]
        here = machines.serving_machine(s)
        assert here is not None
        assert (here.place, here.hardware, here.served_at) == ("here", {"cores": 2}, here.measured_at)


def test_without_a_folder_paths_stay_what_they_are(old: Engine, data: Path) -> None:
    migrate(old)
    with make_sessions(old).read() as s:
        assert runs.get_run(s, 1).adapter == f"{data}/runs/1/attempt-2/adapter"


def test_a_data_folder_that_was_named_through_a_link_is_the_same_folder(old: Engine, data: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(data)
    migrate(old, tmp_path / "link")
    with make_sessions(old).read() as s:
        assert runs.get_run(s, 1).adapter == "runs/1/attempt-2/adapter"


def test_ids_are_counted_by_the_job_alone(sessions: Sessions, old: Engine) -> None:
    columns = {column["name"]: column for column in inspect(old).get_columns("run")}
    assert columns["id"].get("default") is None


def test_model_folders_in_the_data_folder_became_names_and_others_are_kept(old: Engine, data: Path) -> None:
    named = {1: f"{data}/models/two words", 2: f"{data}/models/mine", 3: f"{data}-of-others/models/mine", 4: f"{data}/../{data.name}/models/mine"}
    with old.begin() as connection:
        for run_id, model in named.items():
            connection.exec_driver_sql(f"UPDATE run SET model = '{model}' WHERE id = {run_id}")
    migrate(old, data)
    with make_sessions(old).read() as s:
        assert {run_id: runs.get_run(s, run_id).model for run_id in named} == named | {1: "data:models/two words", 2: "data:models/mine", 4: "data:models/mine"}
        assert comparisons.list_comparisons(s, 1)[0].model == "data:models/two words"
