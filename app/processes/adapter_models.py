"""Which model an adapter was trained on: its run's record says it, else the adapter itself."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.processes.store import IN_DATA, FolderStore
from app.settings import Settings
from core.engine.default_model import DEFAULT_HUB_ID, DEFAULT_MODEL
from core.engine.model_files import read_mapping
from core.errors import AdapterError, ConfigError, first_line
from core.methods.settings import config_from_data
from core.model_names import is_hub_id
from core.runs.records import PLAN
from core.settings import ModelReference

RUN_DEPTH = 3  # folders between an adapter and the data folder: runs/12/attempt-1/adapter


def read_run(adapter: Path | None) -> dict[str, Any] | None:
    """`run.json` beside an adapter folder, or None when the adapter comes without one."""
    path = adapter.resolve().parent / "run.json" if adapter is not None else None
    if path is None or not path.exists():
        return None
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        config_from_data(run["config"])
        _require_texts(ModelReference(**run["model"]).id, *run["queries"]["train"], *run["queries"]["held_out"])
    except (ValueError, LookupError, TypeError, RecursionError, ConfigError) as error:
        raise AdapterError(f"{path} is no record of a run that can be read ({first_line(error)}). Move it away to use the adapter without it.") from error
    return run


def _require_texts(*values: object) -> None:
    if odd := [value for value in values if not isinstance(value, str)]:
        raise TypeError(f"{odd[0]!r} stands where a text should be")


def model_of_adapter(adapter: Path, settings: Settings) -> ModelReference:
    """The model that an adapter was trained on.

    Args:
        adapter: Its folder.
        settings: Of the studio, for the models that lie in its data folder.

    Raises:
        AdapterError: Neither a record nor the adapter says so, or the folder of that name is not where it was.
        ModelError: The adapter's own file cannot be read.
    """
    run = read_run(adapter)
    if run is not None:
        return base_of(run, adapter, settings)
    said = read_mapping(adapter / "adapter_config.json")
    named, revision = str(said.get("base_model_name_or_path") or ""), said.get("revision")
    if named in (DEFAULT_MODEL, DEFAULT_HUB_ID):
        return ModelReference(id=DEFAULT_MODEL)
    if (Path(named) / "config.json").is_file():
        return ModelReference(id=named)
    if not is_hub_id(named):
        raise AdapterError(
            f"The adapter in {adapter} comes without the record of its run, and says {named!r} of the model that it was trained on, which is no model's name. "
            "Name that model with --adapter-model."
        )
    return ModelReference(id=named, revision=revision if isinstance(revision, str) else None)


def base_of(run: dict[str, Any], adapter: Path | None, settings: Settings) -> ModelReference:
    """The model that a run's record names. A run of a studio names one of its data folder by its place there: the folder that the run lies in,
    or the one of these settings. Of a folder elsewhere it has the name alone, and the run's own folder knows where that lies.

    Raises:
        AdapterError: The folder of that name is not where it was.
    """
    kept = ModelReference(**run["model"])
    if kept.revision is None and "/" not in kept.id and not kept.id.startswith(IN_DATA):
        return replace(kept, id=_folder_named(kept.id, adapter))
    roots = [*(adapter.resolve().parents[RUN_DEPTH : RUN_DEPTH + 1] if adapter is not None else ()), settings.data]
    named = [FolderStore(root).model_of_row(kept.id) for root in roots]
    return replace(kept, id=next((name for name in named if Path(name).is_dir()), named[-1]))


def _folder_named(name: str, adapter: Path | None) -> str:
    """Where the folder lies that a run was begun with."""
    try:
        place = json.loads((adapter.resolve().parent / PLAN).read_text(encoding="utf-8"))["model"] if adapter is not None else ""
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        place = ""
    if isinstance(place, str) and Path(place).name == name and Path(place).is_dir():
        return place
    raise AdapterError(f"This adapter was trained on the folder “{name}”, and it is not known where that lies now. Name it with --model.")
