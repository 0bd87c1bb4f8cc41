"""`train --check DIR`: a check that asked what the run would ask is used, any other is refused in words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands.made_check import found_by_check
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.default_model import DEFAULT_MODEL
from core.errors import ConfigError
from core.methods.settings import preset, with_settings
from core.runs.checked import CHECK_FILE, CheckRecord, check_record_to_data
from core.runs.plan import RunPlan
from core.runs.run_queries import checked_queries, run_queries
from core.settings import ModelReference
from tests.app.checked import base_replies, checked

BRIEF = Constitution(name="Brief", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long."),))
PLAN = RunPlan(
    constitution=BRIEF,
    queries=tuple(Query(f"What is {i}?", "train" if i % 2 else "held_out") for i in range(80)),
    model=ModelReference(id=DEFAULT_MODEL),
    config=preset("quick"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drawn = tuple(checked_queries(run_queries(BRIEF, PLAN.queries, 0), PLAN.config))
    kept = checked(BRIEF, replace(base_replies(n=len(drawn)), queries=drawn))
    record = CheckRecord(constitution=BRIEF, model=DEFAULT_MODEL, config=PLAN.config, checked=kept)
    (tmp_path / CHECK_FILE).write_text(json.dumps(check_record_to_data(record)))
    return tmp_path


def test_what_it_found_is_used_whatever_else_is_set(folder: Path) -> None:
    found = found_by_check(folder, PLAN)
    assert found.verdict == "unjudged"
    assert found_by_check(folder, replace(PLAN, config=with_settings(PLAN.config, ["trace=all", "lora_rank=8", "train_anyway=true"]))) == found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"constitution": replace(BRIEF, principles=(replace(BRIEF.principles[0], statement="Be short."),))}, "another constitution,"),
        ({"model": ModelReference(id="org/other")}, "another model,"),
        ({"config": with_settings(PLAN.config, ["seed=3"])}, "another queries, seed or sampling,"),
        ({"queries": PLAN.queries[2:]}, "another queries, seed or sampling,"),
    ],
)
def test_a_check_of_something_else_is_refused_in_words(folder: Path, change: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        found_by_check(folder, replace(PLAN, **change))  # type: ignore[arg-type]


def test_a_folder_without_a_check_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no check that can be read .* Name the folder of `check --out`"):
        found_by_check(tmp_path, PLAN)
