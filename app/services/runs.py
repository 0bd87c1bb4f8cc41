"""Runs: asking for one, watching it, stopping and resuming it. All a page shows comes from the run's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

import db.runs as store
from app.processes.protocol import LEASE_S, attempt_key
from app.processes.store import LOG
from app.services.askings import read_askings
from app.services.audit import record
from app.services.base_models import look_up
from app.services.logs import log_tail, waits_for
from app.services.marked import count_marked, read_marked, results_of, standings_by_marks
from app.services.plans import Plan, TrainForm, form_of, known_hardware, make_plan
from app.services.quotas import require_place_in_queue
from app.services.request_keys import require_key
from app.services.run_views import RESUMABLE, Point, RunLine, RunView, SampledReply
from app.services.series import series_view
from app.services.stored import NotKeptError, config_of, constitution_of, control_of, preset_name, run_problems, seed_of
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.engine.default_model import DEFAULT_MODEL
from core.errors import ModelError
from core.machine import DEFAULT_SHAPE, TYPICAL, Hardware
from core.measure.standings import standings_from_data
from core.methods.settings import PRESETS, TrainConfig, config_to_data
from core.progress import share_done
from core.runs.estimates import estimate
from core.runs.pace import Pace
from core.runs.phases import ASKED_ALREADY
from db import jobs
from db.constitutions import named_version, stored_versions
from db.runs import NewRun, RunSummary
from db.session import clock
from db.status import JobStatus
from db.tables import Job, Run, Version


def queue_run(studio: Studio, caller: str, form: TrainForm, request_key: object) -> int:
    """Queue a run, or one for each seed that is asked for, and return the first one's id. The same request_key again is the same request: a
    double click makes nothing more.

    Raises:
        StudioError: The form cannot be used, or the runs do not fit the queue.
    """
    key = require_key(request_key, needed=True)
    plan = make_plan(studio, form)
    with in_words(), studio.sessions.begin() as session:
        queued = _queued(session, [_new_run(studio, plan, caller, key, place) for place in range(form.seeds)])
        for run in queued:
            if isinstance(config_of(run), Unreadable):
                raise NotKeptError("the run")
            details = {"version_id": run.version_id, "query_set_id": run.query_set_id, "model": run.model}
            record(session, "run.queued", f"run {run.id}", once=True, **details)
        require_place_in_queue(session, caller, len(queued))
        return queued[0].id


def _new_run(studio: Studio, plan: Plan, caller: str, key: str, place: int) -> NewRun:
    """One run of a click, counted from 0."""
    return NewRun(
        version_id=plan.form.version_id,
        query_set_id=plan.form.query_set_id,
        model=studio.store.model_in_row(plan.model.id),
        config=config_to_data(plan.configs[place]),
        requested_by=caller,
        request_key=f"{key}.{place}" if place else key,  # a key that is sent has no dot
        series=key if plan.form.seeds > 1 else None,
    )


def _queued(session: Session, new: Sequence[NewRun]) -> list[Run]:
    """The runs of a click. What it asked for first is what there is: no run joins a series later, whose settings may be others by then."""
    first = store.add_run(session, new[0])
    there = store.series_of(session, first)
    return there if len(there) > 1 or first.series is None else [first, *(store.add_run(session, each) for each in new[1:])]


def list_runs(studio: Studio, limit: int = 50) -> list[RunLine]:
    """The newest runs first."""
    with in_words(), studio.sessions.read() as session:
        listed = store.list_runs(session, limit=limit, results=False)
        finished = [each.run.id for each in listed if each.run.job.status == JobStatus.FINISHED]
        found = store.measured_principles(session, finished)
        begun = stored_versions(session, {each.run.version_id for each in listed if each.run.job.phase and each.run.id not in finished})
    texts, by_marks = {version.id: _readable(version) for version in begun}, standings_by_marks(studio, finished)
    lines = [_line(studio, each, _weights(texts.get(each.run.version_id), each.run)) for each in listed]
    return [line if line.control else replace(line, came_out=by_marks.get(line.id) or standings_from_data(found.get(line.id))) for line in lines]


def count_runs(studio: Studio) -> int:
    """How many there are."""
    with in_words(), studio.sessions.read() as session:
        return store.count_runs(session)


def run_view(studio: Studio, run_id: int) -> RunView:
    """A run as its rows and its log say it stands.

    Raises:
        RefusedError: There is no such run.
    """
    with in_words(), studio.sessions.read() as session:
        summary = store.get_run_summary(session, run_id)
        version = named_version(session, summary.run.version_id)
        ahead = jobs.jobs_ahead(session, summary.run.job, (store.TRAIN,)) if summary.run.job.status == JobStatus.QUEUED else 0
        metrics, samples = _metrics(session, run_id), _samples(session, run_id)
        read = read_marked(session, store.series_of(session, summary.run))
        silent_s = _silent_s(summary.run.job, clock(session))
        askings = read_askings(session, run_id)
    constitution, run, job, marked = _readable(version), summary.run, summary.run.job, count_marked(studio.store, read)
    found = marked[run_id]
    return RunView(
        line=_line(studio, summary, _weights(constitution, run)),
        constitution_id=summary.constitution_id,
        version_id=run.version_id,
        query_set=summary.query_set_name,
        revision=run.revision,
        config=_config(run),
        step=job.step,
        total_steps=job.total_steps,
        eta_s=_eta_s(studio, constitution, run, _weights(constitution, run)),
        ahead=ahead,
        waits=waits_for(studio.store, job, silent_s is not None),
        silent_s=silent_s,
        attempt=job.attempt,
        resumable_from=job.checkpoint.rpartition("/")[2] if job.checkpoint else None,
        notice=job.notice,
        error_kind=job.error_kind,
        error_text=job.error_text,
        started_at=job.started_at,
        metrics=metrics,
        samples=samples,
        log=log_tail(studio.store, f"{attempt_key(job.id, job.attempt)}/{LOG}"),
        result=found.result,
        marks=found.marks,
        models=found.models,
        askings=askings,
        marks_problem=found.problem,
        unreadable=run.result is not None and found.result is None,
        problems=tuple(run_problems(run, version)),
        adapter_sha256=run.adapter_sha256,
        series=series_view(read.runs, results_of(marked)),
    )


def _readable(version: Version) -> Constitution | None:
    found = constitution_of(version)
    return None if isinstance(found, Unreadable) else found


def form_again(studio: Studio, run_id: int) -> TrainForm:
    """The form that asks for a run like this one, to be changed.

    Raises:
        StudioError: There is no such run, or another version of the studio wrote its settings.
    """
    with in_words(), studio.sessions.read() as session:
        return form_of(studio, store.get_run(session, run_id))


def stop(studio: Studio, run_id: int) -> JobStatus:
    """Ask a run to save a checkpoint and stop; one that waits stops at once."""
    with in_words(), studio.sessions.begin() as session:
        status = jobs.request_stop(session, store.get_run(session, run_id).id)
        record(session, "run.stopped", f"run {run_id}", status=status.value)
        return status


def resume(studio: Studio, run_id: int) -> None:
    """Queue a stopped or failed run again.

    Raises:
        RefusedError: It is queued, running or finished, or who asked for it has too many waiting.
    """
    with in_words(), studio.sessions.begin() as session:
        job = store.get_run(session, run_id).job
        if job.status not in RESUMABLE:
            raise RefusedError(f"Run {run_id} is {job.status}; only a stopped or failed run can be resumed.")
        jobs.resume(session, run_id)
        require_place_in_queue(session, job.requested_by)
        record(session, "run.resumed", f"run {run_id}")


def _line(studio: Studio, summary: RunSummary, seconds: Mapping[str, float]) -> RunLine:
    run, job = summary.run, summary.run.job
    finished = job.status == JobStatus.FINISHED
    return RunLine(
        id=run.id,
        constitution=summary.constitution_name,
        version_number=summary.version_number,
        model=studio.store.model_of_row(run.model),
        preset=preset_name(run),
        seed=seed_of(run),
        status=job.status,
        stopping=job.status == JobStatus.RUNNING and job.cancel_requested,
        phase=job.phase,
        share=1.0 if finished else share_done(seconds, job.phase, job.step, job.total_steps),
        requested_by=job.requested_by,
        created_at=job.created_at,
        finished_at=job.finished_at,
        error_kind=job.error_kind if job.status == JobStatus.FAILED else None,
        control=control_of(run),
    )


def _config(run: Run) -> TrainConfig | None:
    found = config_of(run)
    return None if isinstance(found, Unreadable) else found


def _weights(constitution: Constitution | None, run: Run, hardware: Hardware = TYPICAL) -> Mapping[str, float]:
    """How the time of a run is shared among its phases."""
    text = constitution or Constitution(name="", principles=())
    return estimate(_config(run) or PRESETS["quick"], DEFAULT_SHAPE, hardware, text, checked=_is_checked(run)).seconds


def _is_checked(run: Run) -> bool:
    """Whether a check was used, so that the base was not asked: the run says so for the rest of its time."""
    return ASKED_ALREADY in (run.job.notice or "")


def _eta_s(studio: Studio, constitution: Constitution | None, run: Run, seconds: Mapping[str, float]) -> float | None:
    """What the attempt said last, by its own pace; until it has said anything, what was estimated. None while nothing is known."""
    job = run.job
    if constitution is None:
        return None
    if job.status != JobStatus.RUNNING or job.phase not in seconds:
        return None
    if job.eta_s is not None:
        return job.eta_s
    hardware, config, model = known_hardware(studio), _config(run), studio.store.model_of_row(run.model)
    try:
        shape = look_up(model, studio.launcher.local).shape if model == DEFAULT_MODEL or "/" not in model else None
    except ModelError:  # the folder is gone by now
        shape = None
    if hardware is None or shape is None or config is None:
        return None
    return Pace(estimate(config, shape, hardware, constitution, checked=_is_checked(run)).seconds).left_s(job.phase, job.step, job.total_steps, now=0.0)


def _silent_s(job: Job, now: datetime) -> float | None:
    if job.status != JobStatus.RUNNING or job.heartbeat_at is None:
        return None
    silent = (now - job.heartbeat_at).total_seconds()
    return silent if silent > LEASE_S / 2 else None


def _metrics(session: Session, run_id: int) -> dict[str, tuple[Point, ...]]:
    found: dict[str, list[Point]] = {}
    for row in store.metrics(session, run_id):
        found.setdefault(row.name, []).append(Point(row.step, row.value))
    return {name: tuple(points) for name, points in found.items()}


def _samples(session: Session, run_id: int) -> tuple[SampledReply, ...]:
    rows: Sequence[Any] = store.samples(session, run_id)
    return tuple(SampledReply(step=row.step, position=row.position, query=row.query, side=row.side, text=row.text) for row in rows)
