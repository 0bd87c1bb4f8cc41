"""What can be trained, and a choice of it as a plan in which everything exists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import db.constitutions as constitution_store
import db.runs as run_store
from app.services.base_models import BaseModel, look_up
from app.services.exposed import preset_of
from app.services.plan_demands import require_plain, require_room
from app.services.query_sets import FEWEST, QuerySetView, list_query_sets
from app.services.run_scenarios import scenarios_with
from app.services.stored import problem_of, require_constitution
from app.services.studio import Studio, in_words
from core.constitution.findings import require_valid
from core.constitution.principles import Constitution
from core.engine.default_model import DEFAULT_MODEL
from core.errors import QueryError
from core.machine import Hardware, hardware_from_data
from core.measure.statistics import MOST_SEEDS
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import TrainConfig, config_from_data, flat_settings, preset, with_settings
from core.runs.demands import counted, require_stances, require_train_queries
from core.runs.iterations import Amount, amount_of
from core.runs.run_queries import RunQueries
from core.settings import require_in_range
from db.conflict_table import Conflict
from db.machines import serving_machine
from db.mark_tables import Check
from db.runs import VersionToTrain
from db.tables import Run

VERSIONS_OFFERED = 10  # of one constitution; an older one is offered where an address names it
MOST_SEED = 2**31 - 1  # that a form can hold


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


def form_of(studio: Studio, run: Run | Check | Conflict) -> TrainForm:
    """The form that would ask for the same run, check or conflict again.

    Raises:
        ConfigError: Another version of the studio wrote its settings.
    """
    config = config_from_data(run.config)
    name = preset_of(config.preset)
    changes = tuple(change for change in changes_of(config, name) if not change.startswith("preset="))
    model = studio.store.model_of_row(run.model)
    return TrainForm(version_id=run.version_id, query_set_id=run.query_set_id, model=model, preset=name, seed=config.seed, changes=changes)


def changes_of(config: TrainConfig, name: str) -> list[str]:
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
            raise QueryError(f"“{query_set.name}” has {counted(found, word + ' query')}; at least {FEWEST} are needed. Choose another query set.")
    require_stances(len(constitution.principles), config)
    require_train_queries(n_train, config)
    model = look_up(form.model, studio.launcher.local)
    require_room(config, model)
    return Plan(form=form, config=config, model=model, constitution=constitution, version_number=number, query_set=query_set, scenarios=scenarios)


def _require_seeds(form: TrainForm) -> None:
    require_in_range(1 <= form.seeds <= MOST_SEEDS, "seeds", form.seeds, f"between 1 and {MOST_SEEDS}")
    most = MOST_SEED - form.seeds + 1
    require_in_range(form.seeds == 1 or form.seed <= most, "seed", form.seed, f"at most {most:,} where {form.seeds} seeds are asked for")


def known_hardware(studio: Studio) -> Hardware | None:
    """What was measured where the next run will be done: the place that a trainer served last."""
    with in_words(), studio.sessions.read() as session:
        row = serving_machine(session)
        return hardware_from_data(row.hardware) if row is not None else None
