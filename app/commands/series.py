"""`train --seeds N`: a run for each seed, one after the other, and what they come to."""

import gc
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.present.table import series_lines
from core.engine.checkpoints import write_json
from core.engine.processes import ALONE
from core.errors import ContrastError, LinkError, first_line
from core.measure.report_data import report_from_data
from core.measure.series import Series, median_says, pool, series_to_data, why_not_pooled
from core.measure.values import Report
from core.progress import Stopped
from core.runs.phases import artifact_of
from core.runs.plan import RunPlan
from core.runs.records import claim_folder

FINISHED, UNFINISHED = "finished", "not finished"
RECORD = "series.json"


@dataclass
class _Done:
    """What has become of each seed, and the reports there are."""

    states: dict[int, str]
    kind: str  # of what each run leaves
    reports: dict[int, Report] = field(default_factory=dict)

    @property
    def series(self) -> Series | None:
        left_out = {seed: state for seed, state in self.states.items() if state != FINISHED}
        return pool(self.reports, left_out) if len(self.reports) > 1 else None


def train_series(plan: RunPlan, seeds: int, out: Path, train: Callable[[RunPlan, Path], Report]) -> int:
    """Train with the plan's seed and those that follow it, each in `out/seed-S`; leaves `out/series.json`. What is done is not done again.

    A seed with which nothing can be learned is told and left out; whatever else goes wrong ends the command.

    Args:
        plan: Of the first run.
        seeds: How many.
        out: A folder; made when missing.
        train: Does one run in a folder, and gives its report.

    Returns:
        The exit status: 0 where every seed finished.
    """
    plans = {seed: replace(plan, config=replace(plan.config, seed=seed)) for seed in range(plan.config.seed, plan.config.seed + seeds)}
    done = _Done(states=dict.fromkeys(plans, UNFINISHED), kind=artifact_of(plan.config).kind)
    out.mkdir(parents=True, exist_ok=True)
    for place, (seed, each) in enumerate(plans.items(), 1):
        folder = out / _folder(seed)
        print(f"Seed {seed}, {place} of {seeds}: {folder}", file=sys.stderr)
        try:
            done.reports[seed] = _finished(each, folder) or train(each, folder)
            done.states[seed] = FINISHED
        except (LinkError, ContrastError) as error:
            done.states[seed] = f"failed: {first_line(error).rstrip('.')}"
            print(f"Seed {seed} is left out: {error}", file=sys.stderr)
        except Stopped:
            done.states[seed] = "stopped"
            write_json(out / RECORD, _data(done))
            raise
        write_json(out / RECORD, _data(done))
        gc.collect()  # what a run leaves in cycles is the memory of the next one's model
    print("\n".join(_lines(done, out)))
    return 0 if len(done.reports) == seeds else 1


def _folder(seed: int) -> str:
    return f"seed-{seed}"


def _finished(plan: RunPlan, folder: Path) -> Report | None:
    """The report of a run that is done already; None where it is not, or cannot be read any more."""
    if not (folder / "run.json").exists() or not (folder / artifact_of(plan.config).kind).is_dir():
        return None
    claim_folder(plan, folder, ALONE)
    try:
        report = report_from_data(json.loads((folder / "run.json").read_text(encoding="utf-8"))["result"])
    except (ValueError, LookupError, TypeError):
        return None
    print(f"{folder} is done already.", file=sys.stderr)
    return report


def _data(done: _Done) -> Mapping[str, Any]:
    series = done.series
    return {
        "runs": [{"folder": _folder(seed), "seed": seed, "status": state} for seed, state in done.states.items()],
        "use": f"{_folder(series.median.seed)}/{done.kind}" if series is not None else None,
        "says": median_says(series.median) if series is not None else why_not_pooled(done.reports),
        "result": series_to_data(series) if series is not None else None,
    }


def _lines(done: _Done, out: Path) -> list[str]:
    series = done.series
    if series is None:
        return [why_not_pooled(done.reports)]
    return [*series_lines(series), "", f"{done.kind.capitalize()} to use: {out / _folder(series.median.seed) / done.kind}"]
