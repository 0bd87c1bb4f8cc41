"""A loss of log-probabilities becomes the same gradient at once, one constitution at a time, and several queries side by side."""

import dataclasses

import pytest
import torch

from core.engine.adapters import attach_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is
from core.engine.processes import ALONE
from core.methods.examples import Example
from core.methods.gradients import add_gradient, replay_gradient
from core.methods.mipo.recipe import gradient as mipo_gradient
from core.methods.mipo.settings import MipoSettings
from core.methods.sami.recipe import gradient, objective
from core.methods.sami.settings import SamiSettings
from core.methods.settings import TrainConfig
from core.settings import ModelReference
from tests.core.runs.test_loop import CONFIG, EXAMPLES, trained
from tests.devices import DEVICE


@pytest.fixture
def model(tiny_folder, tmp_path):
    return trained(tiny_folder, tmp_path)


def test_the_kl_is_nothing_for_a_fresh_adapter_and_positive_after_training(model, tiny_folder, tmp_path):
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    fresh = attach_adapter(base, rank=4, alpha=8, seed=0)
    measured = objective(SamiSettings(), distance=True)
    assert add_gradient(as_it_is(fresh, "sami"), EXAMPLES[0], measured, 1.0).kl_base_policy_nats == pytest.approx(0.0, abs=1e-7)
    assert add_gradient(as_it_is(model, "sami"), EXAMPLES[0], measured, 1.0).kl_base_policy_nats > 1e-3
    assert add_gradient(as_it_is(model, "sami"), EXAMPLES[0], objective(SamiSettings(), distance=False), 1.0).kl_base_policy_nats is None


@pytest.mark.parametrize("way", [add_gradient, replay_gradient])
def test_a_kl_that_is_only_measured_leaves_the_gradient_as_it_is_to_the_bit(model, way):
    found = []
    for distance in (False, True):
        model.network.zero_grad(set_to_none=True)
        way(as_it_is(model, "sami"), EXAMPLES[0], objective(SamiSettings(), distance=distance), 0.5)
        found.append(torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None]))
    assert torch.equal(*found)


def test_summed_scores_are_token_counts_times_the_means(model):
    means, sums = (
        add_gradient(as_it_is(model, "sami"), EXAMPLES[0], objective(SamiSettings(summed_scores=summed), distance=False), 1.0).logprobs_CR
        for summed in (False, True)
    )
    torch.testing.assert_close(sums, means * torch.tensor([3.0, 4.0], device=DEVICE))  # the two responses' lengths


@pytest.mark.parametrize("n", [2, 5, 16])
@pytest.mark.parametrize(("room", "summed"), [(1, False), (7, True), (1000, False)])
def test_replaying_each_constitution_alone_gives_the_same_gradient(model, monkeypatch, n, room, summed):
    import core.methods.gradients

    monkeypatch.setattr(core.methods.gradients, "REPLAYED_TOKENS", room)
    prompts, responses = tuple((5, 6, 7 + c) for c in range(n)), tuple((20 + r, 21, *range(30, 31 + r % 3)) for r in range(n))
    example = Example(query="", stances=((True,),) * n, prompts=prompts, responses=responses)
    found = []
    for way in (add_gradient, replay_gradient):
        model.network.zero_grad(set_to_none=True)
        scored = way(as_it_is(model, "sami"), example, objective(SamiSettings(kl_weight=0.3, likelihood_weight=0.7, summed_scores=summed), distance=True), 0.5)
        found.append((scored.logprobs_CR, scored.kl_base_policy_nats, torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None])))
    (scores, kl, gradient), (replayed_scores, replayed_kl, replayed) = found
    torch.testing.assert_close(replayed_scores, scores, atol=1e-5, rtol=1e-5)
    assert replayed_kl == pytest.approx(kl, rel=1e-4)
    assert float((replayed - gradient).norm() / gradient.norm()) < 1e-4


@pytest.mark.parametrize("distances", [1, 2, 9])
def test_the_distance_of_a_step_is_the_mean_over_as_many_of_its_queries_as_are_asked_for(model, distances):
    policy = as_it_is(model, "sami")
    alone = [add_gradient(policy, example, objective(SamiSettings(), distance=True), 1.0).kl_base_policy_nats for example in EXAMPLES[:3]]
    found = gradient(policy, EXAMPLES[:3], TrainConfig(distance_queries=distances, max_kl_nats=0.2))
    expected = alone[: min(distances, 3)]
    assert found["kl_base_policy_nats"] == pytest.approx(sum(expected) / len(expected), rel=1e-5)


@pytest.mark.parametrize("recipe", [gradient, mipo_gradient])
@pytest.mark.parametrize("distance", [0.0, 1.0])
def test_queries_side_by_side_give_to_the_bit_the_gradient_that_they_give_one_after_another(model, recipe, distance):
    settings = MipoSettings(likelihood_weight=0.3) if recipe is mipo_gradient else SamiSettings()
    config = dataclasses.replace(CONFIG, recipe=settings, max_kl_nats=distance)
    found = []
    for lanes in (1, 2):
        beside = dataclasses.replace(model, lanes=lanes)
        beside.network.zero_grad(set_to_none=True)
        metrics = recipe(as_it_is(beside, config.method), EXAMPLES[:3], config, ALONE)
        found.append((metrics, torch.cat([p.grad.flatten() for p in beside.network.parameters() if p.requires_grad])))
    (one, alone), (other, found_beside) = found
    assert one == other and torch.equal(alone, found_beside) and alone.abs().sum() > 0
