"""What can be said about a base model before it is loaded: from its config.json alone, without torch."""

import functools
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.budget import Limit, Pool
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.errors import BusyError, ConfigError, ModelError, OverBudgetError, first_line
from core.machine import DEFAULT_SHAPE, ModelShape, model_shape_from_config
from core.model_names import is_hub_id, require_model_folder

MAX_ID_CHARS = 500
LOOK_UP_S = 3.0
MAX_CONFIG_BYTES = 1_000_000
# In a child: the time limit of a client is for each read, so that a Hub that sends a byte a second would hold whoever asks.
LOOKING_UP = Pool(("app.services.base_models",), size=1, patience_s=LOOK_UP_S, idle_s=60.0)
MODEL_FILES = "a config.json and .safetensors weights, as transformers saves it"


class _StatusError(OSError):
    """The Hub answered, and has no such model for us."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A model somebody may train on."""

    id: str
    shape: ModelShape | None  # None when it could not be looked up or estimated
    notice: str  # what a person should know about it; empty when there is nothing


def check_model_id(model: object, local: bool) -> str:
    """The id without surrounding space.

    Args:
        model: As it was typed.
        local: Whether runs are done on this machine. Only then its disk can tell whether a folder holds a model.

    Raises:
        ModelError: Neither the default model, nor a Hub id, nor a model folder where runs are done.
    """
    text = model.strip() if isinstance(model, str) else ""
    if not text:
        raise ModelError("No base model is chosen. Choose one, or type a Hub id such as `org/name`.")
    if len(text) > MAX_ID_CHARS or not text.isprintable():
        raise ModelError("The model id is too long or holds unprintable characters. Type a Hub id such as `org/name`, or a folder.")
    if text == DEFAULT_MODEL:
        return text
    if local and _is_model_folder(text):
        return text
    if not (is_hub_id(text) or (not local and text.startswith("/"))):  # a relative path would be relative to what nobody here knows
        folder = f"a folder of this machine with {MODEL_FILES}" if local else "the whole path of a folder, such as `/models/name`"
        raise ModelError(f"“{text}” is neither a Hub id such as `org/name` nor {folder}. Check the spelling.")
    return text


def _is_model_folder(text: str) -> bool:
    """Whether a model lies there. What else is or is not on this machine is not told: the field takes a path from anybody at the page."""
    try:
        require_model_folder(Path(text).expanduser())
    except (OSError, RuntimeError, ValueError, ModelError):  # too long a name; a user that does not exist after ~; no right to look
        return False
    return True


def look_up(model: object, local: bool) -> BaseModel:
    """The model's shape where it can be had quickly.

    Args:
        model: As it was typed.
        local: As for `check_model_id`.

    Raises:
        ModelError: As `check_model_id`.
    """
    name = check_model_id(model, local)
    if name == DEFAULT_MODEL:
        return BaseModel(id=name, shape=DEFAULT_SHAPE, notice=DEFAULT_NOTICE)
    if not local and not is_hub_id(name):
        return BaseModel(id=name, shape=None, notice=f"{name} lies on the machine that trains, where it was not looked at, so time and memory are unknown.")
    try:
        config = _read(Path(name).expanduser() / "config.json") if local and _is_model_folder(name) else _hub_config(name)
    except (OSError, ValueError, TypeError, OverBudgetError, BusyError) as error:
        return BaseModel(id=name, shape=None, notice=_not_looked_up(name, error))
    try:
        return BaseModel(id=name, shape=model_shape_from_config(config), notice="")
    except ConfigError as error:
        return BaseModel(id=name, shape=None, notice=f"Time and memory for {name} cannot be estimated: {error}")


def _not_looked_up(name: str, error: Exception) -> str:
    if isinstance(error, _StatusError) and error.status in (401, 403, 404):
        missing = f"the Hub has no such public model (status {error.status})"
        return f"{name} could not be looked up: {missing}. Check the spelling, or sign in on the machine that trains."
    return f"{name} could not be looked up, so time and memory are unknown. Training fetches it when the Hub can be reached from the machine that trains."


def _hub_config(name: str) -> dict[str, Any]:
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(name, "config.json")
    return _read(Path(cached)) if isinstance(cached, str) else dict(_fetched(name))


@functools.lru_cache(maxsize=64)  # only what was found: an error is raised, and so never kept
def _fetched(name: str) -> dict[str, Any]:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        raise OSError("offline")
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    limit = Limit(what=f"Looking up {name}", seconds=2 * LOOK_UP_S, remedy="Try again.")
    status, text = LOOKING_UP.within(limit, fetch, f"{endpoint}/{urllib.parse.quote(name)}/resolve/main/config.json")
    if status != 200:
        raise _StatusError(status)
    return _object(text)


def fetch(address: str) -> tuple[int, bytes]:
    """Status and text of what is there. Runs in a child.

    Raises:
        OSError: There is no answer, or none that is HTTP.
    """
    try:
        with urllib.request.urlopen(address, timeout=LOOK_UP_S) as answer:
            return answer.status, answer.read(MAX_CONFIG_BYTES)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, b""
    except (OSError, http.client.HTTPException) as error:
        raise OSError(first_line(error)) from None  # its parts may not pass from one process to another


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return _object(file.read(MAX_CONFIG_BYTES))


def _object(text: bytes) -> dict[str, Any]:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("config.json holds no object")
    return data
