"""`train`: a run on plain files."""

import argparse
import sys

from app.commands.files import read_constitution
from app.commands.inputs import open_settings, place_of, read_queries
from app.commands.terminal import Printer, StopRequest, quiet
from app.present.balance import balance_lines
from app.present.table import report_lines
from app.present.trainability import trainability_lines
from app.processes.helpers import HelperLost, helped
from app.processes.protocol import HELPER_LOST
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.methods.settings import preset, with_settings
from core.progress import Listener, Stopped
from core.runs.demands import require_possible
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.settings import ModelReference


def run(options: argparse.Namespace) -> int:
    """`train`: leaves `adapter/` and `run.json` in the folder; stops and resumes at any step."""
    quiet()
    settings = open_settings(options)
    model = options.model or settings.model
    plan = RunPlan(
        constitution=read_constitution(options.constitution),
        queries=tuple(read_queries(options)),
        model=ModelReference(id=model),
        known_as=place_of(model),
        config=with_settings(preset(options.preset, method=options.method, seed=options.seed), options.set),
        device=options.device,
    )
    require_possible(plan.constitution, plan.queries, plan.config)
    if plan.model.id == DEFAULT_MODEL:
        print(DEFAULT_NOTICE)
    stop = StopRequest()
    try:
        with helped(plan, options.out, settings.models_folder, options.processes or settings.processes) as world:
            record = execute(plan, options.out, settings.models_folder, Listener(on_step=Printer(), should_stop=stop), world)
    except HelperLost as error:
        print(f"error: {error}", file=sys.stderr)
        return HELPER_LOST
    except Stopped:
        print(f"Stopped; what was done is in {options.out}. The same command goes on from there.", file=sys.stderr)
        return 130
    endings = ["", *(str(ending["says"]) for ending in record.endings)] if record.endings else []
    print("\n".join([*trainability_lines(record.trainability), "", *report_lines(record.result), *balance_lines(record.balance), *endings]))
    print(f"\nAdapter: {record.adapter}  (sha256 {record.adapter_sha256[:12]}, {record.duration_s:.0f} s)")
    return 0
