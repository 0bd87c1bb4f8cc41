"""A whole run: what it leaves, and that it ends the same however often it is stopped or killed."""

import contextlib
import dataclasses
import json
import os

import pytest
import torch
from safetensors.torch import load_file

from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.adapters import load_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is
from core.errors import ConfigError
from core.methods.examples import draw_examples
from core.methods.settings import TrainConfig
from core.progress import Listener, Stopped
from core.runs.execute import execute
from core.runs.iterations import iteration_config, iteration_queries
from core.runs.phases import run_phases
from core.runs.plan import RunPlan
from core.settings import ModelReference, SamplingConfig
from tests.asking import adapter_off
from tests.devices import DEVICE

CONSTITUTION = Constitution(name="Test", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long."),))
QUERIES = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12))


def plan(tiny_folder, **changes):
    values = {"train_queries": 4, "held_out_queries": 3, "queries_per_step": 2, "sample_every": 2, "lora_rank": 4, "lora_alpha": 8}
    config = TrainConfig(**{**values, "sampling": SamplingConfig(max_new_tokens=6, temperature=1.0), **changes})
    return RunPlan(constitution=CONSTITUTION, queries=QUERIES, model=ModelReference(id=str(tiny_folder)), config=config)


def test_a_run_leaves_an_adapter_that_stock_peft_loads_and_that_differs_from_the_base(tiny_folder, tmp_path):
    record = execute(plan(tiny_folder), tmp_path / "run", tmp_path)
    model = load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32)), record.adapter)
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    ids = torch.arange(3, 30, device=DEVICE)[None]
    with torch.no_grad():
        plain, adapted = base.network(ids).logits, model.network(ids).logits
        with adapter_off(model):
            off = model.network(ids).logits
    assert torch.equal(off, plain)
    assert not torch.equal(adapted, plain)
    assert all(name.startswith("base_model.model.") for name in load_file(record.adapter / "adapter_model.safetensors"))


@pytest.fixture(scope="module")
def whole(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return execute(plan(tiny_folder), folder / "run", folder)


@pytest.mark.parametrize("calls", range(1, 14))
def test_a_run_stopped_anywhere_ends_as_if_it_had_not_been(tiny_folder, tmp_path, whole, calls):
    """`should_stop` says yes at its k-th question, for every k: sampling, each step of training, measuring."""
    asked = iter(range(1, 1000))
    with contextlib.suppress(Stopped):
        execute(plan(tiny_folder), tmp_path / "cut", tmp_path, Listener(should_stop=lambda: next(asked) >= calls))
    resumed = execute(plan(tiny_folder), tmp_path / "cut", tmp_path)
    assert resumed.adapter_sha256 == whole.adapter_sha256
    assert resumed.result == whole.result


def test_a_run_in_lanes_is_the_run_without_them_also_where_it_goes_on_from_what_was_drawn_without(tiny_folder, tmp_path, monkeypatch):
    for module in ("core.methods.examples", "core.runs.training"):
        monkeypatch.setattr(f"{module}.QUERIES_PER_BATCH", 2)
    alone, stopped = execute(plan(tiny_folder), tmp_path / "alone", tmp_path), []
    with contextlib.suppress(Stopped):
        execute(plan(tiny_folder), tmp_path / "goes on", tmp_path, Listener(on_step=stopped.append, should_stop=lambda: stopped[-1].phase == "training"))
    monkeypatch.setattr("core.engine.layouts.threads", lambda: 2)
    beside = [execute(plan(tiny_folder), tmp_path / name, tmp_path) for name in ("beside", "goes on")]
    assert [record.adapter_sha256 for record in beside] == [alone.adapter_sha256] * 2 and beside[0].result == beside[1].result == alone.result
    assert [len(list((tmp_path / name / "iteration-1").glob("responses-*.json"))) for name in ("alone", "beside")] == [2, 1]


def test_a_folder_of_another_run_is_not_mixed_with_this_one(tiny_folder, tmp_path):
    execute(plan(tiny_folder), tmp_path / "run", tmp_path)
    with pytest.raises(ConfigError, match="config differ"):
        execute(plan(tiny_folder, learning_rate=1e-5), tmp_path / "run", tmp_path)


SPLIT_QUERIES = tuple(Query(f"Question number {i}?", "train" if i < 24 else "held_out") for i in range(30))


def iterated(tiny_folder, **changes):
    return dataclasses.replace(plan(tiny_folder, iterations=3, train_queries=2, max_kl_nats=0, **changes), queries=SPLIT_QUERIES)


def test_iterations_train_from_the_base_on_replies_of_the_policy_before_to_queries_it_never_saw(tiny_folder, tmp_path):
    reports = []
    execute(iterated(tiny_folder), tmp_path / "run", tmp_path, Listener(on_step=reports.append))
    kept = [json.loads((tmp_path / "run" / f"iteration-{k}" / "responses-000.json").read_text()) for k in (1, 2, 3)]
    rows = [data["examples"] for data in kept]
    asked = [{row["query"] for row in examples} for examples in rows]
    assert [len(queries) + sum(data["dropped"].values()) for queries, data in zip(asked, kept, strict=True)] == [2, 4, 6]
    assert not asked[1] & asked[0]
    assert not asked[2] & asked[1]
    steps = [2 * -(-len(queries) // 2) for queries in asked]  # two passes, two queries a step
    assert [r.step for r in reports if r.metrics] == list(range(1, sum(steps) + 1))
    assert list(dict.fromkeys(r.phase for r in reports)) == list(run_phases(TrainConfig(iterations=3)))
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE))
    first = load_adapter(base, tmp_path / "run" / "iteration-1" / "adapter")
    config = iteration_config(iterated(tiny_folder).config, 2)
    again = draw_examples(as_it_is(first, "sami"), CONSTITUTION, iteration_queries(SPLIT_QUERIES, iterated(tiny_folder).config, 2), config)
    assert [tuple(map(tuple, row["responses"])) for row in rows[1]] == [example.responses for example in again.examples]
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert [row["iteration"] for row in record["metrics"]] == [k for k, made in enumerate(steps, start=1) for _ in range(made)]
    assert set(record["queries"]["train"]) >= asked[0] | asked[1] | asked[2]


def test_every_phase_is_told_when_it_begins_and_none_is_done_while_the_base_is_still_asked(tiny_folder, tmp_path):
    reports = []
    execute(plan(tiny_folder), tmp_path / "run", tmp_path, Listener(on_step=reports.append))
    begun = {report.phase: report.done for report in reversed(reports)}
    assert {done for phase, done in begun.items() if phase != "preparing"} == {0}
    preparing = [report for report in reports if report.phase == "preparing"]
    asking = [report.done for report in preparing if "asking" in report.note]
    assert asking == sorted(asking) and 40 <= asking[0] <= asking[-1] < 100
    assert (preparing[-1].done, preparing[-1].total) == (100, 100)


@pytest.fixture(scope="module")
def whole_iterated(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("iterated")
    return execute(iterated(tiny_folder), folder / "run", folder)


@pytest.mark.parametrize("calls", [2, 4, 6, 9, 13, 17])
def test_iterations_stopped_anywhere_end_as_if_they_had_not_been(tiny_folder, tmp_path, whole_iterated, calls):
    asked = iter(range(1, 1000))
    with pytest.raises(Stopped):
        execute(iterated(tiny_folder), tmp_path / "cut", tmp_path, Listener(should_stop=lambda: next(asked) >= calls))
    resumed = execute(iterated(tiny_folder), tmp_path / "cut", tmp_path)
    assert resumed.adapter_sha256 == whole_iterated.adapter_sha256
    assert resumed.result == whole_iterated.result
    curves = [json.loads((folder / "run.json").read_text())["metrics"] for folder in (whole_iterated.adapter.parent, tmp_path / "cut")]
    assert curves[0] == curves[1]


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def probed(tiny_folder):
    """Three iterations of one, two and three steps, with a probe after each step; the last two end by the first fall of its bound."""
    return iterated(tiny_folder, passes=1, seed=13, learning_rate=0.02, probe_every=1, probe_queries=2, patience=1, max_repetition_rise=0)


MOST_WRITES = 50  # renames of a whole run of `probed` with a checkpoint after each step: every file and folder that is committed
# 49 on processors of one kind and 50 on those of another: by their rounding a probe more may be the best so far.
TRIED_WRITES = range(0, MOST_WRITES + 1, 1 if os.environ.get("STUDIO_TEST_LONG") else 3)


class Counted:
    """A whole run, and the renames that it took."""

    def __init__(self, tiny_folder, folder):
        self.folder, self.writes, rename = folder / "run", 0, os.replace

        def counting(source, target):
            self.writes += 1
            rename(source, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("core.runs.loop.CHECKPOINT_EVERY_S", 0.0)
            patch.setattr(os, "replace", counting)
            self.record = execute(probed(tiny_folder), self.folder, folder)


@pytest.fixture(scope="module")
def uninterrupted(tiny_folder, tmp_path_factory):
    return Counted(tiny_folder, tmp_path_factory.mktemp("uninterrupted"))


@pytest.mark.parametrize("write", TRIED_WRITES)
def test_a_run_killed_at_any_write_ends_as_if_it_had_not_been(tiny_folder, tmp_path, monkeypatch, uninterrupted, write):
    """Dies just before each rename that commits a file, with all before it done, and after the last one.

    Plan, verdict, responses, the base's probe, best adapter, probes, early end, curve, checkpoint, adapter, replies, readings, record.
    """
    rename, made = os.replace, iter(range(1000))

    def killing(source, target):
        if next(made) == write:
            raise KilledError
        rename(source, target)

    monkeypatch.setattr("core.runs.loop.CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(os, "replace", killing)
    with pytest.raises(KilledError) if write < uninterrupted.writes else contextlib.nullcontext():
        execute(probed(tiny_folder), tmp_path / "run", tmp_path)
    monkeypatch.setattr(os, "replace", rename)
    resumed = execute(probed(tiny_folder), tmp_path / "run", tmp_path)
    whole = uninterrupted.record
    assert resumed.adapter_sha256 == whole.adapter_sha256
    assert (resumed.result, resumed.endings) == (whole.result, whole.endings)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["adapter_sha256"] == whole.adapter_sha256


def test_a_run_makes_no_more_writes_than_are_tried_above(uninterrupted):
    assert uninterrupted.writes in (MOST_WRITES - 1, MOST_WRITES)
    assert len(list(uninterrupted.folder.glob("base-probe-*.json"))) == 1  # the base is asked once, for all iterations
    assert [ending["back_to"] for ending in uninterrupted.record.endings] in ([1, 2], [2])  # or the writes of an early end would not be among them
