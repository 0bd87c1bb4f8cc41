"""What a battery of the laboratory can be asked for with, and what it would take: chosen before anyone clicks. Imports no torch."""

from dataclasses import dataclass, replace

from app.services.base_models import look_up
from app.services.lab import ProbeListed, listed
from app.services.lab_jobs import MOST_QUERIES, LabForm, LabWish, wish_for
from app.services.plans import choices, known_hardware, own_version
from app.services.query_sets import QuerySetView
from app.services.stored import queries_of, require_constitution
from app.services.studio import Studio, in_words
from core.constitution.principles import Constitution
from core.constitution.queries import Query
from core.errors import ConfigError, StudioError
from core.lab.probes import ADAPTER, RECORD, TRAIN
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import TrainConfig, config_from_data, preset
from db import constitutions, query_sets, runs
from db.runs import RunSummary, VersionToTrain
from db.status import JobStatus

MOST_RUNS = 100  # that are offered


@dataclass(frozen=True, kw_only=True)
class LabRun:
    """A finished run whose adapter, or what else it made, can be examined."""

    run: int
    version_id: int
    constitution: str
    version: int  # its number
    model: str


@dataclass(frozen=True, kw_only=True)
class LabChoices:
    """What the form offers, and what of that is chosen."""

    versions: tuple[VersionToTrain, ...]
    runs: tuple[LabRun, ...]  # newest first
    query_sets: tuple[QuerySetView, ...]
    version: int | None
    run: int | None
    message: str  # why what the address names is not chosen


@dataclass(frozen=True, kw_only=True)
class LabPlanned:
    """What a battery would be."""

    probes: tuple[ProbeListed, ...]  # with the minutes of each by itself
    lacks: dict[str, str]  # by probe, what it needs and has not got
    model: str
    queries: str  # the name of their set
    held_out: int  # that would be asked


def lab_choices(studio: Studio, editor: str, run: int | None, version: int | None) -> LabChoices:
    """What can be chosen; a run or a version that an address names is among it."""
    with in_words(), studio.sessions.read() as session:
        found = runs.list_runs(session, status=JobStatus.FINISHED, limit=MOST_RUNS, results=False)
    named, message = _named_run(studio, run) if run is not None else (None, "")
    offered = [_run(studio, each) for each in found]
    if named is not None and named.run not in {each.run for each in offered}:
        offered.append(named)
    wanted = named.version_id if named is not None else version
    versions = choices(studio, wanted).versions
    there = {each.id for each in versions}
    if wanted is not None and wanted not in there and not message:
        message = "The version that the address names is not there, or its constitution is archived."
    chosen = wanted if wanted in there else own_version(versions, editor)
    return LabChoices(
        versions=versions,
        runs=tuple(offered),
        query_sets=choices(studio).query_sets,
        version=chosen,
        run=named.run if named is not None and wanted in there else None,
        message=message,
    )


def _named_run(studio: Studio, run_id: int) -> tuple[LabRun | None, str]:
    try:
        with in_words(), studio.sessions.read() as session:
            found = runs.get_run_summary(session, run_id)
    except StudioError as error:
        return None, str(error)
    if found.run.job.status is not JobStatus.FINISHED:
        return None, f"Run {run_id} is {found.run.job.status.value}, so there is nothing of it to examine yet. Come back when it has finished."
    return _run(studio, found), ""


def _run(studio: Studio, found: RunSummary) -> LabRun:
    return LabRun(
        run=found.run.id,
        version_id=found.run.version_id,
        constitution=found.constitution_name,
        version=found.version_number,
        model=studio.store.model_of_row(found.run.model),
    )


def plan_lab(studio: Studio, form: LabForm, limit: int) -> LabPlanned:
    """What a form comes to: each probe with its minutes here, and what it lacks.

    Raises:
        StudioError: There is no such run, version or set of queries, or they cannot be read.
    """
    if not 1 <= limit <= MOST_QUERIES:
        raise ConfigError(f"A battery asks 1 to {MOST_QUERIES} held-out queries, not {limit}.", "limit")
    wish = wish_for(studio, form)
    constitution, queries, name, config = _read(studio, wish)
    asked = min(limit, sum(query.split == "held_out" for query in queries), config.held_out_queries if wish.run is not None else limit)
    model = studio.store.model_of_row(wish.model)
    shape = look_up(model, studio.launcher.local).shape
    probes = tuple(listed(constitution, shape, known_hardware(studio), replace(config, held_out_queries=max(1, asked))))
    has = {ADAPTER: wish.run is not None, RECORD: wish.run is not None, TRAIN: any(query.split == "train" for query in queries)}
    lacking = {probe.key: [need for need in probe.needs if not has[need]] for probe in probes}
    return LabPlanned(probes=probes, lacks={key: " and ".join(needs) for key, needs in lacking.items() if needs}, model=model, queries=name, held_out=asked)


def _read(studio: Studio, wish: LabWish) -> tuple[Constitution, list[Query], str, TrainConfig]:
    with in_words(), studio.sessions.read() as session:
        version = constitutions.get_version_by_id(session, wish.version)
        asked = query_sets.get_query_set(session, wish.query_set)
        run = runs.get_run(session, wish.run) if wish.run is not None else None
    config = config_from_data(run.config) if run is not None else preset("quick", method=PROPOSED_RECIPE)
    return require_constitution(version), queries_of(asked), asked.name, config
