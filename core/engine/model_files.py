"""Whether the files of a model are what they should be, found out before a library reads them. Imports no torch."""

import json
import os
from pathlib import Path
from typing import Any

from core.engine.faults import from_system
from core.errors import DamagedModelError, ModelError, UnsupportedModelError

INDEX = "model.safetensors.index.json"
_MAPPINGS = ("config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json", "special_tokens_map.json", INDEX)
_POINTER, _PAGES = b"version https://git-lfs", (b"<!doctype", b"<html")
_CODE_KEYS = ("auto_map", "trust_remote_code", "_attn_implementation_internal", "_experts_implementation_internal")
_OTHER_HEADS = ("ForMaskedLM", "Classification", "ForQuestionAnswering", "ForPreTraining", "ForMultipleChoice", "ForNextSentencePrediction", "EncoderModel")
_MOST_HEADER_BYTES = 100_000_000  # the format's own limit


def require_sound(folder: Path, name: str) -> None:
    """Raise ModelError, with the file and the remedy, unless a model's files can be read and are of a kind that can be trained.

    Args:
        folder: With `config.json`.
        name: Of the model, as people know it.
    """
    try:
        settings = {path.name: read_mapping(path) for path in map(folder.joinpath, _MAPPINGS) if path.exists()}
        _refuse_code(settings)
        _require_kind(folder, settings.get("config.json", {}), name)
        for path in _shards(folder, settings.get(INDEX), name):
            _refuse_whole_numbers(path, require_safetensors(path))
    except OSError as error:
        raise from_system(error, name) from error


def read_mapping(path: Path) -> dict[str, Any]:
    """A JSON file that holds a mapping.

    Raises:
        DamagedModelError: It holds something else.
    """
    data = path.read_bytes()
    _refuse_stand_in(path, data)
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DamagedModelError(f"{path} is not readable JSON ({error}). Fetch this file again.") from error
    if not isinstance(value, dict):
        raise DamagedModelError(f"{path} should hold a JSON mapping, but holds a {type(value).__name__}. Fetch this file again.")
    return value


def require_safetensors(path: Path) -> dict[str, Any]:
    """The header of a file of weights: names, types and places.

    Raises:
        DamagedModelError: The file is no safetensors file, or not a whole one.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(512)
        _refuse_stand_in(path, start)
        length = int.from_bytes(start[:8], "little")
        if size < 8 or length > min(size - 8, _MOST_HEADER_BYTES):
            raise _cut_off(path, size)
        file.seek(8)
        header_bytes = file.read(length)
    try:
        header = dict(json.loads(header_bytes))
        ends = [int(entry["data_offsets"][1]) for key, entry in header.items() if key != "__metadata__"]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DamagedModelError(f"{path} is not a file of safetensors weights ({error}). Fetch this file again.") from error
    if size - 8 - length < max(ends, default=0):
        raise _cut_off(path, size)
    return header


def _refuse_whole_numbers(path: Path, header: dict[str, Any]) -> None:
    """Raise for weights that were quantised although config.json does not say so: without their scales they mean nothing."""
    found = next((key for key, entry in header.items() if key.endswith(".weight") and entry["dtype"].lstrip("IU").isdigit()), None)
    if found is not None:
        raise UnsupportedModelError(
            f"{path} holds whole numbers ({header[found]['dtype']}) where weights should be, the first in {found}: it was quantised before it was published. "
            "Choose the same model in full precision."
        )


def _cut_off(path: Path, size: int) -> DamagedModelError:
    return DamagedModelError(f"{path} is cut off or not a file of safetensors weights ({size:,} bytes). Fetch this file again.")


def _refuse_stand_in(path: Path, start: bytes) -> None:
    """Raise for what lies where a file should be when fetching it went wrong."""
    if not start.strip():
        raise DamagedModelError(f"{path} is empty. Fetch this file again.")
    if start.startswith(_POINTER):
        raise DamagedModelError(f"{path} is a Git LFS pointer, not the file itself. Run `git lfs pull` in its folder, or fetch the file again.")
    if start.lstrip()[:9].lower().startswith(_PAGES):
        raise DamagedModelError(f"{path} is a web page, not the file itself. Fetch the file again, past the proxy or the login that answered.")


def _shards(folder: Path, index: dict[str, Any] | None, name: str) -> list[Path]:
    whole = folder / "model.safetensors"
    if index is None or whole.exists():
        return [whole] if whole.exists() else sorted(folder.glob("*.safetensors"))
    weights = index.get("weight_map")
    if not isinstance(weights, dict) or not weights or not all(isinstance(file, str) and os.path.basename(file) == file for file in weights.values()):
        raise DamagedModelError(f"{folder / INDEX} does not say which file holds which weights. Fetch this file again.")
    files = sorted(set(weights.values()))
    missing = [file for file in files if not (folder / file).exists()]
    if missing:
        raise DamagedModelError(f"{len(missing)} of {len(files)} files of weights of {name} are missing in {folder}, the first is {missing[0]}. Fetch them.")
    return [folder / file for file in files]


def require_no_code(folder: Path) -> None:
    """Raise ModelError where a model's small files ask for code of its repository to be run."""
    _refuse_code({path.name: read_mapping(path) for path in (folder / "config.json", folder / "tokenizer_config.json") if path.exists()})


def _refuse_code(settings: dict[str, dict[str, Any]]) -> None:
    for name in ("config.json", "tokenizer_config.json"):
        found = [key for key in _CODE_KEYS if key in settings.get(name, {})]
        if found:
            raise ModelError(f"{name} of this model asks to run code from its repository (`{found[0]}`), which is never done. Choose another model.")


def _require_kind(folder: Path, config: dict[str, Any], name: str) -> None:
    if (folder / "adapter_config.json").exists():
        raise ModelError(f"{folder} holds an adapter beside the model, which would be loaded with it. Move the adapter's files away.")
    quantisation = config.get("quantization_config") or config.get("compression_config")
    if quantisation:
        method = quantisation.get("quant_method", "an unnamed method") if isinstance(quantisation, dict) else quantisation
        raise UnsupportedModelError(
            f"The weights of {name} were quantised with {method} before they were published, and such weights cannot be trained on here. "
            "Choose the same model in full precision; with four_bit it is held in 4 bits."
        )
    heads = config.get("architectures")
    other = next((head for head in heads if any(str(head).endswith(end) for end in _OTHER_HEADS)), None) if isinstance(heads, list) else None
    if other is not None or config.get("is_encoder_decoder") is True:
        what = other or "an encoder with a decoder"
        raise UnsupportedModelError(f"{name} is no causal language model ({what}): it cannot write a reply word by word. Choose one that can.")
