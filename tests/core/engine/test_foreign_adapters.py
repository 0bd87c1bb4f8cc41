"""Adapters as strangers bring them: one that would change nothing, or something else, is refused; the base is left as it was."""

import json
import shutil

import pytest
import torch
from peft import IA3Config, LoraConfig, PromptTuningConfig, VeraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from core.engine.adapters import load_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import base_of
from core.engine.policy import plain_prompt
from core.errors import AdapterError
from core.settings import ModelReference
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter

WEIGHTS = "adapter_model.safetensors"
OTHER_KINDS = [
    IA3Config(task_type="CAUSAL_LM", target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"]),
    PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
    VeraConfig(task_type="CAUSAL_LM", r=4, target_modules=["q_proj"]),
]


@pytest.fixture(scope="module")
def whole(tiny_folder, tmp_path_factory):
    return save_tiny_adapter(tiny_folder, tmp_path_factory.mktemp("adapter"))


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "brought")


def reweigh(folder, change):
    weights = {name: tensor.clone() for name, tensor in load_file(folder / WEIGHTS).items()}
    save_file(change(weights), folder / WEIGHTS, metadata={"format": "pt"})


def configure(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def said(model):
    with torch.no_grad():
        return base_of(model).score([plain_prompt([5, 6, 7])], [[8, 9, 10]]).means_CR()


def refused(model, folder, *words):
    before = said(model)
    with pytest.raises(AdapterError) as caught:
        load_adapter(model, folder)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert torch.equal(said(model), before)
    assert not any("lora" in name for name, _ in model.network.named_modules())


def renamed(old, new):
    return lambda weights: {name.replace(old, new): tensor for name, tensor in weights.items()}


def only(part):
    return lambda weights: {name: tensor for name, tensor in weights.items() if part not in name}


def scaled(part, factor):
    return lambda weights: {name: tensor * factor if part in name else tensor for name, tensor in weights.items()}


def with_one(value):
    def spoil(weights):
        next(iter(weights.values()))[0, 0] = value
        return weights

    return spoil


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (renamed("model.model.", "model.language_model."), "have no place"),
        (renamed("base_model.model.", ""), "have no place"),
        (renamed("layers.1.", "layers.7."), "have no place"),
        (renamed("self_attn", "attention"), "have no place"),
        (only("layers.1."), "are missing"),
        (only("lora_A"), "are missing"),
        (only("down_proj"), "are missing"),
        (scaled("lora_B", 0), "changes nothing"),
        (scaled("lora_A", 0), "changes nothing"),
        (with_one(float("nan")), "NaN"),
        (with_one(float("inf")), "infinite"),
        (scaled("lora_B", 1e38), "NaN"),
    ],
)
def test_weights_that_do_not_do_what_they_should_are_refused(tiny, folder, change, word):
    reweigh(folder, change)
    refused(tiny, folder, word)


def test_an_adapter_of_no_strength_is_refused(tiny, folder):
    configure(folder, lora_alpha=0)
    refused(tiny, folder, "changes nothing")


@pytest.mark.parametrize("config", OTHER_KINDS, ids=lambda config: config.peft_type.value)
def test_an_adapter_of_another_kind_is_refused_by_its_name(tiny, tiny_folder, tmp_path, config):
    other = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    get_peft_model(other.network, config).save_pretrained(str(tmp_path / "other"))
    refused(tiny, tmp_path / "other", config.peft_type.value, "only LoRA")


@pytest.mark.parametrize("kind", ["IA3", "PREFIX_TUNING", "NO_SUCH_KIND", None])
def test_a_kind_that_is_only_written_is_refused_too(tiny, folder, kind):
    configure(folder, peft_type=kind)
    refused(tiny, folder, repr(kind))


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b"version https://git-lfs.github.com/spec/v1\n", b"<html>"])
@pytest.mark.parametrize("name", ["adapter_config.json", WEIGHTS])
def test_a_damaged_file_is_named(tiny, folder, name, content):
    (folder / name).write_bytes(content)
    refused(tiny, folder, name)


@pytest.mark.parametrize("changes", [{"r": "four"}, {"target_modules": ["no_such_layer"]}, {"r": 0}, {"r": 8}])
def test_settings_that_do_not_go_with_it_are_refused(tiny, folder, changes):
    configure(folder, **changes)
    refused(tiny, folder, "does not fit")


def test_an_adapter_that_goes_with_other_shapes_says_so(tiny, folder):
    configure(folder, r=2)
    refused(tiny, folder, "other shapes")


REPLACING = [{"modules_to_save": ["lm_head"]}, {"trainable_token_indices": [3, 4]}, {"target_modules": ["embed_tokens"]}]


@pytest.mark.parametrize("more", REPLACING, ids=lambda more: next(iter(more)))
def test_an_adapter_that_replaces_weights_of_the_base_is_refused_for_the_base_would_be_lost(tiny, tiny_folder, tmp_path, more):
    other = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=DEVICE, dtype=torch.float32))
    config = LoraConfig(**({"task_type": "CAUSAL_LM", "r": 2, "target_modules": ["v_proj"]} | more))
    whole = "embed_tokens" in config.target_modules
    get_peft_model(other.network, config).save_pretrained(str(tmp_path / "other"), save_embedding_layers=whole)
    refused(tiny, tmp_path / "other", "replaces weights of the model itself")


def test_an_adapter_that_names_another_published_model_is_refused(tiny, folder):
    from dataclasses import replace

    configure(folder, base_model_name_or_path="some-org/another-135M")
    assert load_adapter(tiny, folder).adapted  # a folder of this machine says nothing of which model it holds
    published = replace(tiny, reference=ModelReference(id="some-org/this-135M"))
    with pytest.raises(AdapterError, match="was made for some-org/another-135M, not for some-org/this-135M"):
        load_adapter(published, folder)


def test_a_refused_adapter_leaves_the_one_that_is_on_as_it_was(tiny, whole, folder):
    model = load_adapter(tiny, whole)
    reweigh(folder, scaled("lora_B", 0))
    before = model.network.active_adapter, dict(model.adapters)
    with pytest.raises(AdapterError, match="changes nothing"):
        load_adapter(model, folder)
    assert (model.network.active_adapter, dict(model.adapters)) == before
    assert list(model.network.peft_config) == ["default"]
