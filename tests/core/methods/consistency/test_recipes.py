"""BCT and ACT as recipes: their gradients are those of the formulas, they learn, and they go on exactly where they were stopped."""

import contextlib
import dataclasses
import hashlib
import json

import pytest
import torch
import torch.nn.functional as F

from core.constitution.wrappers import trained_with, wrap
from core.engine.activations import recomputing
from core.engine.adapters import attach_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is, base_of
from core.engine.policy import prompt_of
from core.engine.residuals import suffix_residuals
from core.engine.sampling import sample
from core.methods.consistency import act, bct
from core.methods.consistency.settings import ActSettings, BctSettings
from core.methods.consistency.wrapped import draw_clean_replies, lay_out_prompts
from core.methods.examples import Example
from core.methods.settings import preset
from core.progress import Listener, Stopped
from core.runs.execute import execute
from core.runs.loop import Company, train
from core.seeds import seed_for
from core.settings import ModelReference
from tests.asking import adapter_off
from tests.core.runs.test_training import CONSTITUTION, plan
from tests.devices import DEVICE
from tests.tiny import stir

SMALL = {"train_queries": 6, "queries_per_step": 2, "passes": 7, "learning_rate": 5e-3, "lora_rank": 4, "lora_alpha": 8}
BCT, ACT = preset("quick", method="bct", **SMALL, max_kl_nats=50), preset("quick", method="act", **SMALL)
EXAMPLES = {
    "bct": [Example(query=str(i), stances=((True,),), prompts=((5, 6, i + 1), (5, 6, 60 + i, 61, i + 1)), responses=((20 + i, 21, 22),)) for i in range(6)],
    "act": [Example(query=str(i), stances=((True,),), prompts=((5, 6, i + 1, 9), (5, 6, 60 + i, 61, i + 1, 9)), responses=()) for i in range(6)],
}
CONFIGS = {"bct": BCT, "act": ACT}
RECIPES = {"bct": bct.RECIPE, "act": act.RECIPE}


def adapted(tiny_folder, folder, std=0.0):
    base = load_model(ModelReference(id=str(tiny_folder)), folder, Placing(device=DEVICE, dtype=torch.float32))
    model = attach_adapter(base, rank=4, alpha=8, seed=0)
    if std:
        stir(model.network, std=std)
    return model


def trained(method, tiny_folder, folder, on_step=lambda _: None, should_stop=lambda: False):
    folder.mkdir(exist_ok=True)
    model = adapted(tiny_folder, folder)
    train(model, EXAMPLES[method], CONFIGS[method], folder, Company(on_step=on_step, should_stop=should_stop))
    return model


def digest(model):
    sha = hashlib.sha256()
    for name, p in sorted(model.network.named_parameters()):
        if p.requires_grad:
            sha.update(name.encode() + p.detach().numpy().tobytes())
    return sha.hexdigest()


def gradient_after(model, compute):
    """What a computation returns, and the gradient that it leaves in the adapter."""
    model.network.zero_grad(set_to_none=True)
    found = compute()
    return found, torch.cat([p.grad.flatten() for p in model.network.parameters() if p.grad is not None])


def plain_logits(model, prompt, response):
    """Of the tokens of a response, by the bare network: no packing, no mask of ours."""
    ids = torch.tensor([[*prompt, *response]], device=DEVICE)
    return model.network(ids).logits[0, len(prompt) - 1 : -1]


def test_bct_without_a_wrapper_is_supervised_training_on_the_own_replies(tiny_folder, tmp_path):
    """Both prompts the same: the gradient is that of plain cross-entropy on the reply, mean over tokens, then over queries; no gap is left."""
    model = adapted(tiny_folder, tmp_path, std=0.2)
    batch = [Example(query="", stances=((True,),), prompts=((5, 6, 7), (5, 6, 7)), responses=(reply,)) for reply in ((20, 21), (22, 23, 24, 25))]
    metrics, ours = gradient_after(model, lambda: bct.gradient(as_it_is(model, "bct"), batch, BCT))

    def naive():
        losses = [F.cross_entropy(plain_logits(model, e.prompts[0], e.responses[0]), torch.tensor(e.responses[0], device=DEVICE)) for e in batch]
        (sum(losses) / 2).backward()
        return (sum(losses) / 2).item()

    loss, theirs = gradient_after(model, naive)
    assert metrics["loss_nats"] == pytest.approx(loss, rel=1e-5)
    assert metrics["gap_nats"] == pytest.approx(0.0, abs=1e-5)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_bct_scores_the_reply_under_the_wrapped_prompt_and_tells_what_it_costs_under_the_clean_one(tiny_folder, tmp_path):
    model = adapted(tiny_folder, tmp_path, std=0.2)
    example = EXAMPLES["bct"][0]
    clean, wrapped = example.prompts
    metrics, ours = gradient_after(model, lambda: bct.gradient(as_it_is(model, "bct"), [example], BCT))
    target = torch.tensor(example.responses[0], device=DEVICE)

    def naive():
        loss = F.cross_entropy(plain_logits(model, wrapped, example.responses[0]), target)
        loss.backward()
        return loss.item()

    loss, theirs = gradient_after(model, naive)
    with torch.no_grad():
        of_clean = plain_logits(model, clean, example.responses[0])
        with adapter_off(model):
            of_base = plain_logits(model, clean, example.responses[0])
    base_logprobs, own_logprobs = of_base.log_softmax(-1), of_clean.log_softmax(-1)
    assert metrics["gap_nats"] == pytest.approx(loss - float(F.cross_entropy(of_clean, target)), rel=1e-4)
    assert metrics["kl_base_policy_nats"] == pytest.approx(float((base_logprobs.exp() * (base_logprobs - own_logprobs)).sum(-1).mean()), rel=1e-3)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_act_without_a_wrapper_is_exactly_nothing_before_the_first_step(tiny_folder, tmp_path):
    model = adapted(tiny_folder, tmp_path)
    same = [Example(query="", stances=((True,),), prompts=((5, 6, 7, 8), (5, 6, 7, 8)), responses=())]
    metrics, gradient = gradient_after(model, lambda: act.gradient(as_it_is(model, "act"), same, ACT))
    assert (metrics["loss"], metrics["raw_loss"], metrics["suffix_tokens"]) == (0.0, 0.0, 4.0)
    assert not gradient.any()


def test_act_reads_the_streams_that_the_library_itself_gives_and_its_gradient_is_the_formulas(tiny_folder, tmp_path):
    """Against `output_hidden_states`, which after the last layer are normed, so there the layers before it are compared; the shared end has 2 tokens."""
    model = adapted(tiny_folder, tmp_path, std=0.2)
    example = EXAMPLES["act"][0]
    clean, wrapped = example.prompts
    with torch.no_grad():
        found = suffix_residuals(model, wrapped, len(wrapped))
        library = model.network(torch.tensor([wrapped], device=DEVICE), output_hidden_states=True).hidden_states
    assert len(found) == 2
    torch.testing.assert_close(found[0], library[1][0])
    metrics, ours = gradient_after(model, lambda: act.gradient(as_it_is(model, "act"), [example], ACT))

    def naive():
        with torch.no_grad(), adapter_off(model):
            target = suffix_residuals(model, clean, len(clean))[:, -2:]
        off = suffix_residuals(model, wrapped, len(wrapped))[:, -2:] - target
        loss = sum((off[layer] ** 2).sum() / (target[layer] ** 2).sum() for layer in range(2)) / 2
        loss.backward()
        return loss.item(), (off**2).sum(-1).mean().item()

    (loss, raw), theirs = gradient_after(model, naive)
    assert (metrics["loss"], metrics["raw_loss"], metrics["suffix_tokens"]) == (pytest.approx(loss, rel=1e-5), pytest.approx(raw, rel=1e-5), 2.0)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-7)


def test_act_computed_again_in_the_backward_pass_has_the_same_gradient_and_no_hook_stays(tiny_folder, tmp_path):
    model = adapted(tiny_folder, tmp_path, std=0.2)
    _, kept = gradient_after(model, lambda: act.gradient(as_it_is(model, "act"), EXAMPLES["act"], ACT))
    with recomputing(model):
        _, again = gradient_after(model, lambda: act.gradient(as_it_is(model, "act"), EXAMPLES["act"], ACT))
    torch.testing.assert_close(again, kept)
    assert not any(module._forward_hooks for module in model.network.modules())


@pytest.mark.parametrize("last", [0, 5])
def test_no_more_streams_are_read_than_a_prompt_has_tokens(tiny, last):
    with pytest.raises(ValueError, match=f"got {last}"):
        suffix_residuals(tiny, (1, 2, 3, 4), last)


@pytest.mark.parametrize(("method", "falls"), [("bct", ("loss_nats",)), ("act", ("loss", "raw_loss"))])
def test_training_lowers_what_it_is_to_lower_and_two_runs_are_equal_to_the_bit(tiny_folder, tmp_path, method, falls):
    steps = []
    first = trained(method, tiny_folder, tmp_path / "a", steps.append)
    assert len(steps) == 21
    for name in falls:
        values = [report.metrics[name] for report in steps]
        assert sum(values[-3:]) < 0.8 * sum(values[:3]), name
    assert digest(first) == digest(trained(method, tiny_folder, tmp_path / "b"))


@pytest.mark.parametrize("method", ["bct", "act"])
@pytest.mark.parametrize("stop_after", [1, 8])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(tiny_folder, tmp_path, method, stop_after):
    whole, steps = trained(method, tiny_folder, tmp_path / "whole"), []
    with pytest.raises(Stopped):
        trained(method, tiny_folder, tmp_path / "cut", steps.append, lambda: len(steps) >= stop_after - 1)
    assert digest(trained(method, tiny_folder, tmp_path / "cut")) == digest(whole)


def small(tiny_folder, method, **changes):
    asked = plan(tiny_folder)
    own = BctSettings() if method == "bct" else ActSettings()
    fixed = {"max_kl_nats": 0.0} if method == "act" else {}
    return dataclasses.replace(asked, config=dataclasses.replace(asked.config, recipe=own, **fixed, **changes))


def test_examples_are_the_models_own_replies_to_the_query_itself_under_the_statements(tiny):
    config, queries = small(".", "bct").config, ["Why?", "How?", "When?"]
    found = draw_clean_replies(base_of(tiny), CONSTITUTION, queries, config).examples
    prompts = [prompt_of(tiny, CONSTITUTION, (True,), query) for query in queries]
    replies = sample(base_of(tiny), prompts, config.sampling, [seed_for(config.seed, "train reply", query) for query in queries])
    assert [example.responses for example in found] == [(reply.token_ids,) for reply in replies]
    for example, prompt in zip(found, prompts, strict=True):
        text = wrap(trained_with(config.recipe.chosen, example.query, config.seed), example.query)
        assert example.prompts == (prompt.ids, prompt_of(tiny, CONSTITUTION, (True,), text).ids)
    laid_out = lay_out_prompts(base_of(tiny), CONSTITUTION, queries, small(".", "act").config)
    assert [(example.prompts, example.responses) for example in laid_out.examples] == [(example.prompts, ()) for example in found]
    assert laid_out.dropped == {}


def test_prompts_that_share_no_end_are_left_out_and_said(tiny, monkeypatch):
    monkeypatch.setattr("core.methods.consistency.wrapped.shared_suffix", lambda *_: 0)
    assert lay_out_prompts(base_of(tiny), CONSTITUTION, ["Why?", "How?"], small(".", "act").config).dropped == {"suffix": 2}


@pytest.mark.parametrize("method", ["bct", "act"])
def test_a_whole_run_ends_the_same_when_it_was_stopped_and_keeps_what_it_trained_against(tiny_folder, tmp_path, method):
    asked = small(tiny_folder, method, probe_every=1, probe_queries=2)
    whole = execute(asked, tmp_path / "whole", tmp_path)
    record = json.loads((tmp_path / "whole" / "run.json").read_text())
    assert record["config"]["method"] == method
    assert record["config"]["wrappers"] == "irrelevant, flattering, contradicting, ignore, role_play"
    assert (record["config"]["own_wrapper"], whole.balance) == ("", ())
    assert ("kl_base_policy_nats" in record["metrics"][0]) == (method == "bct")
    assert not {"attribution", "mi_bound_nats"} & set(record["metrics"][0])
    assert "probe_bound_nats" in record["metrics"][0]
    for calls in (2, 4, 6):
        asked_to_stop, folder = iter(range(1, 1000)), tmp_path / f"cut-{calls}"
        with contextlib.suppress(Stopped):
            execute(asked, folder, tmp_path, Listener(should_stop=lambda made=asked_to_stop, calls=calls: next(made) >= calls))
        assert execute(asked, folder, tmp_path).adapter_sha256 == whole.adapter_sha256
