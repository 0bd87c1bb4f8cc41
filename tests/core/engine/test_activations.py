"""Activations computed again in the backward pass: less is kept, and the gradients are the same."""

import json

import pytest
import torch

from core.engine.activations import recomputing, repeated_layers, should_recompute
from core.engine.adapters import attach_adapter
from core.engine.policies import as_it_is
from core.errors import ConfigError
from core.methods.examples import Example, kept_of
from core.methods.gradients import add_gradient, replay_gradient
from core.methods.sami.recipe import objective
from core.methods.sami.settings import SamiSettings
from core.methods.settings import TrainConfig
from core.progress import Listener
from core.runs.execute import execute
from core.runs.training import RECOMPUTED
from tests.asking import drawn
from tests.core.runs.test_loop import EXAMPLES
from tests.core.runs.test_training import plan
from tests.tiny import stir

CONFIG = TrainConfig()
KEPT = list(map(kept_of, EXAMPLES))


@pytest.fixture
def adapted(tiny):
    """The tiny model with an adapter that changes something."""
    model = attach_adapter(tiny, rank=4, alpha=8, seed=0)
    stir(model.network, std=0.1)
    return model


def gradient(model, way, example):
    """The gradient, and the bytes that the graph kept for it."""
    kept = []
    model.network.zero_grad(set_to_none=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: (kept.append(tensor.nbytes), tensor)[1], lambda tensor: tensor):
        way(as_it_is(model, "sami"), example, objective(SamiSettings(kl_weight=0.3), distance=True), 0.5)
    return torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None]), sum(kept)


@pytest.mark.parametrize(("way", "n"), [(add_gradient, 2), (replay_gradient, 5)])
def test_the_gradients_are_equal_to_the_bit_and_less_is_kept(adapted, way, n):
    prompts, responses = tuple((5, 6, 7 + c) * 20 for c in range(n)), tuple((20 + r, 21, 22) for r in range(n))
    example = Example(query="", stances=((True,),) * n, prompts=prompts, responses=responses)
    plain, kept = gradient(adapted, way, example)
    with recomputing(adapted):
        again, kept_again = gradient(adapted, way, example)
    assert torch.equal(again, plain)
    assert float(plain.norm()) > 0
    assert kept_again < 0.5 * kept
    assert torch.equal(gradient(adapted, way, example)[0], plain)


def test_the_network_is_as_before_afterwards_also_after_an_error(adapted):
    with pytest.raises(KeyError), recomputing(adapted):
        raise KeyError
    assert all("forward" not in vars(layer) for layer in repeated_layers(adapted))
    assert len(repeated_layers(adapted)) == 2
    assert not any(module.training for module in adapted.network.modules())


def test_replies_can_be_sampled_with_a_cache_meanwhile(adapted):
    prompts = [[5, 6, 7], [8, 9]]
    plain = drawn(adapted, prompts, CONFIG.sampling, [1, 2])
    with recomputing(adapted):
        assert drawn(adapted, prompts, CONFIG.sampling, [1, 2]) == plain


def test_auto_recomputes_only_where_the_step_would_not_fit(adapted, monkeypatch):
    monkeypatch.setattr("core.engine.activations.free_bytes", lambda _: 10**9)
    assert not should_recompute(adapted, KEPT, "auto")
    assert should_recompute(adapted, KEPT, "auto", sharers=10**4)
    monkeypatch.setattr("core.engine.activations.free_bytes", lambda _: 10**5)
    assert should_recompute(adapted, KEPT, "auto")
    for said, expected in (("on", True), ("off", False)):
        assert should_recompute(adapted, KEPT, said) is expected


def test_a_network_without_layers_to_recompute_refuses_on_and_leaves_auto_off(adapted, monkeypatch):
    monkeypatch.setattr("core.engine.activations.GradientCheckpointingLayer", int)
    monkeypatch.setattr("core.engine.activations.free_bytes", lambda _: 0)
    assert not should_recompute(adapted, KEPT, "auto")
    with pytest.raises(ConfigError, match="Set it to off"), recomputing(adapted):
        pass


def test_a_run_with_little_memory_says_so_and_ends_with_the_same_adapter(tiny_folder, tmp_path, monkeypatch):
    plain = execute(plan(tiny_folder), tmp_path / "plain", tmp_path)
    monkeypatch.setattr("core.engine.activations.free_bytes", lambda _: 0)
    said = []
    again = execute(plan(tiny_folder), tmp_path / "again", tmp_path, Listener(on_step=lambda report: said.append(report.lasting)))
    assert RECOMPUTED in said
    assert again.adapter_sha256 == plain.adapter_sha256


def test_a_folder_begun_before_there_was_this_setting_can_be_gone_on_with(tiny_folder, tmp_path):
    first = execute(plan(tiny_folder), tmp_path / "run", tmp_path)
    stored = json.loads((tmp_path / "run" / "plan.json").read_text())
    del stored["config"]["activation_checkpointing"]
    (tmp_path / "run" / "plan.json").write_text(json.dumps(stored))
    assert execute(plan(tiny_folder), tmp_path / "run", tmp_path).adapter_sha256 == first.adapter_sha256
