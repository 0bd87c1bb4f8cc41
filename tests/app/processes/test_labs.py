"""A battery of the laboratory as a job: queued, done in an attempt, stopped and gone on with, on a real database and a tiny model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.processes.protocol import LAB, WORK, attempt_key
from app.services.lab_found import found_by
from app.services.lab_jobs import LabWish, begin, list_labs, resume, stop
from app.services.studio import RefusedError, Studio
from core.errors import ConfigError, QueryError
from core.progress import Stopped
from db import claims
from db.audit import list_entries
from db.query_sets import add_query_set
from db.status import JobStatus
from tests.app.damaging import damage
from tests.app.planting import make_studio, queue, version_id
from tests.app.processes.lab_attempts import do, take
from tests.tiny import save_tiny_model


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def wish(studio: Studio, model: Path, **changes: object) -> LabWish:
    with studio.sessions.begin() as session:
        asked = add_query_set(session, "Two", "test", [{"query": f"Question {i}?", "split": "train" if i % 2 else "held_out"} for i in range(4)])
        values = {"run": None, "version": version_id(studio), "query_set": asked.id, "model": str(model), "probes": ("prompt",), "limit": 1}
        return LabWish(**(values | changes))  # type: ignore[arg-type]


def test_a_battery_is_queued_done_and_found_again(studio: Studio, model: Path) -> None:
    asked = wish(studio, model)
    number = begin(studio, "Ann", asked, "key-of-a-form-1")
    assert begin(studio, "Ann", asked, "key-of-a-form-1") == number
    assert found_by(studio, number) is None
    do(studio, take(studio))
    (view,) = list_labs(studio)
    assert (view.id, view.status, view.wish, view.by) == (number, JobStatus.FINISHED, asked, "Ann")
    found = found_by(studio, number)
    assert found is not None and [record.key for record in found.records] == ["prompt"] and found.records[0].result is not None
    assert WORK[LAB] == "app.processes.labs:probe"


def test_one_that_is_stopped_goes_on_with_what_was_kept(studio: Studio, model: Path) -> None:
    number = begin(studio, "Ann", wish(studio, model, probes=("prompt", "readers")), "key-of-a-form-2")
    watch = take(studio)
    watch.reason = "asked"
    with pytest.raises(Stopped):
        do(studio, watch)
    stop(studio, number)
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, watch.claim)
    resume(studio, number)
    again = take(studio)
    studio.store.inherit(attempt_key(number, 1), again.key)
    do(studio, again)
    assert list_labs(studio)[0].status is JobStatus.FINISHED
    with studio.sessions.read() as session:
        told = [(entry.what, entry.subject) for entry in list_entries(session) if entry.what.startswith("lab.")]
    assert sorted(told) == [(f"lab.{what}", f"job {number}") for what in ("asked-for", "resumed", "stopped")]


@pytest.mark.parametrize(
    ("changes", "says"), [({"probes": ("samy",)}, "There is no probe 'samy'"), ({"limit": 0}, "1 to 96"), ({"version": 99}, "no version"), ({"run": 99}, "99")]
)
def test_what_cannot_be_asked_for_is_refused_in_words(studio: Studio, model: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises((ConfigError, RefusedError), match=says):
        begin(studio, "Ann", wish(studio, model, **changes), "key-of-a-form-3")
    assert list_labs(studio) == []


def test_another_job_is_no_battery(studio: Studio) -> None:
    run = queue(studio)
    with pytest.raises(RefusedError, match="no battery"):
        stop(studio, run)


def test_queries_that_were_changed_in_the_database_end_it_in_words(studio: Studio, model: Path) -> None:
    begin(studio, "Ann", wish(studio, model), "key-of-a-form-4")
    damage(studio, ("UPDATE query_set SET rows = '[7]'", None))
    with pytest.raises(QueryError, match="were changed since they were uploaded"):
        do(studio, take(studio))
