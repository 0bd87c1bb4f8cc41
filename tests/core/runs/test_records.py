"""Whose folder a run's folder is, when the model's own may have been moved."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.default_model import DEFAULT_MODEL
from core.engine.processes import ALONE
from core.errors import ConfigError
from core.methods.settings import TrainConfig
from core.runs.links import trainability_from_data
from core.runs.plan import RunPlan
from core.runs.records import RunRecord, claim_folder, record_to_data
from core.settings import ModelReference
from tests.app.planting import FOUND
from tests.app.results import result

PLAN = RunPlan(
    constitution=Constitution(name="Brevity", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long."),)),
    queries=(Query("Why?", "train"),),
    model=ModelReference(id="/before/models/mine"),
    config=TrainConfig(),
)


def moved(plan: RunPlan) -> RunPlan:
    return replace(plan, model=ModelReference(id="/after/models/mine"))


def test_a_run_goes_on_when_its_model_moved_under_a_name_that_lasts(tmp_path: Path) -> None:
    named = replace(PLAN, known_as="data:models/mine")
    claim_folder(named, tmp_path, ALONE)
    claim_folder(moved(named), tmp_path, ALONE)
    with pytest.raises(ConfigError, match="another run: its model differ"):
        claim_folder(replace(moved(named), known_as="data:models/other"), tmp_path, ALONE)


def test_a_run_without_such_a_name_is_bound_to_its_model(tmp_path: Path) -> None:
    claim_folder(PLAN, tmp_path, ALONE)
    with pytest.raises(ConfigError, match="another run: its model differ"):
        claim_folder(moved(PLAN), tmp_path, ALONE)


def test_a_run_begun_before_there_were_such_names_goes_on_where_it_lies(tmp_path: Path) -> None:
    claim_folder(PLAN, tmp_path, ALONE)
    assert json.loads((tmp_path / "plan.json").read_text())["model"] == "/before/models/mine"
    claim_folder(replace(PLAN, known_as="data:models/mine"), tmp_path, ALONE)


def test_a_record_names_the_model_by_the_name_that_lasts_and_tells_no_path(tmp_path: Path) -> None:
    here = tmp_path / "data" / "models" / "mine"
    names = ("data:models/mine", None, str(here), PLAN.model.id, "models/mine")
    told = [record_to_data(replace(PLAN, known_as=name), finished(str(here)), [], [], [])["model"] for name in names]
    assert told == [{"id": name, "revision": None} for name in ("data:models/mine", "mine", "mine", "mine", "models/mine")]
    cached = "/home/ann/.cache/huggingface/hub/models--org--name/snapshots/" + "a" * 40
    assert record_to_data(PLAN, finished(cached), [], [], [])["model"] == {"id": "org/name", "revision": "a" * 40}
    assert record_to_data(PLAN, finished(DEFAULT_MODEL), [], [], [])["model"]["id"] == DEFAULT_MODEL


def finished(model: str) -> RunRecord:
    done = result()
    return RunRecord(
        adapter=Path("adapter"),
        adapter_sha256="ab",
        result=done.report,
        model=ModelReference(id=model),
        trainability=trainability_from_data(FOUND),
        dropped={},
        balance=(),
        endings=[],
        duration_s=1.0,
    )
