"""LoRA adapters: made fresh, saved as plain PEFT folders, read back, put on and taken off. Only policies put one on."""

import contextlib
import hashlib
import math
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from transformers import PreTrainedModel

from core.engine.adapter_card import describe_adapter, public_base
from core.engine.attention import Network
from core.engine.cpu.lora import with_our_layers
from core.engine.default_model import DEFAULT_MODEL
from core.engine.faults import outside_in_words
from core.engine.layouts import with_steady_adapter
from core.engine.model_files import read_mapping, require_safetensors
from core.engine.models import LoadedModel, encode_prompt
from core.engine.proofs import logits_of, prove_adapter, prove_effect
from core.engine.templates import PROOF
from core.errors import AdapterError, ModelError
from core.model_names import is_hub_id

_WHOLE = (".bias", ".base_layer.weight", ".modules_to_save.weight", ".trainable_tokens_delta")  # ends of what adapters hold besides LoRA


def attach_adapter(model: LoadedModel, *, rank: int, alpha: int, seed: int) -> LoadedModel:
    """Put a fresh LoRA on all linear layers but the head; it changes nothing until it is trained.

    The adapter is kept in float32 also over a bfloat16 base, so that small steps are not rounded away.
    """
    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    assert isinstance(model.network, PreTrainedModel)
    network = get_peft_model(model.network, with_our_layers(config, model.network))
    return with_steady_adapter(replace(model, network=network.eval()))


def load_adapter(model: LoadedModel, folder: Path, sha256: str | None = None) -> LoadedModel:
    """Put a trained adapter on a base model, or one more on a model that wears others.

    Args:
        model: As loaded, or with adapters.
        folder: A PEFT folder.
        sha256: Of its weights, when the caller knows it.

    Raises:
        AdapterError: The folder is missing or damaged; the adapter is no LoRA, was made for another model, or changes nothing.
    """
    _require_adapter(folder)
    sha256 = sha256 or adapter_hash(folder)
    if sha256 in model.adapters:
        return model
    config = _lora_config(folder, model)
    try:
        with outside_in_words(model.reference.id, adapter=True):
            network, name = _with_adapter(model.network, folder, sha256, config)
    except AdapterError:
        _undo(model.network, sha256)
        raise
    try:
        prove_adapter(network, name, folder)
        _prove_effect(network, name, folder, encode_prompt(model, PROOF))
    except AdapterError:
        _take_off(network, name)
        raise
    return with_steady_adapter(replace(model, network=network.eval(), adapters={**model.adapters, sha256: name}))


def without_adapters(model: LoadedModel) -> LoadedModel:
    """The bare base of a model that may wear adapters, which are given up."""
    return replace(model, network=model.network.unload(), adapters={}) if isinstance(model.network, PeftModel) else model


def _with_adapter(network: Network, folder: Path, sha256: str, config: LoraConfig) -> tuple[PeftModel, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of keys that are missing: `prove_adapter` says more
        if isinstance(network, PeftModel):
            network.load_adapter(str(folder), adapter_name=sha256, is_trainable=False)
            return network, sha256
        return PeftModel.from_pretrained(network, folder, is_trainable=False, config=with_our_layers(config, network)), TRAINED


def _undo(network: Network, sha256: str) -> None:
    """Leave a network as it was before an adapter was put on it half."""
    if isinstance(network, PeftModel):
        if sha256 in network.peft_config:
            network.delete_adapter(sha256)
        return
    for name, layer in [(name, module) for name, module in network.named_modules() if isinstance(module, LoraLayer)]:
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, layer.get_base_layer())
    vars(network).pop("peft_config", None)


def _prove_effect(network: PeftModel, name: str, folder: Path, ids: list[int]) -> None:
    layers = lora_layers(network)
    with torch.no_grad():
        with wearing(network, layers, Wear(name)):
            worn_TV = logits_of(network, ids)
        with wearing(network, layers, BASE_WEAR):
            prove_effect(worn_TV, logits_of(network, ids), folder)


def _take_off(network: PeftModel, name: str) -> None:
    """Leave the base, and what else is on it, as it was."""
    if len(network.peft_config) > 1:
        network.delete_adapter(name)
    else:
        network.unload()


def _lora_config(folder: Path, model: LoadedModel) -> LoraConfig:
    """What an adapter says of itself.

    Raises:
        AdapterError: It is no LoRA, or was made for another model.
    """
    try:
        data = read_mapping(folder / "adapter_config.json")
        header = require_safetensors(folder / "adapter_model.safetensors")
    except ModelError as error:
        raise AdapterError(str(error)) from error
    kind = data.get("peft_type")
    if kind != "LORA":
        raise AdapterError(f"The adapter in {folder} is of the kind {kind!r}, but only LoRA adapters can be put on here. Choose a LoRA adapter.")
    _require_removable(folder, data, header)
    if data.get("lora_alpha") == 0:
        raise AdapterError(f"The adapter in {folder} changes nothing: its lora_alpha is 0. Choose another, or train again.")
    base, here = str(data.get("base_model_name_or_path") or ""), model.reference.id
    if made_for_another(base, here):
        raise AdapterError(f"The adapter in {folder} was made for {base}, not for {here}. Choose the model it was trained on.")
    with outside_in_words(here, adapter=True):
        config: LoraConfig = LoraConfig.from_pretrained(str(folder))
    return config


def _require_removable(folder: Path, data: Mapping[str, object], header: Mapping[str, object]) -> None:
    """Raise for weights that stay when the adapter is taken off: the base would not be the base any more."""
    whole = next((name for name in ("modules_to_save", "trainable_token_indices") if data.get(name)), None)
    other = whole or min((key for key in header if "lora_" not in key and key.endswith(_WHOLE)), default=None)
    if other is not None:
        raise AdapterError(
            f"The adapter in {folder} also replaces weights of the model itself ({other}), so the base could not be had back from it. "
            "Choose an adapter that is LoRA alone."
        )


def made_for_another(base: str, here: str) -> bool:
    """Whether both names tell which model they mean, and it is not the same one."""
    return _published(base) and _published(here) and base.rpartition("/")[2].casefold() != here.rpartition("/")[2].casefold()


def _published(name: str) -> bool:
    """Whether a name tells which model it is; a folder's does not."""
    return name == DEFAULT_MODEL or (is_hub_id(name) and not Path(name).exists())


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
    """Write a plain PEFT folder that stock `peft` loads and others can read, whole or not there at all. One that is there is kept."""
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    if folder.exists():
        return folder
    shutil.rmtree(scratch, ignore_errors=True)
    assert isinstance(model.network, PeftModel)
    base = public_base(model.reference)
    for config in model.network.peft_config.values():
        assert isinstance(config, PeftConfig)
        config.base_model_name_or_path = base.id
        config.revision = base.revision
        config.inference_mode = True
    model.network.save_pretrained(str(scratch), safe_serialization=True, save_embedding_layers=False)
    describe_adapter(scratch, model.reference)
    os.replace(scratch, folder)
    return folder
