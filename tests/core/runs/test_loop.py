"""The loop of every recipe: training lowers the loss, repeats exactly, and resumes exactly."""

import dataclasses
import hashlib

import pytest
import torch

from core.engine.adapters import attach_adapter, reset_adapter, restore_adapter, save_adapter
from core.engine.models import Placing, load_model
from core.methods.examples import Example
from core.methods.settings import TrainConfig
from core.progress import Stopped
from core.runs.loop import Company, learning_rate, step_order, train
from core.settings import ModelReference
from tests.asking import adapter_off
from tests.devices import DEVICE

STANCES = ((True,), (False,))
EXAMPLES = [
    Example(query=str(i), stances=STANCES, prompts=((5, 6, i + 1), (7, 8, 9, i + 1)), responses=((20 + i, 21, 22), (40 + i, 41, 42, 43))) for i in range(6)
]
CONFIG = TrainConfig(train_queries=6, queries_per_step=2, passes=7, learning_rate=5e-3, lora_rank=4, lora_alpha=8, max_kl_nats=0)


def trained(tiny_folder, folder, should_stop=lambda: False, on_step=lambda _: None):
    return trained_with(CONFIG, tiny_folder, folder, on_step, should_stop)


def trained_with(config, tiny_folder, folder, on_step=lambda _: None, should_stop=lambda: False):
    folder.mkdir(exist_ok=True)
    base = load_model(ModelReference(id=str(tiny_folder)), folder, Placing(device=DEVICE, dtype=torch.float32))
    model = attach_adapter(base, rank=4, alpha=8, seed=CONFIG.seed)
    train(model, EXAMPLES, config, folder, Company(on_step=on_step, should_stop=should_stop))
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
    import core.runs.loop

    early, steps = dataclasses.replace(CONFIG, max_kl_nats=0.01), []
    whole = trained_with(early, tiny_folder, tmp_path / "whole", steps.append)
    assert len(steps) < 21
    assert steps[0].metrics["kl_base_policy_nats"] == pytest.approx(0.0, abs=1e-7)  # of the policy before the step's update
    assert steps[-1].metrics["kl_base_policy_nats"] > 0.01 >= max(report.metrics["kl_base_policy_nats"] for report in steps[:-1])
    assert steps[-1].done == steps[-1].total
    kept = core.runs.loop.save_checkpoint
    monkeypatch.setattr(core.runs.loop, "save_checkpoint", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):  # dies between the note that it is enough and the checkpoint
        trained_with(early, tiny_folder, tmp_path / "cut")
    monkeypatch.setattr(core.runs.loop, "save_checkpoint", kept)
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
    slow = dataclasses.replace(CONFIG, warmup_steps=4)
    assert [learning_rate(step, 10, slow) / learning_rate(step, 10, CONFIG) for step in range(5)] == pytest.approx([1 / 2, 1 / 2, 3 / 4, 1, 1])


def test_an_adapter_made_fresh_again_changes_nothing(tiny_folder, tmp_path):
    model = trained(tiny_folder, tmp_path)
    save_adapter(model, tmp_path / "adapter")
    before = digest(model)
    ids = torch.arange(3, 30, device=DEVICE)[None]
    with torch.no_grad():
        reset_adapter(model, 1)
        fresh = model.network(ids).logits
        with adapter_off(model):
            assert torch.equal(fresh, model.network(ids).logits)
    assert digest(model) != before
    restore_adapter(model, tmp_path / "adapter")
    assert digest(model) == before
