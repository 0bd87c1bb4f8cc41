"""What can be trained, and what a choice would mean, before anyone clicks Train."""

import platform
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

import db.constitutions as constitution_store
import db.runs as run_store
from app.services.base_models import BaseModel, look_up
from app.services.query_sets import FEWEST, QuerySetView, list_query_sets
from app.services.studio import Studio, in_words
from core.constitution.findings import require_valid
from core.constitution.principles import Constitution, from_data
from core.engine.default_model import DEFAULT_MODEL
from core.engine.quantisation import missing
from core.errors import ConfigError, QueryError
from core.machine import FIT_SHARE, Hardware, ModelShape, hardware_from_data
from core.methods.settings import PRESETS, TrainConfig, config_from_data, config_to_data, preset, with_settings
from core.runs.estimates import Estimate, constitution_tokens, estimate
from core.runs.iterations import FEWEST_PROBE_QUERIES, left_to_probe, probe_note
from db.tables import Constitution as ConstitutionRow
from db.tables import Run, Version

EXPOSED = (  # settings the page offers besides the preset: name, what it is, kind of value
    ("iterations", "Iterations of SAMI", "int"),
    ("passes", "Passes over the train queries", "int"),
    ("train_queries", "Train queries (of the first iteration)", "int"),
    ("held_out_queries", "Held-out queries measured", "int"),
    ("learning_rate", "Learning rate", "float"),
    ("kl_weight", "KL weight (0 = SAMI as published)", "float"),
    ("max_kl_nats", "Distance from the base at which training ends, nats (0 = never)", "float"),
    ("probe_every", "Steps between probes: replies to queries not trained on (0 = never)", "int"),
    ("probe_queries", "Queries of a probe", "int"),
    ("patience", "Probes without a higher bound after which training ends (0 = never)", "int"),
    ("max_repetition_rise", "Rise of repetition over the base’s at which training ends, as a share (0 = never)", "float"),
    ("n_constitutions", "Constitutions a contrast", "int"),
    ("lora_rank", "LoRA rank", "int"),
    ("sampling.max_new_tokens", "Longest reply, in tokens", "int"),
    ("sampling.temperature", "Sampling temperature", "float"),
    ("four_bit", "Base in 4 bits, which needs bitsandbytes (true or false)", "bool"),
    ("activation_checkpointing", "Compute activations again in the backward pass (auto, on or off)", "text"),
    ("train_anyway", "Train even where the base shows no link (true or false)", "bool"),
)
DISK_FACTOR = 3  # weights as fetched, as kept in the cache, and as converted


@dataclass(frozen=True, kw_only=True)
class VersionChoice:
    """A version that can be trained on."""

    id: int
    constitution_id: int
    constitution: str
    number: int
    message: str


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the form offers."""

    versions: tuple[VersionChoice, ...]
    models: tuple[str, ...]
    query_sets: tuple[QuerySetView, ...]


@dataclass(frozen=True, kw_only=True)
class TrainForm:
    """What a person chose."""

    version_id: int
    query_set_id: int
    model: str
    preset: str = "quick"
    seed: int = 0
    changes: tuple[str, ...] = ()  # `name=value` for settings that differ from the preset


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A form that was checked: everything it names exists."""

    form: TrainForm
    config: TrainConfig
    model: BaseModel
    constitution: Constitution
    version_number: int
    query_set: QuerySetView


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a run would be, shown before it is asked for."""

    plan: Plan
    hardware: Hardware | None  # None: not measured yet
    estimate: Estimate | None  # None: hardware or model are not known
    preset_minutes: dict[str, float]  # for each preset where an estimate can be made
    command: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def form_of(run: Run) -> TrainForm:
    """The form that would ask for the same run again.

    Raises:
        ConfigError: Another version of the studio wrote its settings.
    """
    config = config_from_data(run.config)
    name = config.preset if config.preset in PRESETS else next(iter(PRESETS))
    before, after = _flat(preset(name, seed=config.seed)), _flat(config)
    changes = tuple(f"{setting}={value}" for setting, value in after.items() if before[setting] != value and setting != "preset")
    return TrainForm(version_id=run.version_id, query_set_id=run.query_set_id, model=run.model, preset=name, seed=config.seed, changes=changes)


def choices(studio: Studio) -> Choices:
    """Versions of constitutions in use, newest first; known models; query sets."""
    with studio.sessions.read() as session:
        versions = tuple(_versions(session))
        used = list(session.scalars(select(Run.model).group_by(Run.model).order_by(Run.model)))
    models = dict.fromkeys((studio.settings.model, DEFAULT_MODEL, *used))
    return Choices(versions=versions, models=tuple(models), query_sets=tuple(list_query_sets(studio)))


def _versions(session: Session) -> list[VersionChoice]:
    query = (
        select(Version.id, Version.constitution_id, ConstitutionRow.name.label("constitution"), Version.number, Version.message)
        .join(ConstitutionRow, ConstitutionRow.id == Version.constitution_id)
        .where(ConstitutionRow.archived_at.is_(None))
        .order_by(Version.id.desc())
    )
    return [VersionChoice(**row) for row in session.execute(query).mappings()]


def make_plan(studio: Studio, form: TrainForm) -> Plan:
    """Check a form.

    Raises:
        StudioError: Something in it cannot be used; the message says what and why.
    """
    for change in form.changes:
        _require_plain(change)
    config = with_settings(preset(form.preset, seed=form.seed), form.changes)
    with in_words(), studio.sessions.read() as session:
        version = constitution_store.get_version_by_id(session, form.version_id)
        constitution, number = from_data(version.content), version.number
    require_valid(constitution)
    query_set = next((view for view in list_query_sets(studio) if view.id == form.query_set_id), None)
    if query_set is None:
        raise QueryError("This query set is not there any more. Choose another one.")
    for found, word in ((query_set.train, "train"), (query_set.held_out, "held-out")):
        if found < FEWEST:
            raise QueryError(f"“{query_set.name}” has {found} {word} queries; at least {FEWEST} are needed. Choose another query set.")
    return Plan(form=form, config=config, model=look_up(form.model), constitution=constitution, version_number=number, query_set=query_set)


def _require_plain(change: str) -> None:
    """Refuse what Python reads as a number but no setting can be: infinity, and integers of a thousand digits."""
    name, _, text = change.partition("=")
    if any(kind in ("bool", "text") for exposed, _, kind in EXPOSED if exposed == name):
        return  # one of a few words, which the setting itself checks
    if not re.fullmatch(r"[-+0-9.eE_ ]{1,20}", text):
        raise ConfigError(f"{name} must be a number, got {text[:40]!r}.")


def preview(studio: Studio, form: TrainForm) -> Preview:
    """Time, memory, command line and warnings for a form.

    Raises:
        StudioError: As `make_plan`.
    """
    plan = make_plan(studio, form)
    hardware = known_hardware(studio)
    shape = plan.model.shape
    made = estimate_of(plan, plan.config, shape, hardware)
    each = {name: estimate_of(plan, config, shape, hardware) for name, config in PRESETS.items()}
    return Preview(
        plan=plan,
        hardware=hardware,
        estimate=made,
        preset_minutes={name: one.total_s / 60 for name, one in each.items() if one is not None},
        command=command_line(plan),
        warnings=tuple(_warnings(studio, plan, hardware, made)),
        notes=tuple(_notes(plan, made)),
    )


def known_hardware(studio: Studio) -> Hardware | None:
    """What the trainer measured on this machine."""
    with studio.sessions.read() as session:
        row = run_store.get_machine(session, platform.node())
        return hardware_from_data(row.hardware) if row is not None else None


def estimate_of(plan: Plan, config: TrainConfig, shape: ModelShape | None, hardware: Hardware | None) -> Estimate | None:
    """The estimate for what the query set can really give."""
    if shape is None or hardware is None:
        return None
    held_out = min(config.held_out_queries, plan.query_set.held_out)
    drawn = replace(config, train_queries=min(config.train_queries, plan.query_set.train), held_out_queries=held_out)
    left = left_to_probe(plan.query_set.train, config)
    drawn = replace(drawn, probe_every=0) if left < FEWEST_PROBE_QUERIES else replace(drawn, probe_queries=min(config.probe_queries, left))
    return estimate(drawn, shape, hardware, plan.constitution)


def command_line(plan: Plan) -> str:
    """The same training from a terminal, quoted for a POSIX shell."""
    stem = file_stem(plan.constitution.name)
    words = ["python", "-m", "app", "train", "--constitution", f"{stem}-v{plan.version_number}.yaml"]
    words += ["--queries", f"{file_stem(plan.query_set.name.rsplit('.', 1)[0])}.jsonl", "--model", plan.model.id]
    words += ["--preset", plan.form.preset, "--seed", str(plan.form.seed)]
    for change in _changed(plan):
        words += ["--set", change]
    return shlex.join([*words, "--out", f"{stem}-v{plan.version_number}-{plan.form.preset}"])


def _changed(plan: Plan) -> list[str]:
    """Settings that differ from the preset, as `name=value`."""
    before, after = (_flat(config) for config in (preset(plan.form.preset, seed=plan.form.seed), plan.config))
    return [f"{name}={value}" for name, value in after.items() if before[name] != value]


def _flat(config: TrainConfig) -> dict[str, object]:
    data = config_to_data(config)
    sampling = data.pop("sampling")
    return data | {f"sampling.{name}": value for name, value in sampling.items()}


def preset_values(name: str) -> dict[str, object]:
    """The exposed settings as a preset has them."""
    flat = _flat(PRESETS[name])
    return {setting: flat[setting] for setting, _, _ in EXPOSED}


def file_stem(name: str) -> str:
    """A name for a file: letters, digits and hyphens."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")[:60] or "untitled"


def _warnings(studio: Studio, plan: Plan, hardware: Hardware | None, made: Estimate | None) -> Sequence[str]:
    shape = plan.model.shape
    found = [problem] if plan.config.four_bit and (problem := missing()) is not None else []
    if shape is not None:
        tokens = constitution_tokens(plan.constitution)
        if tokens + plan.config.sampling.max_new_tokens > shape.context_tokens:
            found.append(
                f"The constitution has about {tokens:,} tokens, but {plan.model.id} reads at most {shape.context_tokens:,} with the query and the "
                "reply. Shorten it, or choose a model with a longer context."
            )
    if hardware is not None and made is not None and made.memory_bytes > FIT_SHARE * hardware.usable_bytes:
        found.append(
            f"It needs about {made.memory_bytes / 1e9:.1f} GB of memory, and {hardware.usable_bytes / 1e9:.1f} GB were free when this machine was "
            "measured. Choose a smaller model or shorter replies."
        )
    weights = shape.bytes if shape is not None and plan.model.id != DEFAULT_MODEL else 0
    needed = DISK_FACTOR * weights + (made.disk_bytes if made is not None else 0)
    free = shutil.disk_usage(studio.settings.data).free
    if needed > free:
        found.append(f"It may need {needed / 1e9:.1f} GB of disk, and {free / 1e9:.1f} GB are free. Free some space first.")
    return found


def _notes(plan: Plan, made: Estimate | None) -> Sequence[str]:
    notes = [plan.model.notice] if plan.model.notice else []
    for wanted, found, word in (
        (plan.config.train_queries, plan.query_set.train, "train"),
        (plan.config.held_out_queries, plan.query_set.held_out, "held-out"),
    ):
        if found < wanted:
            notes.append(f"The query set has {found} {word} queries where {wanted} are asked for, so all {found} are used.")
    half, last = plan.query_set.train // 2, plan.config.iterations * plan.config.train_queries
    if plan.config.iterations > 1 and half < last:
        notes.append(f"Iteration {plan.config.iterations} asks for {last} train queries, and half of the set has {half}, so those are used.")
    notes += filter(None, [probe_note(left_to_probe(plan.query_set.train, plan.config), plan.config)])
    if not any(principle.check for principle in plan.constitution.principles):
        notes.append("No principle has a check, so whether replies follow them will not be measured: only whether they can be told apart.")
    return [*notes, *(made.notes if made is not None else ())]
