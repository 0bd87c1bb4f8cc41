"""How a base model is named: the default model, a Hub id `org/name`, or a folder saved by transformers. Imports no torch."""

import re
from pathlib import Path

from core.errors import ModelError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def is_hub_id(name: str) -> bool:
    """Whether it is spelled like a model of the Hub; whether there is one, only the Hub knows."""
    return _HUB_ID.fullmatch(name) is not None


def require_model_folder(folder: Path) -> None:
    """Raise ModelError unless a folder of this machine holds a model that can be loaded without running code from it."""
    if not (folder / "config.json").is_file():
        raise ModelError(f"The folder {folder} holds no config.json, so it is not a model. Choose a folder saved by transformers.")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"The folder {folder} holds no .safetensors weights; pickled weights can run code and are never loaded. Convert them first.")
