"""Runs as people see them: queue, list, watch, stop, resume. What a trainer does to a run it holds is in `db.claims`."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from db.errors import NotFound, NotResumable
from db.session import clock
from db.tables import Constitution, Machine, QuerySet, Run, RunMetric, RunSample, RunStatus, Version
from db.upserts import add_missing, put


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """What a click on Train asks for."""

    version_id: int
    query_set_id: int
    model: str
    config: dict[str, Any]
    requested_by: str
    request_key: str  # made with the form, so that a second click on the same form is the same run
    revision: str | None = None


@dataclass(frozen=True)
class RunSummary:
    """A run with the names that a reader knows it by."""

    run: Run
    constitution_id: int
    constitution_name: str
    version_number: int
    query_set_name: str


def add_run(session: Session, new: NewRun) -> Run:
    """Queue a run; the same request_key again returns the run that is there, whatever became of it."""
    now = clock(session)
    add_missing(session, Run, [{**asdict(new), "created_at": now, "queued_at": now}], ["request_key"])
    return session.scalars(select(Run).where(Run.request_key == new.request_key)).one()


def get_run(session: Session, run_id: int) -> Run:
    """One run as it is now.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.get(Run, run_id, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no run {run_id}.")
    return found


def list_runs(session: Session, *, constitution_id: int | None = None, status: RunStatus | None = None, limit: int = 100) -> list[RunSummary]:
    """The newest runs first, of one constitution or status or of all; one statement however many."""
    query = (
        select(Run, Constitution.id, Constitution.name, Version.number, QuerySet.name)
        .join(Version, Run.version_id == Version.id)
        .join(Constitution, Version.constitution_id == Constitution.id)
        .join(QuerySet, Run.query_set_id == QuerySet.id)
        .order_by(Run.id.desc())
        .limit(limit)
    )
    if constitution_id is not None:
        query = query.where(Constitution.id == constitution_id)
    if status is not None:
        query = query.where(Run.status == status)
    return [RunSummary(*row) for row in session.execute(query.execution_options(populate_existing=True))]


def get_run_summary(session: Session, run_id: int) -> RunSummary:
    """One run with its names.

    Raises:
        NotFound: There is none with this id.
    """
    run = get_run(session, run_id)
    names = (
        select(Constitution.id, Constitution.name, Version.number, QuerySet.name)
        .join(Version, Version.constitution_id == Constitution.id)
        .join(QuerySet, QuerySet.id == run.query_set_id)
        .where(Version.id == run.version_id)
    )
    constitution_id, constitution_name, version_number, query_set_name = session.execute(names).one()
    return RunSummary(run, constitution_id, constitution_name, version_number, query_set_name)


def runs_ahead(session: Session, run: Run) -> int:
    """How many runs a queued run waits for: those running and those queued before it."""
    earlier = (Run.queued_at < run.queued_at) | ((Run.queued_at == run.queued_at) & (Run.id < run.id))
    waiting = (Run.status == RunStatus.RUNNING) | ((Run.status == RunStatus.QUEUED) & earlier)
    return session.scalars(select(func.count()).select_from(Run).where(waiting, Run.id != run.id)).one()


def request_stop(session: Session, run_id: int) -> RunStatus:
    """Ask a run to stop: a queued one stops at once, a running one saves a checkpoint first. A run that has ended stays as it is.

    Returns:
        The status afterwards.

    Raises:
        NotFound: There is none with this id.
    """
    queued = Run.status == RunStatus.QUEUED
    session.execute(
        update(Run)
        .where(Run.id == run_id, Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)))
        .values(
            status=case((queued, RunStatus.STOPPED), else_=Run.status),
            finished_at=case((queued, clock(session)), else_=Run.finished_at),
            cancel_requested=case((queued, Run.cancel_requested), else_=True),
        )
        .execution_options(synchronize_session=False)
    )
    return get_run(session, run_id).status


def resume(session: Session, run_id: int) -> Run:
    """Queue a stopped or failed run again, behind those that wait already; it goes on from its last checkpoint.

    Raises:
        NotResumable: The run is queued, running or finished.
        NotFound: There is none with this id.
    """
    resumed = session.scalars(
        update(Run)
        .where(Run.id == run_id, Run.status.in_((RunStatus.STOPPED, RunStatus.FAILED)))
        .values(
            status=RunStatus.QUEUED,
            queued_at=clock(session),
            cancel_requested=False,
            error_kind=None,
            error_text=None,
            notice=None,
            crashes=0,
            finished_at=None,
        )
        .returning(Run),
        execution_options={"synchronize_session": False, "populate_existing": True},
    ).one_or_none()
    if resumed is None:
        raise NotResumable(f"Run {run_id} is {get_run(session, run_id).status}; only a stopped or failed run can be resumed.")
    return resumed


def metrics(session: Session, run_id: int, after_step: int | None = None) -> list[RunMetric]:
    """The numbers of a run in the order of their steps; only those after `after_step` when it is given."""
    query = select(RunMetric).where(RunMetric.run_id == run_id).order_by(RunMetric.step, RunMetric.name)
    if after_step is not None:
        query = query.where(RunMetric.step > after_step)
    return list(session.scalars(query))


def samples(session: Session, run_id: int, step: int | None = None) -> list[RunSample]:
    """The replies sampled during a run, newest step first, statement before antithesis; only those of `step` when it is given."""
    query = select(RunSample).where(RunSample.run_id == run_id)
    if step is not None:
        query = query.where(RunSample.step == step)
    return list(session.scalars(query.order_by(RunSample.step.desc(), RunSample.position, RunSample.side.desc())))


def get_machine(session: Session, host: str) -> Machine | None:
    """What is known about a host."""
    return session.get(Machine, host, populate_existing=True)


def put_machine(session: Session, host: str, hardware: dict[str, Any]) -> None:
    """Store what a host has, replacing what was known."""
    put(session, Machine, [{"host": host, "hardware": hardware, "measured_at": clock(session)}], ["host"])
