"""Steering vectors as files: one of safetensors, with what is known of it as metadata. Written whole or not at all, and read with suspicion."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core.engine.adapters import made_for_another
from core.engine.models import LoadedModel
from core.engine.steering_vector import SteeringVector
from core.errors import AdapterError

FILE = "steering_vector.safetensors"
FORMAT = "constitution-studio steering vector 1"
FACTS = "steering_vector"  # the entry of the metadata that holds all that is known of it, as JSON
_VECTOR, _RANDOM = "vector", "random"


def save_vector(vector: SteeringVector, folder: Path) -> Path:
    """Write a folder with the vector's file, whole or not there at all. One that is there is kept."""
    if folder.exists():
        return folder
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    said = {**vector.facts, "format": FORMAT, "layer": vector.layer, "multiplier": vector.multiplier, "norm": vector.norm}
    tensors = {_VECTOR: vector.vector_H.contiguous().cpu(), _RANDOM: vector.random_H.contiguous().cpu()}
    save_file(tensors, scratch / FILE, metadata={FACTS: json.dumps(said, sort_keys=True)})  # one entry: several come in an order that changes
    (scratch / FILE).chmod(0o644)
    os.replace(scratch, folder)
    return folder


def vector_hash(folder: Path) -> str:
    """sha256 of a vector's file, by which replies and runs name it.

    Raises:
        AdapterError: The folder holds no vector.
    """
    path = _file(folder)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_vector(model: LoadedModel, folder: Path, sha256: str | None = None) -> LoadedModel:
    """Have a steering vector at hand on a base model, or one more.

    Args:
        model: As loaded, or with other artifacts.
        folder: That a run left.
        sha256: Of its file, when the caller knows it.

    Raises:
        AdapterError: The folder is missing or damaged, or the vector was made for another model.
    """
    sha256 = sha256 or vector_hash(folder)
    if sha256 in model.vectors:
        return model
    return with_vector(model, read_vector(model, folder), sha256)


def with_vector(model: LoadedModel, vector: SteeringVector, name: str) -> LoadedModel:
    """The model with a vector under a name, on its device."""
    there = replace(vector, vector_H=vector.vector_H.to(model.device), random_H=vector.random_H.to(model.device))
    return replace(model, vectors={**model.vectors, name: there})


def read_vector(model: LoadedModel, folder: Path) -> SteeringVector:
    """A vector that fits a model.

    Raises:
        AdapterError: As `load_vector`.
    """
    path = _file(folder)
    try:
        with safe_open(path, framework="pt") as file:
            facts = dict(json.loads((file.metadata() or {})[FACTS]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 — no mapping
        layer, multiplier = int(facts["layer"]), float(facts["multiplier"])
        vector_H, random_H = tensors[_VECTOR].float(), tensors[_RANDOM].float()
    except (SafetensorError, OSError, LookupError, ValueError, TypeError) as error:
        raise AdapterError(f"{path} cannot be read as a steering vector ({error!r:.120}). Make it again, or bring the file back.") from error
    _require_fit(model, folder, facts, layer, (vector_H, random_H))
    if not math.isfinite(multiplier):
        raise AdapterError(f"The steering vector in {folder} has a multiplier of {multiplier}. Make it again.")
    return SteeringVector(layer=layer, multiplier=multiplier, vector_H=vector_H, random_H=random_H, facts={name: str(fact) for name, fact in facts.items()})


def _require_fit(model: LoadedModel, folder: Path, facts: Mapping[str, object], layer: int, vectors: tuple[Tensor, ...]) -> None:
    here, config = model.reference.id, model.network.config.get_text_config()
    if made_for_another(str(facts.get("model", "")), here):
        raise AdapterError(f"The steering vector in {folder} was made for {facts['model']}, not for {here}. Choose the model it was made on.")
    shapes = {tuple(vector.shape) for vector in vectors}
    if shapes != {(config.hidden_size,)} or not 0 <= layer < config.num_hidden_layers:
        raise AdapterError(
            f"The steering vector in {folder} has {shapes.pop()[0] if len(shapes) == 1 else 'uneven'} numbers for layer {layer}, but {here} has "
            f"{config.num_hidden_layers} layers of {config.hidden_size}. Choose the model it was made on."
        )
    if not all(bool(torch.isfinite(vector).all()) and bool(vector.any()) for vector in vectors):
        raise AdapterError(f"The steering vector in {folder} is nothing but zeros, or holds numbers that are NaN or infinite. Make it again.")


def _file(folder: Path) -> Path:
    path = folder / FILE
    if not path.is_file():
        raise AdapterError(f"{folder} holds no {FILE}, so it is not a steering vector. Give the `vector` folder of a run.")
    return path
