"""Batteries of the laboratory as jobs: asked for, stopped, gone on with, and what they found. Imports no torch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.processes.protocol import LAB
from app.processes.store import Store, open_store
from app.services.audit import record
from app.services.base_models import check_model_id
from app.services.lab import made_by
from app.services.quotas import require_place_in_queue
from app.services.request_keys import require_key
from app.services.starter_queries import STARTER_NAME
from app.services.studio import RefusedError, Studio, in_words, read_starters
from app.settings import Settings
from core.constitution.principles import Constitution
from core.constitution.queries import Query, from_rows
from core.constitution.stored import decode, require_readable
from core.errors import ConfigError, QueryError
from core.lab.probes import PROBES
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import TrainConfig, config_from_data, preset
from core.settings import ModelReference
from db import constitutions, jobs, query_sets, runs
from db.session import Sessions
from db.status import JobStatus
from db.tables import Job

MOST_QUERIES = 96
MOST_LISTED = 1000


@dataclass(frozen=True, kw_only=True)
class LabWish:
    """What is asked for: the adapter of a run, or a version with nothing trained."""

    run: int | None
    version: int  # of a run that one which it was trained on
    query_set: int
    model: str  # as a row names it
    probes: tuple[str, ...] = ()  # none: the quick ones whose needs are met
    limit: int = 24  # held-out queries
    runs: tuple[int, ...] = ()  # a drift matrix of what these made, and no probes; version, queries and model are then those of the first


@dataclass(frozen=True, kw_only=True)
class LabForm:
    """What a person chose: a run, or a version."""

    run: int | None
    version: int | None
    query_set: int | None  # None: the studio's everyday queries; of a run its own
    model: str = ""  # as it was typed; empty: the studio's; of a run its own


@dataclass(frozen=True, kw_only=True)
class LabAsked:
    """What an attempt is given."""

    constitution: Constitution
    queries: tuple[Query, ...]
    model: ModelReference
    config: TrainConfig
    others: tuple[Constitution, ...]
    probes: tuple[str, ...]
    limit: int
    made: str | None  # store key of what the run made; None: nothing trained is examined


@dataclass(frozen=True, kw_only=True)
class LabView:
    """A battery as it is shown."""

    id: int
    wish: LabWish
    status: JobStatus
    stopping: bool
    done: int  # probes
    total: int
    notice: str
    problem: str
    by: str
    constitution: str
    version: int  # its number
    model: str
    made_at: datetime


def wish_for(studio: Studio, form: LabForm) -> LabWish:
    """What a choice comes to.

    Raises:
        StudioError: Neither a run nor a version is named, there is none such, or no such model.
    """
    if (form.run is None) == (form.version is None):
        raise ConfigError("A battery is about a run or about a version. Name one of the two.")
    with in_words(), studio.sessions.read() as session:
        if form.run is not None:
            run = runs.get_run(session, form.run)
            return LabWish(run=form.run, version=run.version_id, query_set=run.query_set_id, model=run.model)
        known = form.query_set or next((each.id for each in query_sets.list_query_sets(session) if each.name == STARTER_NAME), None)
        if known is None or form.version is None:
            raise ConfigError("The studio’s everyday queries are not here any more. Name a set of queries.")
        model = check_model_id(form.model or studio.settings.model, studio.launcher.local)
        return LabWish(run=None, version=form.version, query_set=known, model=studio.store.model_in_row(model))


def with_probes(wish: LabWish, probes: Sequence[str], limit: int) -> LabWish:
    """The same with the probes that were ticked and so many queries."""
    return replace(wish, probes=tuple(probes), limit=limit)


def begin(studio: Studio, caller: str, wish: LabWish, request_key: object) -> int:
    """Queue a battery; the same request_key again is the same one.

    Raises:
        StudioError: No such probe, run or version, too many queries, or too much waits already.
    """
    key = require_key(request_key, needed=True)
    if unknown := [probe for probe in wish.probes if probe not in PROBES]:
        raise ConfigError(f"There is no probe {unknown[0]!r}; known are {', '.join(PROBES)}.")
    if not 1 <= wish.limit <= MOST_QUERIES:
        raise ConfigError(f"A battery asks 1 to {MOST_QUERIES} held-out queries, not {wish.limit}.", "limit")
    with in_words(), studio.sessions.begin() as session:
        constitutions.get_version_by_id(session, wish.version)
        query_sets.get_query_set(session, wish.query_set)
        for number in (*([wish.run] if wish.run is not None else []), *wish.runs):
            made_by(studio.store, runs.get_run(session, number))
        job = jobs.add_job(session, jobs.NewJob(kind=LAB, requested_by=caller, request_key=key, spec=asdict(wish)))
        record(session, "lab.asked-for", f"job {job.id}", once=True, run=wish.run, version=wish.version, probes=list(wish.probes), **_runs(wish))
        require_place_in_queue(session, caller)
        return job.id


def stop(studio: Studio, job_id: int) -> None:
    """Have it stop; what was found is kept."""
    with in_words(), studio.sessions.begin() as session:
        lab_job(session, job_id)
        status = jobs.request_stop(session, job_id)
        record(session, "lab.stopped", f"job {job_id}", status=status.value)


def resume(studio: Studio, job_id: int) -> None:
    """Go on where it was stopped or failed."""
    with in_words(), studio.sessions.begin() as session:
        job = lab_job(session, job_id)
        if job.status in (JobStatus.STOPPED, JobStatus.FAILED):
            jobs.resume(session, job_id)
            require_place_in_queue(session, job.requested_by)
            record(session, "lab.resumed", f"job {job_id}")


def list_labs(studio: Studio, most: int = MOST_LISTED) -> list[LabView]:
    """The newest first."""
    with in_words(), studio.sessions.read() as session:
        return views_of(session, studio.store, most)


def views_of(session: Session, store: Store, most: int) -> list[LabView]:
    """The same on a session."""
    return [_view(store, session, job) for job in jobs.newest_of_kind(session, LAB, most)]


def count_labs(studio: Studio) -> int:
    """How many there are."""
    with in_words(), studio.sessions.read() as session:
        return jobs.count_of_kind(session, LAB)


def lab_view(studio: Studio, job_id: int) -> LabView:
    """One of them."""
    with in_words(), studio.sessions.read() as session:
        return _view(studio.store, session, lab_job(session, job_id))


def lab_job(session: Session, job_id: int) -> Job:
    """The job that a battery is.

    Raises:
        RefusedError: It is another job, or was deleted.
        NotFound: There is none.
    """
    job = jobs.get_job(session, job_id)
    if job.kind != LAB:
        raise RefusedError(f"Job {job_id} is no battery of the laboratory. Reload the page.")
    return job


def asked_of(settings: Settings, sessions: Sessions, job_id: int) -> LabAsked:
    """What the job that is held asks for."""
    store = open_store(settings)
    with in_words(), sessions.read() as session:
        wish = wish_of(jobs.get_job(session, job_id))
        run = runs.get_run(session, wish.run) if wish.run is not None else None
        version = constitutions.get_version_by_id(session, wish.version)
        constitution = require_readable(decode(version.content_text, version.sha256), f"Version {version.number}, which this battery is about,")
        asked = query_sets.get_query_set(session, wish.query_set)
        if not query_sets.is_whole(asked):
            raise QueryError(f"The stored queries of “{asked.name}” were changed since they were uploaded. Upload the file again, and ask those.")
        return LabAsked(
            constitution=constitution,
            queries=tuple(from_rows(asked.rows)),
            model=ModelReference(id=store.model_of_row(run.model if run is not None else wish.model), revision=run.revision if run is not None else None),
            config=config_from_data(run.config) if run is not None else preset("quick", method=PROPOSED_RECIPE),
            others=_others(constitution),
            probes=wish.probes,
            limit=wish.limit,
            made=made_by(store, run) if run is not None else None,
        )


def _others(constitution: Constitution) -> tuple[Constitution, ...]:
    """Where the readers' decoys come from."""
    return tuple(starter.constitution for starter in read_starters() if starter.constitution.name != constitution.name)


def wish_of(job: Job) -> LabWish:
    """What a job of this kind asks for."""
    spec = job.spec
    probes: Sequence[str] = spec["probes"]
    drifting: Sequence[int] = spec.get("runs", ())  # none in those asked for before there were drift matrices
    numbers = {name: int(spec[name]) for name in ("version", "query_set", "limit")}
    run = int(spec["run"]) if spec["run"] is not None else None
    return LabWish(run=run, model=str(spec["model"]), probes=tuple(map(str, probes)), runs=tuple(map(int, drifting)), **numbers)


def _runs(wish: LabWish) -> dict[str, list[int]]:
    return {"runs": list(wish.runs)} if wish.runs else {}


def _view(store: Store, session: Session, job: Job) -> LabView:
    wish = wish_of(job)
    version = constitutions.named_version(session, wish.version)
    return LabView(
        id=job.id,
        wish=wish,
        status=job.status,
        stopping=job.cancel_requested,
        done=job.step,
        total=job.total_steps,
        notice=job.notice or "",
        problem=job.error_text or "",
        by=job.requested_by,
        constitution=constitutions.named_constitution(session, version.constitution_id),
        version=version.number,
        model=store.model_of_row(wish.model),
        made_at=job.created_at,
    )
