"""A drift matrix as a job of the laboratory: two finished runs on a tiny model, each measured on the texts of both."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.processes.protocol import attempt_key
from app.services.lab_drift import drift_found, drift_wish, plan_drift
from app.services.lab_jobs import begin, list_labs, resume, stop
from app.services.stored import require_constitution
from app.services.studio import Studio
from core.constitution.principles import to_data
from core.errors import ConfigError, StudioError
from core.methods.settings import config_to_data, preset
from core.progress import Stopped
from core.settings import ModelReference, SamplingConfig
from db import claims
from db.constitutions import get_version_by_id
from db.status import JobStatus
from db.tables import Run
from tests.app.planting import claim, finish, get_run, make_studio, measure, queue, version_id
from tests.app.processes.lab_attempts import do, take
from tests.app.results import result
from tests.tiny import save_tiny_adapter, save_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def adapters(model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [save_tiny_adapter(model, tmp_path_factory.mktemp("adapters") / f"{seed}", seed) for seed in (1, 2)]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


def finished(studio: Studio, name: str, model: Path, adapter: Path) -> int:
    """A run with a real adapter of the tiny model, and the record that a run leaves, as far as it is read."""
    number = queue(studio, name, key=f"planted-{name}".replace(" ", "-"))
    folder = finish(studio, claim(studio), result())
    shutil.rmtree(folder)
    shutil.copytree(adapter, folder)
    config = replace(preset("quick", method="sami"), sampling=SamplingConfig(max_new_tokens=5), seed=3)
    with studio.sessions.begin() as session:
        constitution = require_constitution(get_version_by_id(session, version_id(studio, name)))
        session.execute(update(Run).where(Run.id == number).values(model=str(model), config=config_to_data(config)))
    record: dict[str, Any] = {"config": config_to_data(config), "model": asdict(ModelReference(id=str(model))), "constitution": to_data(constitution)}
    (folder.parent / "run.json").write_text(json.dumps({**record, "queries": {"train": ["What is tea?"], "held_out": []}}))
    return number


@pytest.fixture
def both(studio: Studio, model: Path, adapters: list[Path]) -> list[int]:
    return [finished(studio, name, model, adapter) for name, adapter in zip(("Brevity", "Bullet points"), adapters, strict=True)]


def test_a_matrix_is_queued_stopped_gone_on_with_and_found(studio: Studio, both: list[int]) -> None:
    number = begin(studio, "Ann", drift_wish(studio, both, 2), "key-of-a-form-1")
    watch = take(studio)
    watch.reason = "asked"
    with pytest.raises(Stopped):
        do(studio, watch)
    stop(studio, number)
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, watch.claim)
    assert drift_found(studio, number) is None
    resume(studio, number)
    again = take(studio)
    studio.store.inherit(attempt_key(number, 1), again.key)
    do(studio, again)
    (view,) = list_labs(studio)
    assert (view.status, view.wish.runs, view.total) == (JobStatus.FINISHED, tuple(both), 10)
    found = drift_found(studio, number)
    assert found is not None and found.failed == {} and found.checks.family == 2 * 9
    assert [each.name for each in found.plan.constitutions] == ["Brevity", "Bullet points"]


def test_what_it_would_be_is_known_before_the_click(studio: Studio, both: list[int]) -> None:
    assert plan_drift(studio, both, 2).minutes is None
    measure(studio)
    planned = plan_drift(studio, both, 2)
    assert (planned.rows, planned.principles, planned.cells, planned.held_out) == (10, 2, 18, 2)
    assert planned.minutes is not None and planned.minutes >= 0


def test_runs_that_do_not_go_together_are_refused_with_what_to_leave_out(studio: Studio, both: list[int], model: Path, adapters: list[Path]) -> None:
    for numbers, limit, says in (([both[0]], 2, "2 to 12 finished runs"), (both, 97, "1 to 96"), ([both[0], 99], 2, "no run 99")):
        with pytest.raises(StudioError, match=says):
            drift_wish(studio, numbers, limit)
    waits = queue(studio, "Warm tone", key="planted-that-waits")
    with pytest.raises(StudioError):
        drift_wish(studio, [both[0], waits], 2)
    with studio.sessions.begin() as session:
        session.execute(update(Run).where(Run.id == both[1]).values(version_id=get_run(studio, both[0]).version_id))
    with pytest.raises(ConfigError, match="trained on the same text"):
        drift_wish(studio, both, 2)
    with studio.sessions.begin() as session:
        session.execute(update(Run).where(Run.id == both[1]).values(model="another"))
    with pytest.raises(ConfigError, match=f"Run {both[1]} was trained on another model than run {both[0]}"):
        drift_wish(studio, both, 2)
