"""`train`: a run on plain files."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.commands.files import read_constitution
from app.commands.inputs import note_scenarios, note_topic, open_settings, place_of, read_queries
from app.commands.made_check import found_by_check
from app.commands.series import train_series
from app.commands.terminal import Printer, StopRequest, quiet
from app.present.balance import balance_lines
from app.present.table import report_lines
from app.present.trainability import trainability_lines
from app.processes.helpers import helped
from app.processes.protocol import HELPER_LOST, HelperLost
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.measure.values import Report
from core.methods.settings import preset, with_settings
from core.progress import Listener, Stopped
from core.runs.demands import require_possible
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.runs.records import RunRecord
from core.settings import ModelReference, require_in_range


def run(options: argparse.Namespace) -> int:
    """`train`: leaves `adapter/` (or `vector/`) and `run.json` in the folder, or with several seeds a folder of each; stops and resumes at any step."""
    quiet()
    settings = open_settings(options)
    model = options.model or settings.model
    plan = RunPlan(
        constitution=read_constitution(options.constitution),
        queries=tuple(read_queries(options)),
        model=ModelReference(id=model),
        known_as=place_of(model),
        config=with_settings(
            preset(options.preset, method=options.method, seed=options.seed),
            [*options.set, *([f"variant={options.variant}"] if options.variant is not None else [])],
        ),
        device=options.device,
    )
    require_possible(plan.constitution, plan.queries, plan.config)
    if options.check is not None:
        require_in_range(options.seeds == 1, "--check", str(options.check), "left out where several seeds are asked for: each draws its own")
        plan = replace(plan, checked=found_by_check(options.check, plan))
    note_topic(plan.constitution, plan.queries)
    note_scenarios(plan.constitution, plan.queries, plan.config)
    if plan.model.id == DEFAULT_MODEL:
        print(DEFAULT_NOTICE)
    stop = StopRequest()

    def train(one: RunPlan, folder: Path) -> RunRecord:
        with helped(one, folder, settings.models_folder, options.processes or settings.processes) as world:
            return execute(one, folder, settings.models_folder, Listener(on_step=Printer(), should_stop=stop), world)

    try:
        if options.seeds > 1:
            print("\n".join(plan.config.notes), end="\n" if plan.config.notes else "")
            return train_series(plan, options.seeds, options.out, lambda one, folder: _told_briefly(train(one, folder)))
        _tell(train(plan, options.out), plan.config.notes)
    except HelperLost as error:
        print(f"error: {error}", file=sys.stderr)
        return HELPER_LOST
    except Stopped:
        print(f"Stopped; what was done is in {options.out}. The same command goes on from there.", file=sys.stderr)
        return 130
    return 0


def _tell(record: RunRecord, notes: Sequence[str]) -> None:
    said = [str(each["says"]) for each in (*record.endings, record.made) if each]
    before = [*trainability_lines(record.trainability), *notes]
    endings = ["", *said] if said else []
    print("\n".join([*before, "", *report_lines(record.result), *balance_lines(record.balance), *endings]))
    _tell_adapter(record)


def _told_briefly(record: RunRecord) -> Report:
    """The report of one of several runs, once what it says of each principle has been printed."""
    print("\n".join(principle.sentence for principle in record.result.principles))
    _tell_adapter(record)
    return record.result


def _tell_adapter(record: RunRecord) -> None:
    print(f"\n{record.adapter.name.capitalize()}: {record.adapter}  (sha256 {record.adapter_sha256[:12]}, {record.duration_s:.0f} s)")
