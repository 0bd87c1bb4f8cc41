"""What can be trained, and what a choice would mean, before anyone clicks Train."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import db.constitutions as constitution_store
import db.runs as run_store
from app.processes.made_checks import Wanted, made_check
from app.services.base_models import BaseModel, look_up
from app.services.exposed import preset_of
from app.services.plan_demands import require_plain, require_room
from app.services.query_sets import FEWEST, QuerySetView, list_query_sets
from app.services.run_scenarios import scenarios_with
from app.services.stored import problem_of, queries_of, require_constitution
from app.services.studio import Studio, in_words
from app.services.text_files import file_stem
from app.services.topics import topic_note
from core.constitution.findings import require_valid
from core.constitution.meant import tells_nothing
from core.constitution.principles import Constitution
from core.engine.default_model import DEFAULT_MODEL
from core.engine.quantisation import REMEDY
from core.errors import QueryError
from core.machine import FIT_SHARE, Hardware, ModelShape, hardware_from_data
from core.measure.statistics import MOST_SEEDS
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import TrainConfig, config_from_data, flat_settings, preset, presets_of, with_settings
from core.runs.demands import require_stances, require_train_queries
from core.runs.estimates import Estimate, constitution_tokens, estimate
from core.runs.iterations import FEWEST_PROBE_QUERIES, Amount, amount_of, left_to_probe, part_of, probe_note
from core.runs.run_queries import RunQueries, scenario_notes
from core.settings import require_in_range
from db.conflict_table import Conflict
from db.machines import serving_machine
from db.mark_tables import Check
from db.query_sets import get_query_set
from db.runs import VersionToTrain
from db.session import clock
from db.tables import Run

VERSIONS_OFFERED = 10  # of one constitution; an older one is offered where an address names it
MOST_SEED = 2**31 - 1  # that a form can hold
CHECKED = "The check that was just made is used, so this run does not ask the base again."
DISK_FACTOR = 3  # weights as fetched, as kept in the cache, and as converted


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the form offers."""

    versions: tuple[VersionToTrain, ...]
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
    seeds: int = 1  # as many runs, with this seed and those that follow it
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
    scenarios: RunQueries | None  # what is drawn from where the constitution has scenarios; None: the set

    @property
    def train(self) -> int:
        """Train queries that there are."""
        return self.scenarios.train if self.scenarios is not None else self.query_set.train

    @property
    def configs(self) -> tuple[TrainConfig, ...]:
        """Of each run, in the order in which they are trained."""
        return tuple(replace(self.config, seed=self.config.seed + i) for i in range(self.form.seeds))

    @property
    def amount(self) -> Amount:
        """What one run does with what the query set has."""
        return self.amount_of(self.config)

    def amount_of(self, config: TrainConfig) -> Amount:
        """What a run with other settings would do with the same queries."""
        return amount_of(config, self.train, self.query_set.held_out)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a run would be, shown before it is asked for."""

    plan: Plan
    hardware: Hardware | None  # None: not measured yet
    estimate: Estimate | None  # of one run; None: hardware or model are not known
    preset_minutes: dict[str, float]  # of all runs together, for each preset where an estimate can be made
    command: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def form_of(studio: Studio, run: Run | Check | Conflict) -> TrainForm:
    """The form that would ask for the same run, check or conflict again.

    Raises:
        ConfigError: Another version of the studio wrote its settings.
    """
    config = config_from_data(run.config)
    name = preset_of(config.preset)
    changes = tuple(change for change in _changes(config, name) if not change.startswith("preset="))
    model = studio.store.model_of_row(run.model)
    return TrainForm(version_id=run.version_id, query_set_id=run.query_set_id, model=model, preset=name, seed=config.seed, changes=changes)


def _changes(config: TrainConfig, name: str) -> list[str]:
    """What makes a config of a preset, as `name=value`: its method, and the settings that differ from the preset of that method."""
    before, after = flat_settings(preset(name, method=config.method, seed=config.seed)), flat_settings(config)
    own = [] if config.method == PROPOSED_RECIPE else [f"method={config.method}"]
    return own + [f"{setting}={value}" for setting, value in after.items() if before[setting] != value]


def choices(studio: Studio, also: int | None = None) -> Choices:
    """The newest versions of constitutions in use (and `also` that one), each with what keeps it from being read; known models; query sets."""
    with in_words(), studio.sessions.read() as session:
        versions, used = run_store.versions_to_train(session, VERSIONS_OFFERED, also), run_store.trained_models(session)
        stored = constitution_store.stored_versions(session, [version.id for version in versions])
    problems = {version.id: problem_of(version) for version in stored}
    models = dict.fromkeys((studio.settings.model, DEFAULT_MODEL, *map(studio.store.model_of_row, used)))
    marked = tuple(replace(version, problem=problems[version.id]) for version in versions)
    return Choices(versions=marked, models=tuple(models), query_sets=tuple(list_query_sets(studio)))


def own_version(versions: Sequence[VersionToTrain], editor: str) -> int | None:
    """The version that a page opens with where its address names none: the newest of one's own, else of a starter, never another person's."""
    readable = [version for version in versions if not version.problem]
    own = next((version.id for version in readable if version.author == editor), None)
    return own if own is not None else next((version.id for version in readable if version.starter), None)


def make_plan(studio: Studio, form: TrainForm, wording: Constitution | None = None) -> Plan:
    """Check a form; a wording takes the place of what its version says.

    Raises:
        StudioError: Something in it cannot be used; the message says what and why.
    """
    for change in form.changes:
        require_plain(change)
    config = with_settings(preset(form.preset, method=PROPOSED_RECIPE, seed=form.seed), form.changes)
    _require_seeds(form)
    with in_words(), studio.sessions.read() as session:
        version = constitution_store.get_version_by_id(session, form.version_id)
        constitution, number = wording or require_constitution(version), version.number
    require_valid(constitution)
    query_set = next((view for view in list_query_sets(studio) if view.id == form.query_set_id), None)
    if query_set is None:
        raise QueryError("This query set is not there any more. Choose another one.")
    scenarios = scenarios_with(studio, constitution, query_set.id, config.seed)
    n_train = scenarios.train if scenarios is not None else query_set.train
    for found, word in ((n_train, "train"), (query_set.held_out, "held-out")):
        if found < FEWEST:
            raise QueryError(f"“{query_set.name}” has {found} {word} queries; at least {FEWEST} are needed. Choose another query set.")
    require_stances(len(constitution.principles), config)
    require_train_queries(n_train, config)
    model = look_up(form.model, studio.launcher.local)
    require_room(config, model)
    return Plan(form=form, config=config, model=model, constitution=constitution, version_number=number, query_set=query_set, scenarios=scenarios)


def _require_seeds(form: TrainForm) -> None:
    require_in_range(1 <= form.seeds <= MOST_SEEDS, "seeds", form.seeds, f"between 1 and {MOST_SEEDS}")
    most = MOST_SEED - form.seeds + 1
    require_in_range(form.seeds == 1 or form.seed <= most, "seed", form.seed, f"at most {most:,} where {form.seeds} seeds are asked for")


def preview(studio: Studio, form: TrainForm, wording: Constitution | None = None) -> Preview:
    """Time, memory, command line and warnings for a form; a wording as for `make_plan`.

    Raises:
        StudioError: As `make_plan`.
    """
    plan = make_plan(studio, form, wording)
    hardware = known_hardware(studio)
    shape = plan.model.shape
    checked = _is_checked(studio, plan)
    made = estimate_of(plan, plan.config, shape, hardware, checked=checked)
    each = {name: estimate_of(plan, config, shape, hardware) for name, config in presets_of(plan.config.method).items()}
    return Preview(
        plan=plan,
        hardware=hardware,
        estimate=made,
        preset_minutes={name: form.seeds * one.total_s / 60 for name, one in each.items() if one is not None},
        command=command_line(plan),
        warnings=tuple(_warnings(studio, plan, hardware, made)),
        notes=(*([CHECKED] if checked else []), *filter(None, [topic_note(studio, plan.constitution, plan.query_set.id)]), *_notes(plan, made)),
    )


def known_hardware(studio: Studio) -> Hardware | None:
    """What was measured where the next run will be done: the place that a trainer served last."""
    with in_words(), studio.sessions.read() as session:
        row = serving_machine(session)
        return hardware_from_data(row.hardware) if row is not None else None


def _is_checked(studio: Studio, plan: Plan) -> bool:
    """Whether a check was just made that asked what the first run would ask; every further seed draws, and asks, anew."""
    form = plan.form
    with in_words(), studio.sessions.read() as session:
        rows = get_query_set(session, form.query_set_id)
        wanted = Wanted(
            version_id=form.version_id,
            query_set_id=form.query_set_id,
            model=studio.store.model_in_row(plan.model.id),
            constitution=plan.constitution,
            queries=queries_of(rows),
            config=plan.config,
        )
        return form.seeds == 1 and made_check(session, wanted, clock(session)) is not None


def estimate_of(plan: Plan, config: TrainConfig, shape: ModelShape | None, hardware: Hardware | None, *, checked: bool = False) -> Estimate | None:
    """The estimate for what the query set can really give; `checked`: the base need not be asked again."""
    if shape is None or hardware is None:
        return None
    held_out = min(config.held_out_queries, plan.query_set.held_out)
    drawn = replace(config, train_queries=min(config.train_queries, plan.train), held_out_queries=held_out)
    left = left_to_probe(plan.train, config)
    drawn = replace(drawn, probe_every=0) if left < FEWEST_PROBE_QUERIES else replace(drawn, probe_queries=min(config.probe_queries, left))
    return estimate(drawn, shape, hardware, plan.constitution, checked=checked)


def command_line(plan: Plan) -> str:
    """The same training from a terminal, quoted for a POSIX shell."""
    stem = file_stem(plan.constitution.name)
    words = ["python", "-m", "app", "train", "--constitution", f"{stem}-v{plan.version_number}.yaml"]
    words += ["--queries", f"{file_stem(plan.query_set.name.rsplit('.', 1)[0])}.jsonl", "--model", plan.model.id]
    words += ["--preset", plan.form.preset, "--seed", str(plan.form.seed)]
    if plan.form.seeds > 1:
        words += ["--seeds", str(plan.form.seeds)]
    for change in _changes(plan.config, plan.form.preset):
        words += ["--set", change]
    return shlex.join([*words, "--out", f"{stem}-v{plan.version_number}-{plan.form.preset}"])


def _warnings(studio: Studio, plan: Plan, hardware: Hardware | None, made: Estimate | None) -> Sequence[str]:
    shape = plan.model.shape
    found = []
    if plan.config.four_bit and hardware is not None and hardware.four_bit is False:
        found.append(f"four_bit is true, but the package bitsandbytes is not installed on the machine that trains. {REMEDY}")
    if shape is not None:
        tokens = constitution_tokens(plan.constitution)
        if tokens + plan.config.sampling.max_new_tokens > shape.context_tokens:
            found.append(
                f"The constitution has about {tokens:,} tokens, but {plan.model.id} reads at most {shape.context_tokens:,} with the query and the "
                "reply. Shorten it, or choose a model with a longer context."
            )
    if hardware is not None and made is not None and made.memory_bytes > FIT_SHARE * hardware.usable_bytes:
        found.append(
            f"It needs about {made.memory_bytes / 1e9:.1f} GB of memory, and {hardware.usable_bytes / 1e9:.1f} GB were free when the machine that "
            "trains was measured. Choose a smaller model or shorter replies."
        )
    weights = shape.bytes if shape is not None and plan.model.id != DEFAULT_MODEL else 0
    needed = DISK_FACTOR * weights + (plan.form.seeds * made.disk_bytes if made is not None else 0)
    free = studio.store.free_bytes()
    if needed > free:
        found.append(f"It may need {needed / 1e9:.1f} GB of disk, and {free / 1e9:.1f} GB are free. Free some space first.")
    return found


def _notes(plan: Plan, made: Estimate | None) -> Sequence[str]:
    notes = [note for note in (plan.model.notice, *plan.config.notes) if note]
    for wanted, found, word in (
        (plan.config.train_queries, plan.train, "train"),
        (plan.config.held_out_queries, plan.query_set.held_out, "held-out"),
    ):
        if found < wanted:
            notes.append(f"The query set has {found} {word} queries where {wanted} are asked for, so all {found} are used.")
    turns = plan.config.iterations
    last, given = turns * plan.config.train_queries, len(part_of(range(plan.train), plan.config, turns))
    if turns > 1 and given < last:
        notes.append(f"Iteration {turns} asks for {last} train queries, and half of the set has {given}, so those are used.")
    notes += filter(None, [probe_note(left_to_probe(plan.train, plan.config), plan.config)])
    notes += scenario_notes(plan.scenarios, plan.config) if plan.scenarios is not None else ()
    if not any(principle.check for principle in plan.constitution.principles):
        notes.append("No principle has a check, so whether replies follow them is not judged until somebody marks replies, or a check is added.")
    notes += filter(None, [tells_nothing(p.title, p.check, plan.config.sampling.max_new_tokens) for p in plan.constitution.principles])
    return [*notes, *(made.notes if made is not None else ())]
