"""The one model that the model host keeps in memory. Imports torch, so only the model host imports this."""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import torch

from app.host.protocol import ModelChoice
from app.processes.adapter_models import model_of_adapter
from app.processes.store import open_store
from app.settings import Settings
from core.engine.artifacts import load_artifact, require_recorded, without_artifacts
from core.engine.default_model import OnProgress
from core.engine.layouts import with_layouts_tried
from core.engine.models import LoadedModel, Placing, choose_device, load_model
from core.methods.arms import ARTIFACTS, Artifact
from core.methods.proxy.beside import Expert, require_mixable, with_experts
from core.settings import ModelReference


@dataclass(frozen=True)
class Held:
    """What is in memory."""

    choice: ModelChoice
    model: LoadedModel

    @property
    def on_gpu(self) -> bool:
        return self.model.device.type != "cpu"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What arms need besides the base."""

    on_it: Sequence[Artifact] = ()  # adapters of the base itself
    beside: Sequence[Artifact] = ()  # adapters that may be of another model, which is then held beside the base


NOTHING = Wanted()


def hold(held: Held | None, choice: ModelChoice, wanted: Wanted, settings: Settings, on_progress: OnProgress) -> Held:
    """A base with the artifacts that are wanted, made from what is in memory as far as that goes: a change of artifacts keeps the base.

    More may be on it than is wanted: what is not asked for stays off. What is held beside it goes when it is not asked for.

    Raises:
        AdapterError: An artifact is missing, or is not the one that the run recorded.
        ModelError: The base, or another model, cannot be fetched or loaded, or their vocabularies differ.
        OutOfMemoryError: There is no room for another model.
    """
    store = open_store(settings)
    with contextlib.ExitStack() as folders:
        both = {artifact: folders.enter_context(store.local(artifact.place)) for artifact in (*wanted.on_it, *wanted.beside)}
        for artifact, folder in both.items():
            require_recorded(folder, artifact)
        experts = [_expert(both[artifact], artifact.sha256, settings) for artifact in wanted.beside]
        there = held.model.beside if held is not None and held.choice == choice else {}
        fresh = [expert for expert in experts if expert.sha256 not in there]
        require_mixable(ModelReference(id=choice.id, revision=choice.revision), fresh, settings.models_folder, on_progress)
        model = _base(held, choice, {artifact.sha256 for artifact in wanted.on_it}, settings, on_progress)
        for artifact in wanted.on_it:
            if artifact.sha256 not in model.artifacts:
                on_progress(f"loading the {ARTIFACTS[artifact.kind]}", 1.0)
                model = load_artifact(model, both[artifact], artifact.sha256)
        return Held(choice, with_experts(model, experts, settings.models_folder, on_progress))


def _expert(folder: Path, sha256: str, settings: Settings) -> Expert:
    return Expert(model=model_of_adapter(folder, settings), adapter=folder, sha256=sha256)


def _base(held: Held | None, choice: ModelChoice, wanted: Set[str], settings: Settings, on_progress: OnProgress) -> LoadedModel:
    """The base, with what is on it when that is of use."""
    if held is not None and held.choice == choice:
        there = held.model.artifacts
        # Those that nobody asks for any more would fill the memory one by one.
        return held.model if wanted <= there or there <= wanted else without_artifacts(held.model)
    reference = ModelReference(id=choice.id, revision=choice.revision)
    device = choose_device(settings.device)
    return with_layouts_tried(load_model(reference, settings.models_folder, Placing(device=device, four_bit=choice.four_bit), on_progress))


def give_back() -> None:
    """Return memory that nothing refers to any more to the system and the GPU."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library without it keeps its pages
            ctypes.CDLL("libc.so.6").malloc_trim(0)


REMEDY = "Memory ran out, so the model was put away. Close other programs, wait for the run that uses the memory, or ask for shorter replies; then try again."
