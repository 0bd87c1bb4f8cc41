"""The model that an adapter was trained on, held beside the one that is decoded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.engine.adapters import load_adapter
from core.engine.batching import PROMPTS_SCORED, RESPONSES_SCORED, STEADY_ROWS
from core.engine.default_model import OnProgress
from core.engine.hardware import free_bytes
from core.engine.layouts import with_layouts_tried
from core.engine.model_files import read_mapping
from core.engine.models import LoadedModel, Placing, load_model, locate
from core.engine.vocabularies import require_one_vocabulary
from core.errors import ConfigError, OutOfMemoryError
from core.machine import FIT_SHARE, ModelShape, logit_bytes, model_shape_from_config
from core.settings import ModelReference

PASSES = 2  # of the small model for each token: with its adapter and without it
TOKENS = 1024  # of a prompt with its reply, that memory is counted for
SCORED_TOKENS = 64  # of each reply that is scored


@dataclass(frozen=True, kw_only=True)
class Expert:
    """An adapter and the model that it was trained on."""

    model: ModelReference
    adapter: Path
    sha256: str  # of the adapter


def same_model(one: ModelReference, other: ModelReference) -> bool:
    """Whether two references mean the same weights; one without a revision means the newest, so that any of that name is taken."""
    if Path(one.id).is_dir() or Path(other.id).is_dir():
        return Path(one.id).resolve() == Path(other.id).resolve()
    return one.id == other.id and (one.revision is None or other.revision is None or one.revision == other.revision)


def require_mixable(model: ModelReference, experts: Sequence[Expert], models: Path, on_progress: OnProgress) -> list[str]:
    """Compare vocabularies before any weights are loaded.

    Returns:
        What people should know; nothing where the experts' model is the one that is decoded.

    Raises:
        ModelError: Two vocabularies differ, or a model cannot be found.
    """
    others = dict.fromkeys(expert.model for expert in experts if not same_model(model, expert.model))
    return [notice for other in others for notice in require_one_vocabulary(model, other, models, on_progress)]


def with_experts(model: LoadedModel, experts: Sequence[Expert], models: Path, on_progress: OnProgress = lambda _w, _s: None) -> LoadedModel:
    """The model with every expert at hand: an adapter of its own is put on it, others come with their model, once for all of its adapters.

    Args:
        model: That is decoded. What it has beside it already is kept where it is wanted, and given up otherwise.
        experts: Wanted, each found mixable.
        models: Folder for the converted default model.
        on_progress: Told what is being fetched and loaded, and the share done.

    Raises:
        OutOfMemoryError: There is no room for another model.
        AdapterError, ModelError: As `load_adapter`, `load_model`.
    """
    held = {sha256: small for sha256, small in model.beside.items() if sha256 in {expert.sha256 for expert in experts}}
    loaded = {small.reference.id: small for small in model.beside.values()}
    model = replace(model, beside={})
    for expert in experts:
        if expert.sha256 in model.adapters or expert.sha256 in held:
            continue
        if same_model(model.reference, expert.model):
            model = load_adapter(model, expert.adapter, expert.sha256)
            continue
        known = next((small for small in loaded.values() if same_model(small.reference, expert.model)), None)
        small = load_adapter(known or _loaded(model, expert.model, models, on_progress), expert.adapter, expert.sha256)
        loaded[small.reference.id] = held[expert.sha256] = small
    return replace(model, beside=held)


def _loaded(model: LoadedModel, reference: ModelReference, models: Path, on_progress: OnProgress) -> LoadedModel:
    """Another model on the device of the first, in the same type."""
    folder, pinned = locate(reference, models, on_progress)
    try:
        needed = beside_bytes(model_shape_from_config(read_mapping(folder / "config.json")), model.dtype.itemsize)
    except ConfigError:  # of a kind that cannot be counted: then it is tried
        needed = 0
    free = free_bytes(model.device)
    if needed > FIT_SHARE * free:
        raise OutOfMemoryError(
            f"{pinned.id} needs about {needed / 1e9:.1f} GB beside {model.reference.id}, and {free / 1e9:.1f} GB are free. "
            "Close other programs, or choose a smaller model."
        )
    return with_layouts_tried(load_model(reference, models, Placing(device=model.device, dtype=model.dtype), on_progress))


def beside_bytes(shape: ModelShape, bytes_per_value: int) -> int:
    """About how much memory another model takes beside the one that is decoded: its weights, and of both its passes cache and logits."""
    cache = STEADY_ROWS * TOKENS * shape.layers * 2 * shape.kv_width * bytes_per_value
    scored = logit_bytes(PROMPTS_SCORED * RESPONSES_SCORED * SCORED_TOKENS, shape.vocabulary, copies=1)
    return round(shape.parameters * bytes_per_value + PASSES * (cache + scored))
