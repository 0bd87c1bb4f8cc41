"""Drift matrices in the laboratory's queue: finished runs, each measured on the constitutions of all. Imports no torch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.orm import Session

from app.processes.store import Store, open_store
from app.services.base_models import look_up
from app.services.lab import made_by
from app.services.lab_found import REPORT, file_of
from app.services.lab_jobs import MOST_QUERIES, LabWish, lab_job, wish_of
from app.services.plans import known_hardware
from app.services.replies import NothingToTakeError
from app.services.stored import queries_of, require_constitution
from app.services.studio import RefusedError, Studio, in_words
from app.settings import Settings
from core.constitution.principles import Constitution, content_hash
from core.constitution.queries import Query, draw_queries
from core.errors import ConfigError
from core.lab.costs import DriftCost
from core.lab.drift.data import drift_from_data
from core.lab.drift.matrix import DriftFound
from core.lab.drift.plan import LEAST, DriftPlan, Trained, columns_of, rows_of
from core.methods.arms import Artifact
from core.methods.recipes import RECIPES
from core.methods.settings import config_from_data
from core.settings import ModelReference
from db import constitutions, jobs, query_sets, runs
from db.session import Sessions
from db.tables import Run

MOST_RUNS = 12  # of one matrix: its rows grow with them, and its cells with their square


@dataclass(frozen=True, kw_only=True)
class DriftPlanned:
    """What a matrix would be."""

    minutes: float | None  # here; None: not known yet
    model: str
    queries: str  # the name of their set, that of the first run
    held_out: int  # that would be asked at most
    rows: int
    principles: int
    cells: int  # that are corrected together


@dataclass(frozen=True, kw_only=True)
class DriftAsked:
    """What an attempt is given."""

    made: tuple[str, ...]  # store keys of what the runs made
    queries: tuple[Query, ...]
    model: ModelReference
    limit: int


def drift_wish(studio: Studio, numbers: Sequence[int], limit: int) -> LabWish:
    """A matrix of what some runs made.

    Raises:
        StudioError: There is no such run, it has not finished, or they do not go together.
    """
    with in_words(), studio.sessions.read() as session:
        found = _runs(session, studio.store, numbers, limit)
        first = found[0]
        return LabWish(
            run=None, version=first.version_id, query_set=first.query_set_id, model=first.model, limit=limit, runs=tuple(dict.fromkeys(map(int, numbers)))
        )


def plan_drift(studio: Studio, numbers: Sequence[int], limit: int) -> DriftPlanned:
    """What a matrix of these runs would be, before it is asked for.

    Raises:
        StudioError: As `drift_wish`.
    """
    with in_words(), studio.sessions.read() as session:
        found = _runs(session, studio.store, numbers, limit)
        asked = query_sets.get_query_set(session, found[0].query_set_id)
        plan = _plan(session, found, tuple(draw_queries(queries_of(asked), "held_out", limit, config_from_data(found[0].config).seed)))
    model = studio.store.model_of_row(found[0].model)
    shape, hardware = look_up(model, studio.launcher.local).shape, known_hardware(studio)
    seconds = DriftCost(shape=shape, hardware=hardware).seconds(plan) if shape is not None and hardware is not None else None
    rows, principles = rows_of(plan), len(columns_of(plan.constitutions))
    return DriftPlanned(
        minutes=round(seconds / 60, 1) if seconds is not None else None,
        model=model,
        queries=asked.name,
        held_out=len(plan.held_out),
        rows=len(rows),
        principles=principles,
        cells=sum(bool(row.against) for row in rows) * principles,
    )


def drift_asked(settings: Settings, sessions: Sessions, job_id: int) -> DriftAsked | None:
    """What the job that is held asks for; None: it is a battery of probes."""
    store = open_store(settings)
    with in_words(), sessions.read() as session:
        wish = wish_of(jobs.get_job(session, job_id))
        if not wish.runs:
            return None
        found = [runs.get_run(session, number) for number in wish.runs]
        queries = queries_of(query_sets.get_query_set(session, wish.query_set))
        model = ModelReference(id=store.model_of_row(found[0].model), revision=found[0].revision)
        return DriftAsked(made=tuple(made_by(store, run) for run in found), queries=tuple(queries), model=model, limit=wish.limit)


def drift_found(studio: Studio, job_id: int) -> DriftFound | None:
    """What a matrix came to; None: it has not finished, its files are not on this machine, or the job is a battery of probes.

    Raises:
        ConfigError: It cannot be read.
    """
    with in_words(), studio.sessions.read() as session:
        job = lab_job(session, job_id)
    file = file_of(studio, job, REPORT) if wish_of(job).runs else None
    try:
        return _read(file) if file is not None else None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"What battery {job_id} found cannot be read: {error}. Run it again.") from error


def drift_to_take(studio: Studio, job_id: int) -> DriftFound | None:
    """The same for whoever takes it along.

    Raises:
        NothingToTakeError: There is no such job.
    """
    try:
        return drift_found(studio, job_id)
    except RefusedError as error:
        raise NothingToTakeError("There is no such thing here.") from error


def _runs(session: Session, store: Store, numbers: Sequence[int], limit: int) -> list[Run]:
    """The runs, where they go together.

    Raises:
        ConfigError: They do not, with what to leave out.
    """
    if not 1 <= limit <= MOST_QUERIES:
        raise ConfigError(f"A matrix asks 1 to {MOST_QUERIES} held-out queries, not {limit}.", "limit")
    chosen = list(dict.fromkeys(numbers))
    if not LEAST <= len(chosen) <= MOST_RUNS:
        raise ConfigError(f"A matrix is about {LEAST} to {MOST_RUNS} finished runs, not {len(chosen)}. Tick as many.")
    found = [runs.get_run(session, number) for number in chosen]
    for run in found:
        made_by(store, run)
    first = found[0]
    if others := [run for run in found if (run.model, run.revision) != (first.model, first.revision)]:
        raise ConfigError(f"Run {others[0].id} was trained on another model than run {first.id}. Leave one of them out: all rows need the same base.")
    if len({content_hash(_constitution(session, run)) for run in found}) < LEAST:
        raise ConfigError("All these runs were trained on the same text, so there is no other one to measure them on. Tick a run of another.")
    return found


def _constitution(session: Session, run: Run) -> Constitution:
    return require_constitution(constitutions.get_version_by_id(session, run.version_id))


def _plan(session: Session, found: Sequence[Run], held_out: tuple[str, ...]) -> DriftPlan:
    """As the attempt will have it, but for what lies in files."""
    texts = {content_hash(text): text for text in (_constitution(session, run) for run in found)}
    configs = [config_from_data(run.config) for run in found]
    trained = [
        Trained(
            of=list(texts).index(content_hash(_constitution(session, run))),
            artifact=Artifact(kind=RECIPES[config.method].artifact, place="", sha256=run.adapter_sha256 or ""),
            recipe=config.method,
            variant=config.variant,
        )
        for run, config in zip(found, configs, strict=True)
    ]
    return DriftPlan(constitutions=tuple(texts.values()), trained=tuple(trained), held_out=held_out, model=ModelReference(id=found[0].model), config=configs[0])


@lru_cache(maxsize=8)
def _read(file: bytes) -> DriftFound:
    """A page that is looked at asks for the same again and again."""
    return drift_from_data(json.loads(file))
