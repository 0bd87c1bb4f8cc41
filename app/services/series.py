"""The runs of one click that differ in their seed alone, as one result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.services.stored import seed_of
from core.measure.series import Series, median_says, pool, series_to_data, why_not_pooled
from core.measure.values import Report
from core.runs.results import RunResult
from db.status import JobStatus
from db.tables import Run

PENDING = (JobStatus.QUEUED, JobStatus.RUNNING)


@dataclass(frozen=True, kw_only=True)
class SeriesRun:
    """One of them."""

    run: int
    seed: int | None  # None: cannot be read
    status: JobStatus


@dataclass(frozen=True, kw_only=True)
class SeriesView:
    """All of them, and what they come to."""

    runs: tuple[SeriesRun, ...]  # in the order in which they were queued
    result: Series | None  # of those that have finished; None where they cannot be pooled
    use: int | None  # the run whose adapter is the one to use; None without a result
    says: str  # which that is and why, or why there is no result

    @property
    def pending(self) -> bool:
        """Whether one of them waits or is under way."""
        return any(each.status in PENDING for each in self.runs)


def series_view(runs: Sequence[Run], results: Mapping[int, RunResult | None]) -> SeriesView | None:
    """What the runs of a series come to, with the result of each by its id; None for a run that was asked for alone."""
    if len(runs) < 2:
        return None
    shown = tuple(SeriesRun(run=run.id, seed=seed_of(run), status=run.job.status) for run in runs)
    finished = _finished(runs, results)
    problem = _differing(runs) or (why_not_pooled(finished) if len(finished) < 2 else "")
    if problem:
        return SeriesView(runs=shown, result=None, use=None, says=problem)
    left_out = {seed: _became(run) for run in runs if (seed := seed_of(run)) is not None and seed not in finished}
    try:
        result = pool({seed: report for seed, (_, report) in finished.items()}, left_out)
    except ValueError as error:  # the rows of a result were changed
        return SeriesView(runs=shown, result=None, use=None, says=f"The results cannot be pooled: {error}.")
    return SeriesView(runs=shown, result=result, use=finished[result.median.seed][0], says=median_says(result.median))


def _finished(runs: Sequence[Run], results: Mapping[int, RunResult | None]) -> dict[int, tuple[int, Report]]:
    """By seed, the runs that ended with a report, and it."""
    found = ((seed_of(run), run.id, results[run.id]) for run in runs if run.job.status == JobStatus.FINISHED)
    return {seed: (run_id, result.report) for seed, run_id, result in found if seed is not None and result is not None}


def _became(run: Run) -> str:
    return "finished, but its result cannot be read" if run.job.status == JobStatus.FINISHED else run.job.status.value


def _differing(runs: Sequence[Run]) -> str:
    """Why the runs are no series, where their rows say so; a model of the Hub may have changed between two of them."""
    asked = [(run.version_id, run.query_set_id, run.model, _but_for_the_seed(run.config)) for run in runs]
    if any(each != asked[0] for each in asked):
        return "The results cannot be pooled: the runs differ in more than their seed."
    revisions = sorted({run.revision for run in runs if run.revision is not None})
    return f"The results cannot be pooled: the model was another one meanwhile (revisions {', '.join(revisions)})." if len(revisions) > 1 else ""


def _but_for_the_seed(config: Any) -> Any:
    return {name: value for name, value in config.items() if name != "seed"} if isinstance(config, Mapping) else config


def series_state(view: SeriesView) -> dict[str, Any]:
    """The same as plain JSON data."""
    return {
        "runs": [{"run": each.run, "seed": each.seed, "status": each.status.value} for each in view.runs],
        "use": view.use,
        "says": view.says,
        "result": series_to_data(view.result) if view.result is not None else None,
    }
