"""Models as strangers bring them: each is refused in words that name the file or the fault, or it is what it says it is."""

import json
import re
import shutil
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM, BertLMHeadModel, ElectraConfig, ElectraForMaskedLM, RobertaConfig, RobertaForCausalLM

from core.constitution.principles import Turns
from core.engine.models import Placing, encode_prompt, load_model
from core.errors import DamagedModelError, DiskFullError, ModelError, UnsupportedModelError
from core.settings import ModelReference
from tests.devices import DEVICE
from tests.tiny import tiny_tokenizer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 1234567\n"


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "brought")


def load(folder):
    return load_model(ModelReference(id=str(folder)), folder.parent, Placing(device=DEVICE, dtype=torch.float32))


def refused(folder, kind, *words):
    with pytest.raises(kind) as caught:
        load(folder)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def configure(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def reweigh(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def cut(data):
    return data[: len(data) * 2 // 3]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda _: POINTER, "git lfs pull"),
        (lambda _: b"", "is empty"),
        (lambda _: b"\n", "is empty"),
        (cut, "cut off"),
        (lambda data: data[:5], "cut off"),
        (lambda data: data[:300], "cut off"),
        (lambda _: b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        (lambda _: b"<html><body>502</body></html>", "web page"),
        (lambda _: struct.pack("<Q", 4) + b"[,,]", "Fetch this file again"),
        (lambda _: struct.pack("<Q", 8) + b'{"a": 1}', "Fetch this file again"),
    ],
)
def test_a_file_of_weights_that_is_none_is_named_with_its_fault(folder, change, word):
    path = folder / "model.safetensors"
    path.write_bytes(change(path.read_bytes()))
    refused(folder, DamagedModelError, str(path), word)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
@pytest.mark.parametrize("content", [b'{"model_type": "lla', b"[]", b"\xff\xfe", POINTER, b"", b"<html></html>"])
def test_a_broken_json_file_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    refused(folder, DamagedModelError, name, "etch th")


@pytest.mark.parametrize("content", ['{"weight_map": {}}', '{"weight_map": {"a": "../a.safetensors"}}', '{"weight_map": ["a"]}', "{"])
def test_an_index_that_says_nothing_is_refused(folder, content):
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(content)
    refused(folder, DamagedModelError, "model.safetensors.index.json")


def test_a_missing_shard_is_named(folder):
    shards = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    save_file({name: weights[name] for name in names[:5]}, folder / shards[0], metadata={"format": "pt"})
    save_file({name: weights[name] for name in names[5:]}, folder / shards[1], metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: shards[i >= 5] for i, name in enumerate(names)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert load(folder).chat
    (folder / shards[1]).write_bytes(POINTER)
    refused(folder, DamagedModelError, shards[1], "git lfs pull")
    (folder / shards[1]).unlink()
    refused(folder, DamagedModelError, shards[1], "1 of 2")


@pytest.mark.parametrize("layers", [3, 1])
def test_a_layer_more_or_less_than_the_files_have_is_refused(folder, layers):
    configure(folder, num_hidden_layers=layers)
    refused(folder, DamagedModelError, "random numbers" if layers == 3 else "left out", f"model.layers.{min(layers, 2)}." if layers == 3 else "model.layers.1.")


@pytest.mark.parametrize("lost", ["lm_head.weight", "model.norm.weight", "model.layers.1.mlp.up_proj.weight"])
def test_a_weight_that_no_file_has_is_refused(folder, lost):
    reweigh(folder, lambda weights: weights.pop(lost))
    refused(folder, DamagedModelError, lost, "random numbers")


@pytest.mark.parametrize("prefix", ["base.", "module.", "language_model."])
def test_weights_under_other_names_are_refused(folder, prefix):
    def rename(weights):
        for name in list(weights):
            weights[prefix + name] = weights.pop(name)

    reweigh(folder, rename)
    refused(folder, DamagedModelError, "random numbers")


def test_a_head_that_is_tied_to_the_embeddings_is_no_missing_weight(folder):
    configure(folder, tie_word_embeddings=True)
    reweigh(folder, lambda weights: weights.pop("lm_head.weight"))
    network = load(folder).network
    assert network.get_output_embeddings().weight is network.get_input_embeddings().weight


@pytest.mark.parametrize("changes", [{"hidden_size": 32}, {"vocab_size": 300}, {"intermediate_size": 96}])
def test_weights_of_another_shape_are_refused(folder, changes):
    configure(folder, **changes)
    refused(folder, DamagedModelError, "shape")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["model.layers.0.mlp.down_proj.weight", "model.embed_tokens.weight", "lm_head.weight"])
def test_a_weight_that_is_no_number_is_named(folder, name, value):
    def spoil(weights):
        weights[name][7, 3] = value

    reweigh(folder, spoil)
    refused(folder, DamagedModelError, name, "NaN", "holds 1 numbers")


def test_finite_weights_whose_logits_are_none_are_refused(folder):
    def blow_up(weights):
        weights["model.layers.0.mlp.down_proj.weight"].fill_(3e38)

    reweigh(folder, blow_up)
    refused(folder, DamagedModelError, "gives NaN")


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int32])
def test_whole_numbers_where_weights_should_be_are_refused(folder, dtype):
    def round_off(weights):
        weights["model.layers.1.self_attn.o_proj.weight"] = weights["model.layers.1.self_attn.o_proj.weight"].to(dtype)

    reweigh(folder, round_off)
    refused(folder, UnsupportedModelError, "whole numbers", "model.layers.1.self_attn.o_proj.weight", "full precision")


@pytest.mark.parametrize("ends", [-2, [257, "<|end|>"], [True], 1.5])
def test_an_end_of_replies_that_is_no_token_is_refused(folder, ends):
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": ends}))
    refused(folder, DamagedModelError, "generation_config.json", "no token's number")


def test_a_model_without_a_tokenizer_says_what_is_missing(folder):
    (folder / "tokenizer.json").unlink()
    refused(folder, DamagedModelError, "Put the tokenizer.json that belongs to it")


def tokenizer_with(folder, change):
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_tokenizer_of_another_model_is_refused(folder):
    def move(content):
        content["model"]["vocab"] = {symbol: i + 90 for symbol, i in content["model"]["vocab"].items()}
        for token in content["added_tokens"]:
            token["id"] += 90

    tokenizer_with(folder, move)
    refused(folder, UnsupportedModelError, "do not belong together")


def test_a_token_that_only_the_tokenizer_knows_is_refused_where_it_is_asked(folder):
    more = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    tokenizer_with(folder, lambda content: content["added_tokens"].append({"id": 258, "content": "<new>", **more}))
    model = load(folder)
    assert encode_prompt(model, Turns("Be brief.", "Why?"))
    with pytest.raises(UnsupportedModelError, match="token 258 for a part of this text, and the network knows 258 tokens"):
        encode_prompt(model, Turns("Be brief.", "What is <new>?"))


def test_a_librarys_words_that_begin_with_a_heading_are_told_to_their_end(folder):
    configure(folder, num_attention_heads=5)
    refused(folder, ModelError, "64", "5", ". Choose another model.")


@pytest.mark.parametrize(
    "settings",
    [
        {"quant_method": "gptq", "bits": 8},
        {"quant_method": "awq", "bits": 4},
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        {"quant_method": "fp8"},
        {"quant_method": "compressed-tensors"},
        {"quant_method": "something-new"},
    ],
)
def test_weights_that_were_quantised_beforehand_are_refused(folder, settings):
    configure(folder, quantization_config=settings)
    refused(folder, UnsupportedModelError, settings["quant_method"], "full precision")


@pytest.mark.parametrize("changes", [{"model_type": "brand_new_model"}, {"model_type": "vit"}, {"model_type": None}])
def test_an_unknown_architecture_is_refused(folder, changes):
    configure(folder, **changes)
    refused(folder, ModelError, "Choose another model")


SIZES = {"vocab_size": 258, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 512}


def saved(network, folder, **changes):
    network.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    configure(folder, **changes)
    return folder


@pytest.mark.parametrize(
    ("build", "changes"),
    [
        (lambda: BertForMaskedLM(BertConfig(**SIZES)), {}),
        (lambda: BertForMaskedLM(BertConfig(**SIZES)), {"architectures": None}),
        (lambda: BertForMaskedLM(BertConfig(**SIZES)), {"architectures": ["BertLMHeadModel"]}),
        (lambda: ElectraForMaskedLM(ElectraConfig(**SIZES, embedding_size=32)), {}),
        (lambda: RobertaForCausalLM(RobertaConfig(**SIZES, is_decoder=False)), {}),
    ],
)
def test_an_encoder_is_not_taken_for_a_causal_model(tmp_path, build, changes):
    torch.manual_seed(0)
    refused(saved(build(), tmp_path / "encoder", **changes), UnsupportedModelError, "no causal language model")


def test_the_same_network_as_a_decoder_is_one(tmp_path):
    torch.manual_seed(0)
    assert load(saved(BertLMHeadModel(BertConfig(**SIZES, is_decoder=True)), tmp_path / "decoder")).chat


@pytest.mark.parametrize("head", ["LlamaForSequenceClassification", "LlamaForTokenClassification", "LlamaForQuestionAnswering"])
def test_a_model_with_another_head_is_refused(folder, head):
    configure(folder, architectures=[head])
    refused(folder, UnsupportedModelError, head)


def test_a_folder_where_a_file_should_be_is_named(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").mkdir()
    refused(folder, ModelError, "tokenizer.json cannot be read")


@pytest.mark.parametrize(
    ("number", "kind", "word"), [(13, ModelError, "may not be read"), (28, DiskFullError, "Free some space"), (5, ModelError, "cannot be read")]
)
def test_what_the_system_refuses_while_weights_are_read_has_words(folder, monkeypatch, number, kind, word):
    def refuse(*_args, **_kwargs):
        raise OSError(number, "said the system", str(folder / "model.safetensors"))

    monkeypatch.setattr("core.engine.models.AutoModelForCausalLM.from_pretrained", refuse)
    refused(folder, kind, word, "model.safetensors")


def test_a_tokenizer_that_no_library_can_read_is_the_files_fault(folder):
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": {"type": "BPE", "vocab": 3}}))
    refused(folder, ModelError, "Choose another model")


def test_an_adapter_beside_the_model_is_not_loaded_with_it(folder):
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, ModelError, "adapter")


def test_memory_that_runs_out_stays_what_it_is(folder, monkeypatch):
    def run_out(*_args, **_kwargs):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr("core.engine.models.AutoModelForCausalLM.from_pretrained", run_out)
    with pytest.raises(RuntimeError, match=re.escape("can't allocate memory")):
        load(folder)
