"""LoRA adapters: made fresh, saved as plain PEFT folders, read back, put on and taken off. Only policies put one on."""

import contextlib
import hashlib
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from transformers import PreTrainedModel

from core.engine.attention import Network
from core.engine.cpu.lora import with_our_layers
from core.engine.models import LoadedModel
from core.errors import AdapterError, first_line


def attach_adapter(model: LoadedModel, *, rank: int, alpha: int, seed: int) -> LoadedModel:
    """Put a fresh LoRA on all linear layers but the head; it changes nothing until it is trained.

    The adapter is kept in float32 also over a bfloat16 base, so that small steps are not rounded away.
    """
    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    assert isinstance(model.network, PreTrainedModel)
    network = get_peft_model(model.network, with_our_layers(config, model.network))
    return replace(model, network=network.eval())


def load_adapter(model: LoadedModel, folder: Path, sha256: str | None = None) -> LoadedModel:
    """Put a trained adapter on a base model, or one more on a model that wears others.

    Args:
        model: As loaded, or with adapters.
        folder: A PEFT folder.
        sha256: Of its weights, when the caller knows it.

    Raises:
        AdapterError: The folder is missing or damaged, or the adapter was made for a model of another shape.
    """
    _require_adapter(folder)
    sha256 = sha256 or adapter_hash(folder)
    if sha256 in model.adapters:
        return model
    try:
        network, name = _with_adapter(model.network, folder, sha256)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise AdapterError(f"The adapter does not fit {model.reference.id}: {first_line(error)} Choose the model it was trained on.") from error
    return replace(model, network=network.eval(), adapters={**model.adapters, sha256: name})


def without_adapters(model: LoadedModel) -> LoadedModel:
    """The bare base of a model that may wear adapters, which are given up."""
    return replace(model, network=model.network.unload(), adapters={}) if isinstance(model.network, PeftModel) else model


def _with_adapter(network: Network, folder: Path, sha256: str) -> tuple[PeftModel, str]:
    if isinstance(network, PeftModel):
        network.load_adapter(str(folder), adapter_name=sha256, is_trainable=False)
        return network, sha256
    config = with_our_layers(LoraConfig.from_pretrained(str(folder)), network)
    return PeftModel.from_pretrained(network, folder, is_trainable=False, config=config), TRAINED


def _require_adapter(folder: Path) -> None:
    if not (folder / "adapter_config.json").exists():
        raise AdapterError(f"{folder} holds no adapter_config.json, so it is not an adapter. Give the `adapter` folder of a run.")
    if not (folder / "adapter_model.safetensors").exists():
        raise AdapterError(f"{folder} holds no adapter_model.safetensors; pickled adapters are never loaded. Train the adapter again.")


def adapter_hash(folder: Path) -> str:
    """sha256 of an adapter's weights, by which replies and runs name it.

    Raises:
        AdapterError: The folder holds no adapter.
    """
    _require_adapter(folder)
    return hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()


def lora_layers(network: Network) -> list[LoraLayer]:
    """The layers that adapters change; none on a bare base."""
    return [module for module in network.modules() if isinstance(module, LoraLayer)] if isinstance(network, PeftModel) else []


@dataclass(frozen=True)
class Wear:
    """What a network has on: an adapter by its name in peft, scaled; `adapter` None is the base."""

    adapter: str | None
    strength: float = 1.0


BASE_WEAR = Wear(None)
TRAINED = "default"  # peft's name of the adapter that is being trained, or was loaded first


def at_rest(network: Network) -> Wear:
    """What a network wears while no policy is at work: its adapter as it was trained, so that training finds it there."""
    return Wear(str(network.active_adapter)) if isinstance(network, PeftModel) else BASE_WEAR


def put_on(network: Network, layers: Sequence[LoraLayer], wear: Wear) -> Wear:
    """Have the network wear this from now on; does nothing where it already does.

    Returns:
        What it wore before.
    """
    before = _worn(network, layers)
    if wear.adapter is None or wear.strength == 0:
        wear = BASE_WEAR
    if wear == before:
        return before
    if wear.adapter is None:
        for layer in layers:
            layer.enable_adapters(False)
        return before
    assert isinstance(network, PeftModel)
    if network.active_adapter != wear.adapter:
        network.set_adapter(wear.adapter)
    for layer in layers:
        layer.set_scale(wear.adapter, wear.strength)
        if layer.disable_adapters:
            layer.enable_adapters(True)
    return before


def _worn(network: Network, layers: Sequence[LoraLayer]) -> Wear:
    if not layers or layers[0].disable_adapters:
        return BASE_WEAR
    assert isinstance(network, PeftModel)
    name = str(network.active_adapter)
    layer = next(layer for layer in layers if name in layer.scaling)  # one from elsewhere may leave some layers alone
    whole = layer.lora_alpha[name] / (math.sqrt(layer.r[name]) if layer.use_rslora.get(name) else layer.r[name])
    return Wear(name, layer.scaling[name] / whole)


@contextlib.contextmanager
def wearing(network: Network, layers: Sequence[LoraLayer], wear: Wear) -> Iterator[None]:
    """Within this block the network wears this."""
    before = put_on(network, layers, wear)
    try:
        yield
    finally:
        put_on(network, layers, before)


def reset_adapter(model: LoadedModel, seed: int) -> None:
    """Make the attached adapter as fresh as `attach_adapter` does: it changes nothing until it is trained."""
    torch.manual_seed(seed)
    for module in model.network.modules():
        if isinstance(module, LoraLayer):
            module.reset_lora_parameters("default", True)


def restore_adapter(model: LoadedModel, folder: Path) -> None:
    """Give the attached adapter the weights that `save_adapter` wrote, bit for bit."""
    assert isinstance(model.network, PeftModel)
    with torch.no_grad():
        set_peft_model_state_dict(model.network, load_file(folder / "adapter_model.safetensors"))


def save_adapter(model: LoadedModel, folder: Path) -> Path:
    """Write a plain PEFT folder that stock `peft` loads, whole or not there at all. One that is there is kept."""
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    if folder.exists():
        return folder
    shutil.rmtree(scratch, ignore_errors=True)
    assert isinstance(model.network, PeftModel)
    for config in model.network.peft_config.values():
        assert isinstance(config, PeftConfig)
        config.base_model_name_or_path = model.reference.id
        config.revision = model.reference.revision if "/" in model.reference.id else None
        config.inference_mode = True
    model.network.save_pretrained(str(scratch), safe_serialization=True, save_embedding_layers=False)
    os.replace(scratch, folder)
    return folder
