"""The LoRA adapter of a run between its iterations: made fresh again, saved as a plain PEFT folder, read back."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from transformers import PreTrainedModel

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


def load_adapter(model: LoadedModel, folder: Path) -> LoadedModel:
    """Put a trained adapter on a base model.

    Raises:
        AdapterError: The folder is missing or damaged, or the adapter was made for a model of another shape.
    """
    if not (folder / "adapter_config.json").exists():
        raise AdapterError(f"{folder} holds no adapter_config.json, so it is not an adapter. Give the `adapter` folder of a run.")
    if not (folder / "adapter_model.safetensors").exists():
        raise AdapterError(f"{folder} holds no adapter_model.safetensors; pickled adapters are never loaded. Train the adapter again.")
    assert isinstance(model.network, PreTrainedModel)
    try:
        config = with_our_layers(LoraConfig.from_pretrained(str(folder)), model.network)
        network = PeftModel.from_pretrained(model.network, folder, is_trainable=False, config=config)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise AdapterError(f"The adapter in {folder} does not fit {model.reference.id}: {first_line(error)} Choose the model it was trained on.") from error
    return replace(model, network=network.eval())


def adapter_hash(folder: Path) -> str:
    """sha256 of an adapter's weights, by which replies and runs name it."""
    return hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()


@contextlib.contextmanager
def adapter_off(model: LoadedModel) -> Iterator[None]:
    """Within this block the network is exactly the base."""
    if isinstance(model.network, PeftModel):
        with model.network.disable_adapter():
            yield
    else:
        yield


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
