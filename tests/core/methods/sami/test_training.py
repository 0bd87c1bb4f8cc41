"""Training lowers the loss, repeats exactly, and resumes exactly."""

import contextlib
import dataclasses
import hashlib
import json
import os

import pytest
import torch
from safetensors.torch import load_file

from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.adapters import attach_adapter, load_adapter, reset_adapter, restore_adapter, save_adapter
from core.engine.models import load_model
from core.engine.policies import as_it_is
from core.errors import ConfigError
from core.methods.examples import Example, draw_examples
from core.methods.sami.training import add_gradient, learning_rate, replay_gradient, score, step_order, train
from core.methods.settings import TrainConfig
from core.progress import Stopped, phases
from core.runs.execute import execute
from core.runs.iterations import iteration_config, iteration_queries
from core.runs.plan import RunPlan
from core.settings import ModelReference, SamplingConfig
from tests.asking import adapter_off

EXAMPLES = [Example(query=str(i), prompts=((5, 6, i + 1), (7, 8, 9, i + 1)), responses=((20 + i, 21, 22), (40 + i, 41, 42, 43))) for i in range(6)]
CONFIG = TrainConfig(train_queries=6, queries_per_step=2, passes=7, learning_rate=5e-3, lora_rank=4, lora_alpha=8, max_kl_nats=0)


def trained(tiny_folder, folder, should_stop=lambda: False, on_step=lambda _: None):
    return trained_with(CONFIG, tiny_folder, folder, on_step, should_stop)


def trained_with(config, tiny_folder, folder, on_step=lambda _: None, should_stop=lambda: False):
    folder.mkdir(exist_ok=True)
    base = load_model(ModelReference(id=str(tiny_folder)), folder, device=torch.device("cpu"), dtype=torch.float32)
    model = attach_adapter(base, rank=4, alpha=8, seed=CONFIG.seed)
    train(model, EXAMPLES, config, folder, on_step=on_step, should_stop=should_stop)
    return model


def digest(model):
    sha = hashlib.sha256()
    for name, p in sorted(model.network.named_parameters()):
        if p.requires_grad:
            sha.update(name.encode() + p.detach().numpy().tobytes())
    return sha.hexdigest()


def test_twenty_steps_lower_the_loss_and_two_runs_are_equal_to_the_bit(tiny_folder, tmp_path):
    losses = []
    first = trained(tiny_folder, tmp_path / "a", on_step=lambda report: losses.append(report.metrics.get("loss_nats")))
    assert len(losses) == 21
    assert sum(losses[-3:]) < 0.6 * sum(losses[:3])
    assert digest(first) == digest(trained(tiny_folder, tmp_path / "b"))


@pytest.mark.parametrize("stop_after", [1, 8, 20])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(tiny_folder, tmp_path, stop_after):
    whole = trained(tiny_folder, tmp_path / "whole")
    steps = []
    with pytest.raises(Stopped):
        trained(tiny_folder, tmp_path / "cut", should_stop=lambda: len(steps) >= stop_after - 1, on_step=steps.append)
    assert len(steps) == stop_after
    resumed = trained(tiny_folder, tmp_path / "cut", on_step=steps.append)
    assert [report.done for report in steps] == list(range(1, 22))
    assert digest(resumed) == digest(whole)


def test_training_ends_once_the_policy_is_far_from_its_base_also_after_a_kill(tiny_folder, tmp_path, monkeypatch):
    import core.methods.sami.training

    early, steps = dataclasses.replace(CONFIG, max_kl_nats=0.01), []
    whole = trained_with(early, tiny_folder, tmp_path / "whole", steps.append)
    assert len(steps) < 21
    assert steps[0].metrics["kl_nats"] == pytest.approx(0.0, abs=1e-7)  # of the policy before the step's update
    assert steps[-1].metrics["kl_nats"] > 0.01 >= max(report.metrics["kl_nats"] for report in steps[:-1])
    assert steps[-1].done == steps[-1].total
    kept = core.methods.sami.training.save_checkpoint
    monkeypatch.setattr(core.methods.sami.training, "save_checkpoint", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):  # dies between the note that it is enough and the checkpoint
        trained_with(early, tiny_folder, tmp_path / "cut")
    monkeypatch.setattr(core.methods.sami.training, "save_checkpoint", kept)
    assert digest(trained_with(early, tiny_folder, tmp_path / "cut")) == digest(whole)


def test_every_pass_uses_every_example_once():
    steps = step_order(10, TrainConfig(queries_per_step=4, passes=3))
    assert [len(step) for step in steps] == [4, 4, 2] * 3
    for start in range(0, 9, 3):
        assert sorted(i for step in steps[start : start + 3] for i in step) == list(range(10))


def test_the_learning_rate_warms_up_and_decays_but_never_to_nothing():
    rates = [learning_rate(step, 10, CONFIG) for step in range(10)]
    assert rates[0] < rates[1]
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[-1] > 0.1 * CONFIG.learning_rate


def test_the_kl_is_nothing_for_a_fresh_adapter_and_positive_after_training(tiny_folder, tmp_path):
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, device=torch.device("cpu"), dtype=torch.float32)
    fresh = attach_adapter(base, rank=4, alpha=8, seed=0)
    changed = trained(tiny_folder, tmp_path)
    with torch.no_grad():
        assert float(score(fresh, EXAMPLES[0], CONFIG, with_kl=True)[1]) == pytest.approx(0.0, abs=1e-7)
        assert float(score(changed, EXAMPLES[0], CONFIG, with_kl=True)[1]) > 1e-3


def test_summed_scores_are_token_counts_times_the_means(tiny_folder, tmp_path):
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, device=torch.device("cpu"), dtype=torch.float32)
    with torch.no_grad():
        means, sums = (score(base, EXAMPLES[0], dataclasses.replace(CONFIG, summed_scores=summed), with_kl=False)[0] for summed in (False, True))
    torch.testing.assert_close(sums, means * torch.tensor([3.0, 4.0]))  # the two responses' lengths


@pytest.mark.parametrize("n", [2, 5, 16])
@pytest.mark.parametrize(("room", "summed"), [(1, False), (7, True), (1000, False)])
def test_replaying_each_constitution_alone_gives_the_same_gradient(tiny_folder, tmp_path, monkeypatch, n, room, summed):
    import core.methods.sami.training

    monkeypatch.setattr(core.methods.sami.training, "REPLAYED_TOKENS", room)
    model = trained(tiny_folder, tmp_path)
    example = Example(query="", prompts=tuple((5, 6, 7 + c) for c in range(n)), responses=tuple((20 + r, 21, *range(30, 31 + r % 3)) for r in range(n)))
    found = []
    for way in (add_gradient, replay_gradient):
        model.network.zero_grad(set_to_none=True)
        scores_CR, kl = way(model, example, dataclasses.replace(CONFIG, kl_weight=0.3, summed_scores=summed), 0.5, with_kl=True)
        found.append((scores_CR, kl, torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None])))
    (scores, kl, gradient), (replayed_scores, replayed_kl, replayed) = found
    torch.testing.assert_close(replayed_scores, scores, atol=1e-5, rtol=1e-5)
    assert replayed_kl == pytest.approx(kl, rel=1e-4)
    assert float((replayed - gradient).norm() / gradient.norm()) < 1e-4


CONSTITUTION = Constitution(name="Test", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long."),))
QUERIES = tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12))


def plan(tiny_folder, **changes):
    values = {"train_queries": 4, "held_out_queries": 3, "queries_per_step": 2, "sample_every": 2, "lora_rank": 4, "lora_alpha": 8}
    config = TrainConfig(**{**values, "sampling": SamplingConfig(max_new_tokens=6, temperature=1.0), **changes})
    return RunPlan(constitution=CONSTITUTION, queries=QUERIES, model=ModelReference(id=str(tiny_folder)), config=config)


def test_a_run_leaves_an_adapter_that_stock_peft_loads_and_that_differs_from_the_base(tiny_folder, tmp_path):
    record = execute(plan(tiny_folder), tmp_path / "run", tmp_path)
    model = load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, device=torch.device("cpu"), dtype=torch.float32), record.adapter)
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, device=torch.device("cpu"), dtype=torch.float32)
    ids = torch.arange(3, 30)[None]
    with torch.no_grad():
        plain, adapted = base.network(ids).logits, model.network(ids).logits
        with adapter_off(model):
            off = model.network(ids).logits
    assert torch.equal(off, plain)
    assert not torch.equal(adapted, plain)
    assert all(name.startswith("base_model.model.") for name in load_file(record.adapter / "adapter_model.safetensors"))


@pytest.mark.parametrize("calls", range(1, 14))
def test_a_run_stopped_anywhere_ends_as_if_it_had_not_been(tiny_folder, tmp_path, calls):
    """`should_stop` says yes at its k-th question, for every k: sampling, each step of training, measuring."""
    whole = execute(plan(tiny_folder), tmp_path / "whole", tmp_path)
    asked = iter(range(1, 1000))
    with contextlib.suppress(Stopped):
        execute(plan(tiny_folder), tmp_path / "cut", tmp_path, should_stop=lambda: next(asked) >= calls)
    resumed = execute(plan(tiny_folder), tmp_path / "cut", tmp_path)
    assert resumed.adapter_sha256 == whole.adapter_sha256
    assert resumed.result == whole.result


def test_a_folder_of_another_run_is_not_mixed_with_this_one(tiny_folder, tmp_path):
    execute(plan(tiny_folder), tmp_path / "run", tmp_path)
    with pytest.raises(ConfigError, match="config differ"):
        execute(plan(tiny_folder, learning_rate=1e-5), tmp_path / "run", tmp_path)


SPLIT_QUERIES = tuple(Query(f"Question number {i}?", "train" if i < 24 else "held_out") for i in range(30))


def iterated(tiny_folder, **changes):
    return dataclasses.replace(plan(tiny_folder, iterations=3, train_queries=2, max_kl_nats=0, **changes), queries=SPLIT_QUERIES)


def test_iterations_train_from_the_base_on_replies_of_the_policy_before_to_queries_it_never_saw(tiny_folder, tmp_path):
    reports = []
    execute(iterated(tiny_folder), tmp_path / "run", tmp_path, on_step=reports.append)
    kept = [json.loads((tmp_path / "run" / f"iteration-{k}" / "responses-000.json").read_text()) for k in (1, 2, 3)]
    rows = [data["examples"] for data in kept]
    asked = [{row["query"] for row in examples} for examples in rows]
    assert [len(queries) + sum(data["dropped"].values()) for queries, data in zip(asked, kept, strict=True)] == [2, 4, 6]
    assert not asked[1] & asked[0]
    assert not asked[2] & asked[1]
    steps = [2 * -(-len(queries) // 2) for queries in asked]  # two passes, two queries a step
    assert [r.step for r in reports if r.metrics] == list(range(1, sum(steps) + 1))
    assert list(dict.fromkeys(r.phase for r in reports)) == list(phases(3))
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, device=torch.device("cpu"))
    first = load_adapter(base, tmp_path / "run" / "iteration-1" / "adapter")
    config = iteration_config(iterated(tiny_folder).config, 2)
    again = draw_examples(as_it_is(first, "sami"), CONSTITUTION, iteration_queries(SPLIT_QUERIES, iterated(tiny_folder).config, 2), config)
    assert [tuple(map(tuple, row["responses"])) for row in rows[1]] == [example.responses for example in again.examples]
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert [row["iteration"] for row in record["metrics"]] == [k for k, made in enumerate(steps, start=1) for _ in range(made)]
    assert set(record["queries"]["train"]) >= asked[0] | asked[1] | asked[2]


def test_an_adapter_made_fresh_again_changes_nothing(tiny_folder, tmp_path):
    model = trained(tiny_folder, tmp_path)
    save_adapter(model, tmp_path / "adapter")
    before = digest(model)
    ids = torch.arange(3, 30)[None]
    with torch.no_grad():
        reset_adapter(model, 1)
        fresh = model.network(ids).logits
        with adapter_off(model):
            assert torch.equal(fresh, model.network(ids).logits)
    assert digest(model) != before
    restore_adapter(model, tmp_path / "adapter")
    assert digest(model) == before


@pytest.mark.parametrize("calls", [2, 4, 6, 9, 13, 17])
def test_iterations_stopped_anywhere_end_as_if_they_had_not_been(tiny_folder, tmp_path, calls):
    whole = execute(iterated(tiny_folder), tmp_path / "whole", tmp_path)
    asked = iter(range(1, 1000))
    with pytest.raises(Stopped):
        execute(iterated(tiny_folder), tmp_path / "cut", tmp_path, should_stop=lambda: next(asked) >= calls)
    resumed = execute(iterated(tiny_folder), tmp_path / "cut", tmp_path)
    assert resumed.adapter_sha256 == whole.adapter_sha256
    assert resumed.result == whole.result
    curves = [json.loads((tmp_path / name / "run.json").read_text())["metrics"] for name in ("whole", "cut")]
    assert curves[0] == curves[1]


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def probed(tiny_folder):
    """Three iterations of one, two and three steps, with a probe after each step; the last two end by the first fall of its bound."""
    return iterated(tiny_folder, passes=1, seed=13, learning_rate=0.02, probe_every=1, probe_queries=2, patience=1, max_repetition_rise=0)


WRITES = 46  # renames of a whole run of `probed` with a checkpoint after each step: every file and folder that is committed


@pytest.fixture(scope="module")
def uninterrupted(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    return execute(probed(tiny_folder), folder / "run", folder)


@pytest.mark.parametrize("write", range(WRITES + 1))
def test_a_run_killed_at_any_write_ends_as_if_it_had_not_been(tiny_folder, tmp_path, monkeypatch, uninterrupted, write):
    """Dies just before each rename that commits a file, with all before it done, and after the last one.

    Plan, verdict, responses, the base's probe, best adapter, probes, early end, curve, checkpoint, adapter, replies, record.
    """
    rename, made = os.replace, iter(range(1000))

    def killing(source, target):
        if next(made) == write:
            raise KilledError
        rename(source, target)

    monkeypatch.setattr("core.methods.sami.training.CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(os, "replace", killing)
    with pytest.raises(KilledError) if write < WRITES else contextlib.nullcontext():
        execute(probed(tiny_folder), tmp_path / "run", tmp_path)
    monkeypatch.setattr(os, "replace", rename)
    resumed = execute(probed(tiny_folder), tmp_path / "run", tmp_path)
    assert resumed.adapter_sha256 == uninterrupted.adapter_sha256
    assert (resumed.result, resumed.endings) == (uninterrupted.result, uninterrupted.endings)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["adapter_sha256"] == uninterrupted.adapter_sha256


def test_a_run_makes_as_many_writes_as_are_tried_above(tiny_folder, tmp_path, monkeypatch):
    made, rename = [], os.replace
    monkeypatch.setattr("core.methods.sami.training.CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(os, "replace", lambda source, target: (made.append(target), rename(source, target)))
    record = execute(probed(tiny_folder), tmp_path / "run", tmp_path)
    assert len(made) == WRITES
    assert len(list((tmp_path / "run").glob("base-probe-*.json"))) == 1  # the base is asked once, for all iterations
    assert [ending["back_to"] for ending in record.endings] == [1, 2]  # or the writes of an early end would not be among them
