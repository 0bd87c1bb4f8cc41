"""Runs, the jobs that train: what was asked for, what they reported, what came of them. Queue and lease are those of any job."""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, contains_eager, defer

from db import claims
from db.claims import Claim
from db.constitutions import LOST
from db.errors import NotFound
from db.jobs import NewJob, add_job, bury
from db.mark_tables import Mark
from db.status import JobStatus
from db.tables import Comparison, Constitution, Job, QuerySet, Run, RunMetric, RunSample, Version
from db.upserts import add_missing, put
from db.verdict_table import ModelVerdict

TRAIN = "train"  # the kind of job that a run is


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
    series: str | None = None  # names those that are asked for together and differ in their seed


@dataclass(frozen=True)
class RunSummary:
    """A run with the names that a reader knows it by."""

    run: Run
    constitution_id: int
    constitution_name: str
    version_number: int
    query_set_name: str


@dataclass(frozen=True, kw_only=True)
class VersionToTrain:
    """A version that a run can be asked for."""

    id: int
    constitution_id: int
    constitution: str
    number: int
    message: str
    author: str
    starter: bool  # whether its constitution came with the studio
    problem: str = ""  # why it cannot be read; empty when it can


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number at one step; None or NaN means it could not be scored."""

    step: int
    name: str
    value: float | None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One reply sampled during training."""

    step: int
    position: int  # which query of the step
    query: str
    side: str  # "statement" or "antithesis"
    text: str


def add_run(session: Session, new: NewRun) -> Run:
    """Queue a run; the same request_key again returns the run that is there, whatever became of it.

    Raises:
        RequestKeyTaken: A job of another kind has this request_key.
    """
    job = add_job(session, NewJob(kind=TRAIN, requested_by=new.requested_by, request_key=new.request_key))
    asked = {name: value for name, value in asdict(new).items() if name not in ("requested_by", "request_key")}
    add_missing(session, Run, [{"id": job.id, **asked}], ["id"])
    return get_run(session, job.id)


def get_run(session: Session, run_id: int) -> Run:
    """One run as it is now, with its job.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.get(Run, run_id, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no run {run_id}.")
    return found


def version_ids(session: Session, run_ids: Collection[int]) -> dict[int, int]:
    """What some runs trained, by the run."""
    return dict(session.execute(select(Run.id, Run.version_id).where(Run.id.in_(run_ids))).all())


def delete_run(session: Session, run_id: int) -> None:
    """Take away a run that has ended, with its numbers, samples, marks and verdicts of models.

    Comparisons made with it keep their texts; the runs of its series stay.

    Raises:
        NotDeletable: It is queued or running.
        NotFound: There is none with this id.
    """
    run = get_run(session, run_id)
    bury(session, run_id)
    session.expunge(run)
    session.execute(update(Comparison).where(Comparison.run_id == run_id).values(run_id=None))
    for table in (RunMetric, RunSample, Mark, ModelVerdict):
        session.execute(delete(table).where(table.run_id == run_id))
    session.execute(delete(Run).where(Run.id == run_id))


def series_of(session: Session, run: Run) -> list[Run]:
    """The runs that were asked for together with this one, itself among them, in the order in which they were queued first."""
    return [run] if run.series is None else runs_by_series(session, [run.series])[run.series]


def runs_by_series(session: Session, series: Collection[str]) -> dict[str, list[Run]]:
    """The runs of each of these series, in the order in which they were queued first; one statement however many."""
    found: dict[str, list[Run]] = {name: [] for name in series}
    query = select(Run).where(Run.series.in_(series)).order_by(Run.id)
    for run in session.scalars(query, execution_options={"populate_existing": True}):
        found[str(run.series)].append(run)
    return found


def list_runs(
    session: Session, *, constitution_id: int | None = None, status: JobStatus | None = None, limit: int = 100, results: bool = True
) -> list[RunSummary]:
    """The newest runs first, of one constitution or status or of all; one statement however many. Without `results` these stay unread: they are long."""
    query = _summaries().order_by(Run.id.desc()).limit(limit)
    if not results:
        query = query.options(defer(Run.result, raiseload=True))
    if constitution_id is not None:
        query = query.where(Constitution.id == constitution_id)
    if status is not None:
        query = query.where(Job.status == status)
    return [RunSummary(*row) for row in session.execute(query.execution_options(populate_existing=True))]


def _summaries() -> Select[Run, int, str, int, str]:
    """Every run, also one that names a version or queries that are not there."""
    return (
        select(
            Run,
            func.coalesce(Constitution.id, 0),
            func.coalesce(Constitution.name, LOST),
            func.coalesce(Version.number, 0),
            func.coalesce(QuerySet.name, LOST),
        )
        .join(Run.job)
        .outerjoin(Version, Run.version_id == Version.id)
        .outerjoin(Constitution, Version.constitution_id == Constitution.id)
        .outerjoin(QuerySet, Run.query_set_id == QuerySet.id)
        .options(contains_eager(Run.job))
    )


def measured_principles(session: Session, run_ids: Collection[int]) -> dict[int, Any]:
    """By run, what its result says of principles, as plain data; of the rest of a result nothing is read. Runs without a result are missing."""
    query = select(Run.id, Run.result[("report", "principles")]).where(Run.id.in_(run_ids), Run.result.is_not(None))
    return {row[0]: row[1] for row in session.execute(query)}


def count_runs(session: Session) -> int:
    """How many runs there are."""
    return session.scalars(select(func.count()).select_from(Run)).one()


def get_run_summary(session: Session, run_id: int) -> RunSummary:
    """One run with its names.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.execute(_summaries().where(Run.id == run_id).execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"There is no run {run_id}.")
    return RunSummary(*found)


def trained_models(session: Session) -> list[str]:
    """The models that runs were asked for with, by name."""
    return list(session.scalars(select(Run.model).group_by(Run.model).order_by(Run.model)))


def versions_to_train(session: Session, each: int, also: int | None = None) -> list[VersionToTrain]:
    """The newest versions of every constitution in use, newest first.

    Args:
        session: A session that may read.
        each: How many of one constitution at most.
        also: The id of a version that is among them however old it is.
    """
    place = func.row_number().over(partition_by=Version.constitution_id, order_by=Version.number.desc()).label("place")
    ranked = (
        select(Version.id, Version.constitution_id, Version.number, Version.message, Version.author, place)
        .add_columns(Constitution.name.label("constitution"), Constitution.starter)
        .join(Constitution, Constitution.id == Version.constitution_id)
        .where(Constitution.archived_at.is_(None))
        .subquery()
    )
    names = ("id", "constitution_id", "constitution", "number", "message", "author", "starter")
    query = select(*(ranked.c[name] for name in names)).where((ranked.c.place <= each) | (ranked.c.id == also)).order_by(ranked.c.id.desc())
    return [VersionToTrain(**row) for row in session.execute(query).mappings()]


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


def set_model_revision(session: Session, claim: Claim, revision: str) -> None:
    """Record which revision of the model the run really uses.

    Raises:
        LostLease: The run is no longer ours. So do all functions below.
    """
    claims.hold(session, claim)
    get_run(session, claim.job_id).revision = revision
    session.flush()


def add_metrics(session: Session, claim: Claim, numbers: Sequence[Metric]) -> None:
    """Store numbers; a step that is done again after a resume replaces its old ones."""
    claims.hold(session, claim)
    put(session, RunMetric, [{"run_id": claim.job_id, **asdict(m), "value": _number(m.value)} for m in numbers], ["run_id", "name", "step"])


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value  # SQLite would turn NaN into NULL, PostgreSQL would not


def add_samples(session: Session, claim: Claim, replies: Sequence[Sample]) -> None:
    """Store sampled replies; a step that is done again after a resume replaces its old ones."""
    claims.hold(session, claim)
    put(session, RunSample, [{"run_id": claim.job_id, **asdict(r)} for r in replies], ["run_id", "step", "position", "side"])


def finish(session: Session, claim: Claim, adapter: str, adapter_sha256: str, result: dict[str, Any]) -> None:
    """Promote this attempt: its adapter and its result become the run's.

    Args:
        session: A session that may write.
        claim: The attempt's.
        adapter: Store key of its folder.
        adapter_sha256: Of the weights.
        result: What was measured.
    """
    claims.finish(session, claim)
    run = get_run(session, claim.job_id)
    run.adapter, run.adapter_sha256, run.result = adapter, adapter_sha256, result
    session.flush()
