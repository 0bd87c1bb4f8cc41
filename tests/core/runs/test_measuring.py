"""The end of a run: three arms answer, each in files of its own, and what is there is not asked again."""

import json
from dataclasses import replace

import pytest

from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.adapters import load_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import open_policy
from core.engine.sampling import sample
from core.measure.ask import reply_seed, side_prompt
from core.methods.arms import Artifact, make_arm
from core.methods.settings import TrainConfig
from core.progress import Listener
from core.runs.execute import execute
from core.runs.phases import measured_arms, run_phases
from core.runs.plan import RunPlan
from core.settings import ModelReference, SamplingConfig
from tests.devices import DEVICE

SAMPLING = SamplingConfig(max_new_tokens=8, temperature=1.0)
CONFIG = TrainConfig(train_queries=4, held_out_queries=3, passes=1, lora_rank=4, lora_alpha=8, max_kl_nats=0, sampling=SAMPLING)
BRIEF = Constitution(name="C", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long."),))
QUERIES = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12))


@pytest.fixture(scope="module")
def finished(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    reports = []
    plan = RunPlan(constitution=BRIEF, queries=QUERIES, model=ModelReference(id=str(tiny_folder)), config=CONFIG)
    record = execute(plan, folder / "run", folder, Listener(on_step=reports.append))
    return folder / "run", record, reports, plan


def test_each_arm_is_a_phase_that_is_known_before_the_run_begins(finished):
    _, record, reports, _ = finished
    assert [figures.arm.key for figures in record.result.arms] == [arm.key for arm in measured_arms(CONFIG)] == ["prompt", "sami", "sami-alone"]
    assert tuple(dict.fromkeys(report.phase for report in reports)) == run_phases(CONFIG)


def test_an_arm_without_the_constitution_answers_each_query_once_unscored_as_the_compare_page_would(finished):
    folder, record, _, plan = finished
    rows = json.loads((folder / "replies-sami-alone-000.json").read_text())
    assert [(row["side"], row["logprobs"], row["base_logprobs"], row["kl_policy_base_nats"]) for row in rows] == [("none", [], [], None)] * 3
    model = load_adapter(load_model(plan.model, folder, Placing(device=DEVICE)), folder / "adapter")
    arm = make_arm("sami-alone", artifact=Artifact(kind="adapter", place="", sha256=record.adapter_sha256))
    prompts = [side_prompt(model, None, "statement", row["query"]) for row in rows]
    seeds = [reply_seed(CONFIG.seed, row["query"], "statement") for row in rows]
    assert [response.text for response in sample(open_policy(model, arm), prompts, SAMPLING, seeds, steady=True)] == [row["text"] for row in rows]


def test_replies_that_are_there_are_kept_and_those_that_are_not_are_asked_again(finished):
    folder, record, _, plan = finished
    kept, lost = folder / "replies-sami-000.json", folder / "replies-sami-alone-000.json"
    before, moment = lost.read_text(), kept.stat().st_mtime_ns
    lost.unlink()
    assert execute(plan, folder, folder).result == record.result
    assert lost.read_text() == before
    assert kept.stat().st_mtime_ns == moment


def test_what_an_arm_wears_is_in_the_report_by_its_hash(finished):
    _, record, _, _ = finished
    artifacts = [figures.arm.artifact for figures in record.result.arms]
    assert artifacts[0] is None
    assert artifacts[1] == artifacts[2] == Artifact(kind="adapter", place="", sha256=record.adapter_sha256)


def test_replies_that_another_version_committed_in_other_batches_are_measured_anew(finished):
    folder, record, _, plan = finished
    file = folder / "replies-prompt-000.json"
    whole = file.read_text()
    file.write_text(json.dumps(json.loads(whole)[:4]))  # two of three queries
    assert execute(plan, folder, folder).result == record.result
    assert file.read_text() == whole


def test_a_run_on_several_principles_that_goes_on_ends_as_one_that_was_never_interrupted(tiny_folder, tmp_path):
    """Flips are sampled packed and prompts scored together, in batches that are committed whole."""
    several = Constitution(name="C", principles=tuple(Principle(title=f"P{i}", statement=f"Do {i} now.", antithesis=f"Never do {i}.") for i in range(3)))
    config = replace(CONFIG, held_out_queries=14, trace="own")
    queries = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(30))
    plan = RunPlan(constitution=several, queries=queries, model=ModelReference(id=str(tiny_folder)), config=config)
    record = execute(plan, tmp_path / "run", tmp_path)
    assert record.result.traced == ("statement", "antithesis")
    lost = [tmp_path / "run" / f"replies-{arm}-001.json" for arm in ("prompt", "sami")]
    before = [file.read_text() for file in lost]
    for file in lost:
        file.unlink()
    assert execute(plan, tmp_path / "run", tmp_path).result == record.result
    assert [file.read_text() for file in lost] == before
