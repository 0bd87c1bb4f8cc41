"""The base in 4 bits: refused in words where it cannot be had, and a whole run where bitsandbytes is installed."""

import dataclasses
import importlib.util

import pytest
import torch

from core.engine import quantisation
from core.engine.adapters import adapter_hash, attach_adapter, load_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import as_it_is
from core.engine.quantisation import installed, require_four_bit
from core.errors import ConfigError
from core.methods.gradients import add_gradient, matrix_in_parts
from core.methods.sami.recipe import objective
from core.methods.sami.settings import SamiSettings
from core.methods.settings import config_from_data
from core.runs.execute import execute
from core.settings import ModelReference
from tests.asking import adapter_off
from tests.core.runs.test_loop import EXAMPLES
from tests.core.runs.test_training import plan
from tests.tiny import stir

CPU = torch.device("cpu")


def find_spec(monkeypatch, found):
    monkeypatch.setattr(quantisation.importlib.util, "find_spec", lambda _: found)


def test_without_bitsandbytes_a_run_says_so_before_anything_is_loaded(tiny_folder, tmp_path, monkeypatch):
    find_spec(monkeypatch, None)
    monkeypatch.setattr("core.engine.models.locate", lambda *_: pytest.fail("it looked for the model"))
    with pytest.raises(ConfigError, match=r"four_bit is true, but the package bitsandbytes is not installed here. Run `pip install bitsandbytes`"):
        execute(plan(tiny_folder, four_bit=True), tmp_path / "run", tmp_path)


def test_a_device_that_cannot_hold_4_bits_is_named(monkeypatch):
    find_spec(monkeypatch, object())
    assert installed()
    with pytest.raises(ConfigError, match=r"on the device mps. Use cuda or cpu"):
        require_four_bit(torch.device("mps"))


def test_a_bitsandbytes_that_cannot_be_imported_is_told_with_its_reason(monkeypatch):
    find_spec(monkeypatch, object())
    monkeypatch.setitem(__import__("sys").modules, "bitsandbytes", None)
    with pytest.raises(ConfigError, match=r"bitsandbytes cannot be loaded: .*Install a build that fits this torch"):
        require_four_bit(CPU)


def test_a_config_from_before_there_was_this_setting_is_not_in_4_bits():
    assert config_from_data({"seed": 3}).four_bit is False


needs_bitsandbytes = pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed; it is no requirement")


@needs_bitsandbytes
@pytest.mark.filterwarnings("default", "error:.*autograd kernel was not registered")
def test_every_adapter_weight_gets_the_gradient_that_the_unpacked_weights_give_it(tiny_folder, tmp_path):
    """The reference multiplies by the weights as bitsandbytes unpacks them, in plain linear layers."""
    import bitsandbytes

    found = []
    for unpacked in (False, True):
        base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=CPU, dtype=torch.float32, four_bit=True))
        if unpacked:
            for name, module in list(base.network.named_modules()):
                if isinstance(module, bitsandbytes.nn.Linear4bit):
                    plain = torch.nn.Linear(module.in_features, module.out_features, bias=False).requires_grad_(False)
                    plain.weight.copy_(bitsandbytes.functional.dequantize_4bit(module.weight.data, module.weight.quant_state))
                    base.network.set_submodule(name, plain)
        model = attach_adapter(base, rank=4, alpha=8, seed=0)
        stir(model.network, std=0.1)
        sami = objective(SamiSettings(), distance=False)
        matrix_in_parts(as_it_is(model, "sami"), EXAMPLES[0], sami.matrix)  # a first forward without gradients, as when sampling
        add_gradient(as_it_is(model, "sami"), EXAMPLES[0], sami, 1.0)
        found.append({name.replace("base_layer.", ""): p.grad for name, p in model.network.named_parameters() if p.requires_grad})
    assert len(found[0]) == 28
    for name, gradient in found[0].items():
        torch.testing.assert_close(gradient, found[1][name], atol=1e-5, rtol=1e-3)
        assert float(gradient.norm()) > 0


@needs_bitsandbytes
@pytest.mark.filterwarnings("default")
def test_a_run_in_4_bits_ends_with_an_adapter_that_fits_the_base_in_4_bits(tiny_folder, tmp_path):
    asked = plan(tiny_folder, four_bit=True, activation_checkpointing="on")
    record = execute(asked, tmp_path / "run", tmp_path)
    again = execute(asked, tmp_path / "again", tmp_path)
    assert again.adapter_sha256 == record.adapter_sha256 == adapter_hash(record.adapter)
    assert execute(dataclasses.replace(asked), tmp_path / "run", tmp_path).result == record.result
    base = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=CPU, four_bit=True))
    assert type(base.network.model.layers[0].mlp.up_proj).__name__ == "Linear4bit"
    ids = torch.arange(3, 30)[None]
    with torch.no_grad():
        plain = base.network(ids).logits
        model = load_adapter(base, record.adapter)
        assert not torch.equal(model.network(ids).logits, plain)
        with adapter_off(model):
            assert torch.equal(model.network(ids).logits, plain)
        assert torch.equal(model.network.unload()(ids).logits, plain)
