"""A run of a method that needs no gradient: what it leaves, and that it ends the same however often it is stopped."""

import contextlib
import json

import pytest
import torch

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle, content_hash
from core.constitution.queries import Query, queries_hash
from core.engine.models import Placing, load_model
from core.engine.policies import open_policy
from core.engine.sampling import sample
from core.engine.vectors import load_vector, read_vector
from core.measure.ask import reply_seed, side_prompt
from core.measure.report_data import report_from_data, report_to_data
from core.measure.rows import rows
from core.methods.arms import Artifact, make_arm
from core.methods.settings import TrainConfig
from core.methods.steering.settings import SteeringSettings
from core.progress import Listener, Stopped
from core.runs.execute import execute
from core.runs.making import split_queries
from core.runs.phases import measured_arms, run_phases
from core.runs.plan import RunPlan
from core.runs.records import result_data
from core.runs.results import run_result_from_data
from core.settings import ModelReference, SamplingConfig

BRIEF = Constitution(name="C", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 3)),))
QUERIES = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12))
ARMS = ["prompt", "steering", "steering-alone", "steering-alone multiplier=-1", "steering-random", "steering-random-alone", "base"]
CONFIG = TrainConfig(
    recipe=SteeringSettings(validation_queries=2, multipliers_tried=2),
    train_queries=5,
    held_out_queries=3,
    max_kl_nats=0,
    end_token=False,
    train_anyway=True,
    sampling=SamplingConfig(max_new_tokens=8, temperature=1.0),
)


def plan(tiny_folder):
    return RunPlan(constitution=BRIEF, queries=QUERIES, model=ModelReference(id=str(tiny_folder)), config=CONFIG)


@pytest.fixture(scope="module")
def finished(tiny_folder, tmp_path_factory):
    folder, reports = tmp_path_factory.mktemp("run"), []
    record = execute(plan(tiny_folder), folder / "run", folder, Listener(on_step=reports.append))
    return folder / "run", record, reports


def test_it_leaves_a_vector_that_says_what_it_was_made_of_and_how_it_was_chosen(finished, tiny):
    folder, record, _ = finished
    assert record.adapter == folder / "vector"
    vector = read_vector(tiny, record.adapter)
    assert vector.facts["constitution_sha256"] == content_hash(BRIEF)
    assert vector.facts["queries_sha256"] == queries_hash(QUERIES)
    assert vector.facts["chosen_by"] == "check"
    assert float(vector.random_H.norm()) == pytest.approx(vector.norm, rel=1e-5)
    kept = json.loads((folder / "run.json").read_text())
    assert kept["adapter_sha256"] == record.adapter_sha256
    assert (kept["made"]["layer"], kept["made"]["multiplier"]) == (vector.layer, vector.multiplier)
    assert len(kept["made"]["tried"]) == 4  # both layers of two, two multipliers
    assert [row["step"] for row in kept["metrics"]] == [2, 3, 4, 5]
    assert {"validation_useful", "validation_margin_nats"} <= set(kept["metrics"][0])
    assert "chosen on 2 train queries that it was not read on" in kept["made"]["says"]


def test_layer_and_multiplier_are_chosen_on_train_queries_of_which_nothing_is_read_and_never_on_held_out_ones(finished):
    folder, _, _ = finished
    kept = json.loads((folder / "run.json").read_text())
    train = [query.text for query in QUERIES if query.split == "train"]
    assert set(kept["queries"]["train"]) <= set(train) and len(kept["queries"]["train"]) == 5  # those it chose on count as trained on
    sampled = {row["query"] for row in json.loads((folder / "iteration-1" / "responses-000.json").read_text())["examples"]}
    assert sampled <= set(kept["queries"]["train"][:3])
    assert split_queries(list("abcde"), 2) == (["a", "b", "c"], ["d", "e"])
    assert split_queries(list("ab"), 12) == (["a"], ["b"])


def test_its_phases_are_known_before_it_begins_and_its_arms_are_measured(finished):
    _, record, reports = finished
    assert [figures.arm.key for figures in record.result.arms] == [arm.key for arm in measured_arms(CONFIG)] == ARMS
    assert tuple(dict.fromkeys(report.phase for report in reports)) == run_phases(CONFIG)
    assert {figures.arm.artifact for figures in record.result.arms} == {None, Artifact(kind="vector", place="", sha256=record.adapter_sha256)}
    training = [report for report in reports if report.phase == "training"]
    assert (training[0].done, training[-1].done, training[-1].lasting) == (0, training[-1].total, record.made["says"])


def test_its_arms_reply_as_they_do_when_the_vector_is_loaded_again(finished, tiny_folder, tmp_path):
    folder, record, _ = finished
    model = load_vector(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=torch.device("cpu"))), folder / "vector")
    rows = json.loads((folder / "replies-steering-alone multiplier=-1-000.json").read_text())
    arm = make_arm("steering-alone", artifact=Artifact(kind="vector", place="", sha256=record.adapter_sha256), settings={"multiplier": -1})
    prompts = [side_prompt(model, None, "statement", row["query"]) for row in rows]
    seeds = [reply_seed(CONFIG.seed, row["query"], "statement") for row in rows]
    assert [reply.text for reply in sample(open_policy(model, arm), prompts, CONFIG.sampling, seeds, steady=True)] == [row["text"] for row in rows]


def test_the_result_is_read_back_as_it_was_stored(finished):
    _, record, _ = finished
    assert report_from_data(json.loads(json.dumps(report_to_data(record.result)))) == record.result
    assert run_result_from_data(json.loads(json.dumps(result_data(record)))).made == record.made
    labels = [row.label for row in rows(record.result)]
    assert "Brief (max_words: 3), follows the statement and not the antithesis when the two are swapped" in labels


@pytest.mark.parametrize("calls", range(1, 16))
def test_a_run_stopped_anywhere_ends_as_if_it_had_not_been(finished, tiny_folder, tmp_path, calls):
    _, whole, _ = finished
    asked = iter(range(1, 1000))
    with contextlib.suppress(Stopped):
        execute(plan(tiny_folder), tmp_path / "cut", tmp_path, Listener(should_stop=lambda: next(asked) >= calls))
    resumed = execute(plan(tiny_folder), tmp_path / "cut", tmp_path)
    assert resumed.adapter_sha256 == whole.adapter_sha256
    assert (resumed.result, resumed.made) == (whole.result, whole.made)
    assert json.loads((tmp_path / "cut" / "run.json").read_text())["metrics"] == json.loads((finished[0] / "run.json").read_text())["metrics"]
