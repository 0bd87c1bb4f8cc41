"""What an attempt at a run is given and leaves, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.processes.attempt import Watch
from app.processes.training import _finish, _plan
from app.services.studio import Studio
from core.errors import ConfigError, ConstitutionError, QueryError, ResultError
from core.runs.links import trainability_from_data
from core.runs.records import RunRecord
from core.settings import ModelReference
from db.claims import Claim
from db.status import JobStatus
from tests.app.damaging import damage
from tests.app.planting import FOUND, claim, get_run, make_studio, queue
from tests.app.results import ADAPTER, result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def held(studio: Studio) -> Claim:
    queue(studio)
    return claim(studio)


def record() -> RunRecord:
    ended, adapter = result(), Path("adapter")
    return RunRecord(
        adapter=adapter,
        adapter_sha256=ADAPTER.sha256,
        result=ended.report,
        model=ModelReference(id="m"),
        trainability=trainability_from_data(FOUND),
        dropped=dict(ended.dropped),
        balance=ended.balance,
        endings=[],
        duration_s=1.0,
    )


@pytest.mark.parametrize(
    ("statement", "error", "says"),
    [
        ("UPDATE version SET content = replace(content, 'a', 'b')", ConstitutionError, r"Version 1, which this run trains on, cannot be read: its stored text"),
        ("UPDATE run SET config = '{'", ConfigError, "Settings are a mapping"),
        ("UPDATE run SET config = json_set(config, '$.telepathy', 1)", ConfigError, "Unknown setting 'telepathy'"),
        ("UPDATE query_set SET rows = '[7]'", QueryError, "were changed since they were uploaded"),
        ("UPDATE query_set SET rows = replace(rows, 'What', 'Whom')", QueryError, "were changed since they were uploaded"),
        ("UPDATE query_set SET rows = '['", QueryError, "were changed since they were uploaded"),
    ],
)
def test_what_cannot_be_read_ends_the_attempt_in_words_before_any_model_is_loaded(studio: Studio, statement: str, error: type[Exception], says: str) -> None:
    own = held(studio)
    damage(studio, (statement, None))
    with pytest.raises(error, match=says):
        _plan(studio.settings, Watch(studio.sessions, own))


@pytest.mark.parametrize("change", ["'[1]'", """replace(NEW.result, '"n_queries": 24', '"n_queries": 7')"""])
def test_figures_that_cannot_be_read_back_are_not_stored_as_a_result(studio: Studio, change: str) -> None:
    own = held(studio)
    mistake = f"UPDATE run SET adapter = 'x', result = {change} WHERE id = NEW.id"
    damage(studio, (f"CREATE TRIGGER ours AFTER UPDATE OF result ON run WHEN NEW.adapter = 'k/adapter' BEGIN {mistake}; END", None))
    with pytest.raises(ResultError, match="The figures of this run"):
        _finish(Watch(studio.sessions, own), record(), "k/adapter")
    run = get_run(studio, own.job_id)
    assert (run.result, run.job.status) == (None, JobStatus.RUNNING)
    damage(studio)
    _finish(Watch(studio.sessions, own), replace(record(), duration_s=2.0), "k/adapter")
    assert get_run(studio, own.job_id).job.status is JobStatus.FINISHED
