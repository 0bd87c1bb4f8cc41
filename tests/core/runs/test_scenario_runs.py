"""A run with scenarios: they are answered beside the held-out queries, and nothing else of the run is another."""

import dataclasses
import json

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.constitution.scenarios import Scenario
from core.measure.report_data import report_from_data
from core.methods.settings import TrainConfig
from core.progress import Listener
from core.runs.execute import execute
from core.runs.phases import run_phases
from core.runs.plan import RunPlan
from core.settings import ModelReference, SamplingConfig

CONFIG = TrainConfig(
    train_queries=4, held_out_queries=3, passes=1, lora_rank=4, lora_alpha=8, max_kl_nats=0, sampling=SamplingConfig(max_new_tokens=8, temperature=1.0)
)
BRIEF = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 2))
CALM = Principle(title="Calm", statement="Be calm.", antithesis="Fret.", check=Check("max_words", 3))
QUERIES = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12))
TESTS = (Scenario(query="Where are you from?"), Scenario(query="Why?"))


def run(tiny_folder, folder, *scenarios):
    """A run on two principles: the first has these scenarios, the second shares the last of them."""
    calm = dataclasses.replace(CALM, scenarios=tuple(dataclasses.replace(each, query=each.query.upper()) for each in scenarios[-1:]))
    constitution = Constitution(name="C", principles=(dataclasses.replace(BRIEF, scenarios=scenarios), calm))
    plan = RunPlan(constitution=constitution, queries=QUERIES, model=ModelReference(id=str(tiny_folder)), config=dataclasses.replace(CONFIG, train_anyway=True))
    reports = []
    record = execute(plan, folder, folder.parent, Listener(on_step=reports.append))
    return plan, record, reports


@pytest.fixture(scope="module")
def plain(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / "run"
    return folder, *run(tiny_folder, folder)


@pytest.fixture(scope="module")
def tried(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tried") / "run"
    return folder, *run(tiny_folder, folder, *TESTS)


def test_test_scenarios_change_no_byte_of_what_a_run_without_them_leaves(plain, tried):
    names = {path.relative_to(plain[0]) for path in plain[0].rglob("*") if path.is_file()} - set(map(plain[0].__class__, ("plan.json", "run.json")))
    assert len(names) > 10
    for name in names:
        assert (plain[0] / name).read_bytes() == (tried[0] / name).read_bytes(), name
    without = [dataclasses.replace(each, scenarios=None) for each in tried[2].result.principles]
    assert dataclasses.replace(tried[2].result, principles=tuple(without)) == plain[2].result


def test_a_run_without_scenarios_says_nothing_of_any(plain):
    stored = json.loads((plain[0] / "run.json").read_text())
    assert list(stored["queries"]) == ["sha256", "train", "held_out", "probe"]
    assert not any("scenarios" in principle for principle in stored["result"]["principles"])
    assert not list(plain[0].glob("scenarios-*"))


def test_each_arm_answers_each_scenario_under_the_statements_and_the_flips_of_its_principles(tried):
    files = {arm: json.loads((tried[0] / f"scenarios-{arm}-000.json").read_text()) for arm in ("prompt", "sami", "sami-alone")}
    sides = {arm: [(row["query"], row["side"]) for row in rows] for arm, rows in files.items()}
    prompted = [("Where are you from?", "statement"), ("Where are you from?", "flip 1"), ("Why?", "statement"), ("Why?", "flip 1"), ("Why?", "flip 2")]
    reading = {arm: json.loads((tried[0] / f"scenarios-reading-{arm}.json").read_text()) for arm in ("prompt", "sami")}
    said = {arm: [bool(row["text"]) for row in files[arm] if row["side"] == "statement"] for arm in reading}
    assert {arm: [len(row["logprobs"]) for row in rows] for arm, rows in reading.items()} == {arm: [4 * each for each in full] for arm, full in said.items()}
    assert not (tried[0] / "scenarios-reading-sami-alone.json").exists()  # it is asked under no constitution, and not read
    assert sides == {"prompt": prompted, "sami": prompted, "sami-alone": [("Where are you from?", "none"), ("Why?", "none")]}


def test_the_record_says_which_scenario_belongs_to_which_principles_and_what_they_show(tried):
    stored = json.loads((tried[0] / "run.json").read_text())
    measured = [{"query": "Where are you from?", "principles": [1]}, {"query": "Why?", "principles": [1, 2]}]
    assert stored["queries"]["scenarios"] == {"trained": [], "measured": measured, "taken_out": []}
    assert [principle["scenarios"]["n_queries"] for principle in stored["result"]["principles"]] == [2, 1]
    assert report_from_data(stored["result"]) == tried[2].result


def test_the_phases_are_those_of_any_run_and_replies_that_are_there_are_not_asked_again(tried):
    folder, plan, record, reports = tried
    assert tuple(dict.fromkeys(report.phase for report in reports)) == run_phases(plan.config)
    lost, kept = folder / "scenarios-sami-000.json", folder / "scenarios-prompt-000.json"
    before, moment = lost.read_text(), kept.stat().st_mtime_ns
    lost.unlink()
    assert execute(plan, folder, folder.parent).result == record.result
    assert (lost.read_text(), kept.stat().st_mtime_ns) == (before, moment)


def test_train_scenarios_are_trained_on_and_test_scenarios_are_not_and_both_are_said(tiny_folder, tmp_path):
    own = (Scenario(query="Train on me?", use="train"), Scenario(query="And me?", use="train"), Scenario(query="question number 1"))
    _, _, reports = run(tiny_folder, tmp_path / "run", *own)
    queries = json.loads((tmp_path / "run" / "run.json").read_text())["queries"]
    assert {"Train on me?", "And me?"} < set(queries["train"]) and len(queries["train"]) == 4
    assert "Question number 1?" not in queries["train"]
    assert sorted(row["query"] for row in queries["scenarios"]["trained"]) == ["And me?", "Train on me?"]
    assert queries["scenarios"]["taken_out"] == ["Question number 1?"]
    assert "1 train query asks what a test scenario asks, so it is not trained on." in [report.lasting for report in reports]
