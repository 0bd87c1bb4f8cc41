"""What an attempt at a run does: trains with `core.runs.execute`, and turns its reports into rows."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.processes.attempt import Watch
from app.processes.helpers import helped
from app.processes.made_checks import Wanted, made_check
from app.processes.patience import Interrupted
from app.processes.store import open_store
from app.settings import Settings
from core.constitution.queries import from_rows
from core.constitution.stored import decode, require_readable
from core.engine.default_model import DEFAULT_MODEL
from core.errors import QueryError, ResultError
from core.machine import DEFAULT_SHAPE, TYPICAL, hardware_from_data
from core.methods.settings import config_from_data
from core.progress import Listener, StepReport
from core.runs.estimates import estimate
from core.runs.execute import execute
from core.runs.pace import Pace
from core.runs.plan import RunPlan
from core.runs.records import Curve, RunRecord, result_data
from core.runs.results import run_result_from_data
from core.settings import ModelReference
from db import claims, constitutions, query_sets, runs
from db.claims import Progress
from db.machines import doubt_machine, serving_machine
from db.runs import Metric, Sample
from db.tables import Run

log = logging.getLogger("studio.training")


def train(settings: Settings, watch: Watch, folder: Path) -> None:
    """Train the run that is held, going on from what is in the folder, and write its result.

    Raises:
        Stopped: The watch said so; a checkpoint is committed.
        HelperLost: Of several processes one died.
        StudioError: Something that a person can put right.
        LostLease: The run is no longer ours.
    """
    plan = watch.persist(lambda: _plan(settings, watch))
    _tell_curve_again(watch, plan, folder)
    pace, place = pace_of(watch, plan)
    with helped(plan, folder, settings.models_folder, settings.processes) as world:
        log.info("Processes that do this run: %d", world.size)
        record = execute(plan, folder, settings.models_folder, Listener(on_step=Reporter(watch, pace), should_stop=watch.should_stop), world)
    if pace.contradicts and place is not None:
        watch.persist(lambda: _doubt(watch, place))
    _finish(watch, record, f"{watch.key}/{record.adapter.relative_to(folder).as_posix()}")


def _plan(settings: Settings, watch: Watch) -> RunPlan:
    with watch.sessions.read() as session:
        run = runs.get_run(session, watch.claim.job_id)
        version = constitutions.get_version_by_id(session, run.version_id)
        query_set = query_sets.get_query_set(session, run.query_set_id)
        if not query_sets.is_whole(query_set):
            raise QueryError(f"The stored queries of “{query_set.name}” were changed since they were uploaded. Upload the file again, and train on that.")
        plan = RunPlan(
            constitution=require_readable(decode(version.content_text, version.sha256), f"Version {version.number}, which this run trains on,"),
            queries=tuple(from_rows(query_set.rows)),
            model=ModelReference(id=open_store(settings).model_of_row(run.model), revision=run.revision),
            known_as=run.model,
            config=config_from_data(run.config),
            device=settings.device,
        )
        return replace(plan, checked=made_check(session, _wanted(run, plan), run.job.created_at))


def _wanted(run: Run, plan: RunPlan) -> Wanted:
    return Wanted(
        version_id=run.version_id,
        query_set_id=run.query_set_id,
        model=run.model,
        constitution=plan.constitution,
        queries=plan.queries,
        config=plan.config,
    )


def _doubt(watch: Watch, place: str) -> None:
    with watch.sessions.begin() as session:
        doubt_machine(session, place)


def pace_of(watch: Watch, plan: RunPlan) -> tuple[Pace, str | None]:
    """What the run is expected to take, and the place that this rests on: of a model or a machine that nobody knows, only its proportions."""
    with watch.sessions.read() as session:
        row = serving_machine(session)
    hardware = hardware_from_data(row.hardware) if row is not None else None
    seconds = estimate(plan.config, DEFAULT_SHAPE, hardware or TYPICAL, plan.constitution, checked=plan.checked is not None).seconds
    return Pace(seconds, is_known=hardware is not None and plan.model.id == DEFAULT_MODEL), row.place if row is not None else None


def _tell_curve_again(watch: Watch, plan: RunPlan, folder: Path) -> None:
    """Write the rows of the steps that an earlier attempt made: it may have been killed after it had committed them, and before it had told of them."""
    several = plan.config.iterations > 1  # else a step's report does not name its iteration
    numbers = [
        Metric(step=int(row["step"]), name=name, value=value)
        for row in Curve(folder / "curve.json").rows
        for name, value in row.items()
        if name != "step" and (several or name != "iteration")
    ]

    def write() -> None:
        with watch.sessions.begin() as session:
            runs.add_metrics(session, watch.claim, numbers)

    if numbers:
        watch.persist(write)


def _finish(watch: Watch, record: RunRecord, adapter: str) -> None:
    def write() -> None:
        with watch.sessions.begin() as session:
            if record.model.revision is not None:
                runs.set_model_revision(session, watch.claim, record.model.revision)
            runs.finish(session, watch.claim, adapter, record.adapter_sha256, result_data(record))
            _require_kept(runs.get_run(session, watch.claim.job_id), record)

    watch.persist(write)
    log.info("Finished in %.0f s; adapter %s", record.duration_s, record.adapter_sha256[:12])


def _require_kept(run: Run, record: RunRecord) -> None:
    """Read the figures back before they count as stored.

    Raises:
        ResultError: They would be none that a page can show.
    """
    try:
        kept = run_result_from_data(run.result or {})
    except ValueError as error:
        raise ResultError(
            f"The figures of this run cannot be stored: {error}. This is a mistake of the studio; its files are kept, and the log has more."
        ) from error
    if kept.report != record.result:
        raise ResultError(
            "The figures of this run, as they were read back, are not those that were measured. This is a mistake of the studio; its files are kept."
        )


class Reporter:
    """Turns step reports into rows: at most once a second, except for what would otherwise be lost."""

    def __init__(self, watch: Watch, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self.watch, self.pace, self.clock = watch, pace, clock
        self.written_at = -1e9
        self.pending: list[Metric] = []
        self.lasting: dict[str, None] = {}  # in the order they came

    def __call__(self, report: StepReport) -> None:
        """`on_step` of a run."""
        self.pending += [Metric(step=report.step, name=name, value=value) for name, value in report.metrics.items()]
        if report.lasting:
            self.lasting[report.lasting] = None
        log.info("%s", describe(report))
        left_s = self.pace.left_s(report.phase, report.done, report.total, self.clock())
        due = self.clock() - self.written_at >= 1.0
        if due or report.replies or report.checkpoint is not None or report.done == report.total:
            self._write(report, left_s)

    def _write(self, report: StepReport, left_s: float | None) -> None:
        checkpoint = f"{self.watch.key}/{report.checkpoint}" if report.checkpoint is not None else None
        progress = Progress(
            phase=report.phase,
            step=report.done,
            total_steps=report.total,
            eta_s=left_s,
            checkpoint=checkpoint,
            notice=report.note if report.phase == "preparing" else " ".join(self.lasting),
        )
        try:
            self.watch.persist(lambda: self._store(progress, _samples(report)))
        except Interrupted:
            return  # the work asks next whether to stop, and commits what it has
        self.pending = []
        self.written_at = self.clock()

    def _store(self, progress: Progress, replies: list[Sample]) -> None:
        with self.watch.sessions.begin() as session:
            claims.set_progress(session, self.watch.claim, progress)
            if self.pending:
                runs.add_metrics(session, self.watch.claim, self.pending)
            if replies:
                runs.add_samples(session, self.watch.claim, replies)


def _samples(report: StepReport) -> list[Sample]:
    positions: dict[str, int] = {}
    return [
        Sample(step=report.step, position=positions.setdefault(reply.query, len(positions)), query=reply.query, side=reply.side, text=reply.text)
        for reply in report.replies
    ]


def describe(report: StepReport) -> str:
    """A report as one line of a log."""
    numbers = " ".join(f"{name} {value:.3f}" for name, value in report.metrics.items())
    return " ".join(part for part in (report.phase, f"{report.done}/{report.total}", numbers, report.note) if part)
