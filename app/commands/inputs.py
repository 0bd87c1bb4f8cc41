"""What the commands are given: files, a model, an adapter with the run it comes from."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.commands.files import read_bytes
from app.commands.terminal import Printer
from app.present.readings import ignored_words
from app.processes.store import IN_DATA, FolderStore
from app.settings import Settings
from core.constitution.principles import Constitution
from core.constitution.queries import Query, Split
from core.constitution.reading.query_files import read_query_file
from core.constitution.topics import off_topic
from core.engine.artifacts import artifact_in, load_artifact
from core.engine.layouts import with_layouts_tried
from core.engine.models import LoadedModel, Placing, choose_device, load_model
from core.errors import AdapterError, ConfigError, QueryError, first_line
from core.measure.values import NO_SIDE
from core.methods.arms import METHODS, Arm, Artifact, a_kind, arms_for, make_arm, needs_artifact
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig, config_from_data
from core.runs.records import PLAN
from core.runs.run_queries import run_queries, scenario_notes, scenarios_say
from core.settings import ModelReference, SamplingConfig

RUN_DEPTH = 3  # folders between an adapter and the data folder: runs/12/attempt-1/adapter


def note_topic(constitution: Constitution, queries: Sequence[Query]) -> None:
    """Say on the terminal's other stream that the queries have little to do with the text, where that is so."""
    if note := off_topic(constitution, [query.text for query in queries if query.split == "train"]):
        print(f"Note: {note}", file=sys.stderr)


def note_scenarios(constitution: Constitution, queries: Sequence[Query], config: TrainConfig) -> None:
    """Say there too how many scenarios are trained on and measured, and what is not used as it is marked."""
    drawn = run_queries(constitution, queries, config.seed)
    said = [f"Scenarios: {counts}." for counts in (scenarios_say(drawn, config),) if counts]
    for note in (*said, *scenario_notes(drawn, config)):
        print(f"Note: {note}", file=sys.stderr)


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


def place_of(model: str) -> str | None:
    """The whole path of a model folder, whatever folder one works in; None for a name.

    Raises:
        ConfigError: The path cannot be written down.
    """
    try:
        folder = Path(model).expanduser()
    except RuntimeError:  # ~ and a name that nobody here has
        return None
    if not (folder / "config.json").is_file():
        return None
    place = str(folder.resolve())
    try:
        place.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"The path of the model is {place!a}, which cannot be written down as text. Rename the folder.") from error
    return place


def chosen_seed(options: argparse.Namespace, run: dict[str, Any] | None) -> int:
    if options.seed is not None:
        return int(options.seed)
    return int(run["config"]["seed"]) if run is not None else 0


def chosen_sampling(options: argparse.Namespace, run: dict[str, Any] | None) -> tuple[SamplingConfig, int]:
    values = dict(run["config"]["sampling"]) if run is not None else {}
    for name in ("max_new_tokens", "temperature"):
        if getattr(options, name, None) is not None:
            values[name] = getattr(options, name)
    return SamplingConfig(**values), chosen_seed(options, run)


def chosen_arm(options: argparse.Namespace, run: dict[str, Any] | None) -> Arm:
    """The arm that is named, with its settings; with none named, base or adapter, with the constitution unless its side is NO_SIDE.

    Raises:
        ConfigError: No such arm or setting, a setting outside its range, or an arm that does not go with the other options.
        AdapterError: The folder holds nothing that a run made.
    """
    folder, side = options.adapter, getattr(options, "side", "statement")
    artifact = artifact_in(folder) if folder is not None else None
    recipe = config_from_data(run["config"]).method if run is not None else _recipe_of(artifact)
    key = options.arm
    if key is None:
        offered = arms_for(recipe if artifact is not None else None, artifact)
        key = next(arm.method for arm in offered if needs_artifact(arm) == (artifact is not None) and arm.in_prompt == (side != NO_SIDE))
    arm = make_arm(key, settings=dict(_read_setting(assignment) for assignment in options.set))
    if arm.in_prompt and side == NO_SIDE:
        raise ConfigError(f"The arm {key} has the constitution in its prompt, so --as none does not go with it. Leave one of them out.")
    kind = METHODS[key].artifact
    if kind is None:
        return arm
    if artifact is None:
        raise ConfigError(f"The arm {key} needs {a_kind(kind)}. Add --adapter DIR, the `{kind}` folder of a run.")
    if artifact.kind != kind:
        raise ConfigError(f"The arm {key} needs {a_kind(kind)}, and in {folder} lies {a_kind(artifact.kind)}. Choose another arm or folder.")
    if run is not None and METHODS[key].recipe not in (None, recipe):
        raise ConfigError(f"The {kind} in {folder} was made with {recipe}, so it is none for the arm {key}. Choose another arm or {kind}.")
    return replace(arm, artifact=artifact)


def _recipe_of(artifact: Artifact | None) -> str:
    """Which method is taken to have made what comes without a record."""
    default = TrainConfig().method
    return default if artifact is None else next((key for key in (default, *RECIPES) if RECIPES[key].artifact == artifact.kind), default)


def _read_setting(assignment: str) -> tuple[str, float]:
    """`strength=0.5` as typed."""
    name, _, text = assignment.partition("=")
    try:
        return name.strip(), float(text)
    except ValueError as error:
        raise ConfigError(f"{name.strip()} must be a number, got {text!r}. Write it as NAME=VALUE.") from error


def load(options: argparse.Namespace, settings: Settings, run: dict[str, Any] | None, *, four_bit: bool = False) -> LoadedModel:
    """The base, held as in the run when there is one, with the adapter, or what else a run made, when one is named."""
    if run is not None:
        four_bit = config_from_data(run["config"]).four_bit
    device, report = choose_device(options.device), Printer().fetching
    adapter = getattr(options, "adapter", None)
    reference = ModelReference(id=options.model or settings.model)
    if options.model is None and run is not None:
        reference = base_of(run, adapter, settings)
    model = with_layouts_tried(load_model(reference, settings.models_folder, Placing(device=device, four_bit=four_bit), report))
    for notice in model.notices:
        print(notice, file=sys.stderr)
    return load_artifact(model, adapter) if adapter is not None else model


def open_settings(options: argparse.Namespace) -> Settings:
    settings = Settings.from_environment(os.environ, data=getattr(options, "data", None))
    settings.models_folder.mkdir(parents=True, exist_ok=True)
    return settings


def read_queries(options: argparse.Namespace, unmarked: Split | None = None) -> list[Query]:
    """The queries of `--queries`; what was understood of the file is told on stderr."""
    path: Path = options.queries
    try:
        reading = read_query_file(read_bytes(path), path.name, unmarked, options.query_field)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise QueryError(f"There is no query file {path}. Check the path.") from error
    if told := [*reading.notes, *ignored_words(reading.ignored)]:
        print(f"{path.name}: {'; '.join(told)}.", file=sys.stderr)
    return list(reading.queries)
