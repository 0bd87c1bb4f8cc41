"""The one model that the model host keeps in memory. Imports torch, so only the model host imports this."""

import contextlib
import ctypes
import gc
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel

from app.host.client import ModelChoice, ReplyRequest, Request
from app.settings import Settings
from core.engine.adapters import adapter_hash, load_adapter
from core.engine.default_model import OnProgress
from core.engine.models import LoadedModel, choose_device, load_model
from core.engine.scoring import check_model
from core.errors import AdapterError
from core.settings import ModelReference


@dataclass(frozen=True)
class Held:
    """What is in memory."""

    choice: ModelChoice
    model: LoadedModel
    adapter_sha256: str | None

    @property
    def on_gpu(self) -> bool:
        return self.model.device.type != "cpu"


def hold(held: Held | None, request: Request, settings: Settings, on_progress: OnProgress) -> Held:
    """What the request needs, made from what is in memory as far as that goes: a change of adapter keeps the base.

    A request without an adapter takes the base with whatever adapter is on it; it is for the base alone, with the adapter off.

    Raises:
        AdapterError: The adapter is missing, or is not the one that the run recorded.
        ModelError: The base cannot be fetched or loaded.
    """
    adapter = Path(request.adapter) if isinstance(request, ReplyRequest) and request.adapter is not None else None
    sha256 = _checked_hash(adapter, request.adapter_sha256) if isinstance(request, ReplyRequest) and adapter is not None else None
    if held is not None and held.choice == request.model and sha256 in (None, held.adapter_sha256):
        return held
    if held is not None and held.choice == request.model:
        base = _without_adapter(held.model)
    else:
        reference = ModelReference(id=request.model.id, revision=request.model.revision)
        device = choose_device(settings.device)
        base = check_model(load_model(reference, settings.models_folder, device=device, four_bit=request.model.four_bit, on_progress=on_progress))
    if adapter is None:
        return Held(request.model, base, None)
    on_progress("loading the adapter", 1.0)
    return Held(request.model, load_adapter(base, adapter, sha256), sha256)


def _without_adapter(model: LoadedModel) -> LoadedModel:
    if not isinstance(model.network, PeftModel):
        return model
    return LoadedModel(**{**model.__dict__, "network": model.network.unload(), "adapters": {}})


def _checked_hash(folder: Path, recorded: str | None) -> str:
    if not (folder / "adapter_model.safetensors").exists():
        raise AdapterError(f"The run's adapter is no longer at {folder}. Put the folder back, or train the version again.")
    found = adapter_hash(folder)
    if recorded not in (None, found):
        raise AdapterError(
            f"The adapter in {folder} is not the one that the run recorded: its sha256 begins with {found[:12]}, not with "
            f"{str(recorded)[:12]}. Put the right file back, or train the version again."
        )
    return found


def give_back() -> None:
    """Return memory that nothing refers to any more to the system and the GPU."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library without it keeps its pages
            ctypes.CDLL("libc.so.6").malloc_trim(0)


REMEDY = "Memory ran out, so the model was put away. Close other programs, wait for the run that uses the memory, or ask for shorter replies; then try again."
