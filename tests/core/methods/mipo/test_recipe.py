"""MIPO as a recipe: it learns, it goes on exactly where it was stopped, and many constitutions give the same gradient as a few."""

import contextlib
import dataclasses
import json
import math

import pytest
import torch

from core.engine.policies import as_it_is
from core.engine.policy import plain_prompt
from core.engine.processes import ALONE
from core.methods.examples import Example
from core.methods.gradients import base_scores
from core.methods.mipo.recipe import gradient
from core.methods.mipo.settings import MipoSettings
from core.progress import Listener, Stopped
from core.runs.execute import execute
from tests.core.runs.test_loop import CONFIG, digest, trained_with
from tests.core.runs.test_training import plan

MIPO = dataclasses.replace(CONFIG, recipe=MipoSettings(beta=0.3), max_kl_nats=5.0)


def test_training_starts_at_log_two_lowers_the_loss_and_widens_the_margin(tiny_folder, tmp_path):
    steps = []
    first = trained_with(MIPO, tiny_folder, tmp_path / "a", steps.append)
    losses, margins = ([report.metrics[name] for report in steps] for name in ("loss_nats", "margin_nats"))
    assert losses[0] == pytest.approx(math.log(2), abs=1e-6)
    assert margins[0] == pytest.approx(0.0, abs=1e-5)
    assert sum(losses[-3:]) < 0.6 * sum(losses[:3])
    assert margins[-1] > 1
    assert list(steps[-1].metrics) == ["loss_nats", "attribution", "mi_bound_nats", "margin_nats", "kl_base_policy_nats", "grad_norm"]
    assert digest(first) == digest(trained_with(MIPO, tiny_folder, tmp_path / "b"))


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_the_gradient_of_a_batch_is_that_of_the_written_out_loss(tiny_folder, tmp_path, weight):
    """Against the formula, with the base's scores from the same network before its adapter is anything but zero."""
    model = trained_with(MIPO, tiny_folder, tmp_path)
    example = Example(query="", stances=((True,), (False,)), prompts=((5, 6, 7), (5, 6, 8)), responses=((20, 21), (22, 23, 24, 25)))
    policy, prompts = as_it_is(model, "mipo"), [plain_prompt(ids) for ids in example.prompts]
    (base,) = (scores.sums_CR() for scores in base_scores(model, [example], [()]))
    found = []
    for way in ("recipe", "formula"):
        model.network.zero_grad(set_to_none=True)
        if way == "recipe":
            gradient(policy, [example], dataclasses.replace(MIPO, recipe=MipoSettings(beta=0.3, likelihood_weight=weight)), ALONE)
        else:
            scores = policy.score(prompts, example.responses).sums_CR()
            rise = scores - base
            pairs = [rise[0, 0] - rise[0, 1], rise[1, 1] - rise[1, 0]]
            preferred = -sum(torch.log(torch.sigmoid(0.3 * pair)) for pair in pairs) / 2
            (preferred - weight * (scores[0, 0] / 2 + scores[1, 1] / 4) / 2).backward()
        found.append(torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None]))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("stop_after", [1, 8])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(tiny_folder, tmp_path, stop_after):
    whole, steps = trained_with(MIPO, tiny_folder, tmp_path / "whole"), []
    with pytest.raises(Stopped):
        trained_with(MIPO, tiny_folder, tmp_path / "cut", steps.append, lambda: len(steps) >= stop_after - 1)
    assert digest(trained_with(MIPO, tiny_folder, tmp_path / "cut")) == digest(whole)


def test_replaying_each_constitution_alone_gives_the_same_gradient(tiny_folder, tmp_path, monkeypatch):
    policy = as_it_is(trained_with(MIPO, tiny_folder, tmp_path), "mipo")
    n = 4
    prompts, responses = tuple((5, 6, 7 + c) for c in range(n)), tuple((20 + r, 21, *range(30, 31 + r % 3)) for r in range(n))
    example = Example(query="", stances=((True,),) * n, prompts=prompts, responses=responses)
    found = []
    for at_once in (4, 1):
        for module in ("core.methods.gradients", "core.methods.mipo.recipe"):
            monkeypatch.setattr(f"{module}.AT_ONCE", at_once)
        policy.model.network.zero_grad(set_to_none=True)
        metrics = gradient(policy, [example, example], MIPO, ALONE)
        found.append((metrics, torch.cat([p.grad.flatten() for p in policy.model.network.parameters() if p.grad is not None])))
    (together, whole), (apart, replayed) = found
    assert apart == pytest.approx(together, rel=1e-4, abs=1e-5)
    assert float((replayed - whole).norm() / whole.norm()) < 1e-4


def test_a_whole_run_by_mipo_samples_what_any_recipe_samples_and_ends_the_same_when_it_was_stopped(tiny_folder, tmp_path):
    asked = dataclasses.replace(plan(tiny_folder), config=dataclasses.replace(plan(tiny_folder).config, recipe=MipoSettings()))
    whole = execute(asked, tmp_path / "whole", tmp_path)
    execute(plan(tiny_folder), tmp_path / "sami", tmp_path)
    sampled = [json.loads((tmp_path / name / "iteration-1" / "responses-000.json").read_text()) for name in ("whole", "sami")]
    assert sampled[0] == sampled[1]
    record = json.loads((tmp_path / "whole" / "run.json").read_text())
    assert record["config"]["method"] == "mipo"
    assert record["config"]["beta"] == 0.1
    assert "kl_weight" not in record["config"]
    asked_to_stop = iter(range(1, 1000))
    with contextlib.suppress(Stopped):
        execute(asked, tmp_path / "cut", tmp_path, Listener(should_stop=lambda: next(asked_to_stop) >= 4))
    assert execute(asked, tmp_path / "cut", tmp_path).adapter_sha256 == whole.adapter_sha256
