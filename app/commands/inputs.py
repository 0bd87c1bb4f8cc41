"""What the commands are given: files, a model, an adapter with the run it comes from."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.commands.files import read_bytes
from app.commands.terminal import Printer
from app.present.readings import ignored_words
from app.processes.adapter_models import base_of, model_of_adapter
from app.settings import Settings
from core.constitution.principles import Constitution
from core.constitution.queries import Query, Split
from core.constitution.reading.query_files import read_query_file
from core.constitution.topics import off_topic, topic_of
from core.engine.adapters import adapter_hash
from core.engine.artifacts import artifact_in, load_artifact
from core.engine.layouts import with_layouts_tried
from core.engine.models import LoadedModel, Placing, choose_device, load_model
from core.errors import ConfigError, QueryError
from core.measure.values import NO_SIDE
from core.methods.arms import METHODS, Arm, Artifact, a_kind, arms_for, make_arm, needs_artifact
from core.methods.proxy.beside import Expert, require_mixable, with_experts
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig, config_from_data
from core.runs.run_queries import run_queries, scenario_notes, scenarios_say
from core.settings import ModelReference, SamplingConfig


def note_topic(constitution: Constitution, queries: Sequence[Query]) -> None:
    """Say on the terminal's other stream that the queries have little to do with the text, where that is so."""
    if note := off_topic(topic_of(constitution), [query.text for query in queries if query.split == "train"]):
        print(f"Note: {note}", file=sys.stderr)


def note_scenarios(constitution: Constitution, queries: Sequence[Query], config: TrainConfig) -> None:
    """Say there too how many scenarios are trained on and measured, and what is not used as it is marked."""
    drawn = run_queries(constitution, queries, config.seed)
    said = [f"Scenarios: {counts}." for counts in (scenarios_say(drawn, config),) if counts]
    for note in (*said, *scenario_notes(drawn, config)):
        print(f"Note: {note}", file=sys.stderr)


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
    """The base, held as in the run when there is one, with the adapter, or what else a run made, when one is named; or with the adapter's own model
    beside it, where the arm is such.
    """
    if (key := getattr(options, "arm", None)) in METHODS and METHODS[key].elsewhere:
        return _load_beside(options, settings)
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


def _load_beside(options: argparse.Namespace, settings: Settings) -> LoadedModel:
    """The model that is decoded, and what the adapter was trained on; their vocabularies are compared before either is loaded."""
    report, folder = Printer().fetching, options.adapter
    reference = ModelReference(id=options.model or settings.model)
    trained_on = ModelReference(id=options.adapter_model) if options.adapter_model else model_of_adapter(folder, settings)
    expert = Expert(model=trained_on, adapter=folder, sha256=adapter_hash(folder))
    told = require_mixable(reference, [expert], settings.models_folder, report)
    model = with_layouts_tried(load_model(reference, settings.models_folder, Placing(device=choose_device(options.device)), report))
    for notice in (*told, *model.notices):
        print(notice, file=sys.stderr)
    model = with_experts(model, [expert], settings.models_folder, report)
    for small in model.beside.values():
        print(f"{model.reference.id} is decoded; {small.reference.id} is held beside it, with the adapter and without it.", file=sys.stderr)
    return model


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
