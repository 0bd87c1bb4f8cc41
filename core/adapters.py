"""The LoRA adapter of a run between its iterations: made fresh again, saved as a plain PEFT folder, read back."""

import os
import shutil
from pathlib import Path

import torch
from peft import PeftConfig, PeftModel, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file

from core.models import LoadedModel


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
