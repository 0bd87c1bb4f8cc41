"""`drift`: train on one constitution, measured on all: what else did training change?"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.lab import HELD_OUT, INTERRUPTED, whole_number
from core.errors import ConfigError, QueryError
from core.methods.variants import REAL, VARIANTS

if TYPE_CHECKING:
    from app.settings import Settings
    from core.engine.models import LoadedModel
    from core.lab.drift.given import Given
    from core.lab.drift.plan import DriftPlan

TEXT = """\
What else did training change? Every arm answers the same held-out queries: the base, the base with each text in its prompt, what was trained on each with
its text and with none, three decoding rules, and controls where they are named. Every check of every constitution then judges all replies, and each cell says
what changed over the base under the same prompt. What changed beside the principles that were trained on is an alarm, corrected for the number of cells.
Replies are kept in --out as they are drawn, so that Ctrl-C loses nothing and the same command goes on; report.html and report.json there say what came of it.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    drift = commands.add_parser("drift", help="what else did training change? Train on one constitution, measured on all", description=TEXT)
    _add_pairs(drift, "--trained", "a constitution file, and the adapter or vector folder that was trained on it; may be given several times")
    drift.add_argument("--run", action="append", default=[], type=whole_number, metavar="N", help="a finished run of the studio: its constitution and adapter")
    drift.add_argument("--constitution", action="append", default=[], type=Path, metavar="FILE", help="one more, on which nothing was trained")
    for key, variant in VARIANTS.items():
        if key != REAL:
            _add_pairs(drift, f"--{key}", f"as --trained, of what was trained as a control of the text: {variant.title.lower()}")
    drift.add_argument("--out", type=Path, metavar="DIR", help="folder of the results")
    drift.add_argument("--estimate", action="store_true", help="say what would be asked and how long it takes here, and ask nothing")
    drift.add_argument("--queries", type=Path, metavar="FILE", help="as for the other commands (default: the studio's everyday queries)")
    drift.add_argument("--query-field", metavar="NAME", help="the column or key that holds the queries, where it is not found by itself")
    drift.add_argument("--limit", type=whole_number, metavar="N", help=f"ask at most N held-out queries (default: {HELD_OUT})")
    drift.add_argument("--model", metavar="ID", help="the default model's name, a Hub id such as org/name, or a folder (default: that of the first run)")
    drift.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, …")
    drift.add_argument("--seed", type=int, help="seed of the replies (default: the first run's, else 0)")
    drift.add_argument("--max-new-tokens", type=whole_number, help="longest reply in tokens (default: the first run's, else 64)")
    drift.add_argument("--temperature", type=float, help="sampling temperature, 0 = greedy (default: the first run's, else 0.7)")
    drift.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return [drift]


def _add_pairs(command: argparse.ArgumentParser, name: str, told: str) -> None:
    command.add_argument(name, action="append", default=[], type=_pair, metavar="FILE=DIR", help=told)


def _pair(text: str) -> tuple[Path, Path]:
    """`FILE=DIR`; a name may have an = of its own, so the file is the first part that is one."""
    parts = text.split("=")
    cuts = [("=".join(parts[:i]), "=".join(parts[i:])) for i in range(1, len(parts))]
    if not cuts or not all(cuts[0]):
        raise argparse.ArgumentTypeError(f"must be a constitution file, = and a folder, such as brief.yaml=runs/brief/adapter; got {text[:80]!r}")
    file, folder = next((cut for cut in cuts if Path(cut[0]).is_file()), cuts[0])
    return Path(file), Path(folder)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    if options.out is None and not options.estimate:
        raise ConfigError("It is not said where the results are to go. Add --out DIR, or --estimate to see how long it takes.")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise ConfigError(f"--out is {str(options.out)!r}, which is no folder. Name one, such as drift/starters.")
    from app.commands.inputs import open_settings
    from app.commands.terminal import quiet

    quiet()
    with ExitStack() as held:
        given = _given(options, held)
        settings = open_settings(options)  # after a studio that is named was looked for: this makes its folder
        plan = _plan(options, settings, given)
        print(_forecast(plan, options.device), file=sys.stderr, flush=True)
        return 0 if options.estimate else _run(options, settings, plan)


def _run(options: argparse.Namespace, settings: "Settings", plan: "DriftPlan") -> int:
    from app.commands.terminal import Printer, StopRequest
    from app.present.drift import drift_lines
    from app.present.drift_report import drift_html
    from core.lab.drift.data import drift_to_data
    from core.lab.drift.measuring import Drifting, report_drift
    from core.progress import Stopped

    stop, model = StopRequest(), _load(options, settings, plan)
    try:
        found = report_drift(Drifting(plan=replace(plan, model=model.reference), folder=options.out, model=model, on_step=Printer(), should_stop=stop))
    except Stopped:
        print(f"Stopped. What was drawn is in {options.out}; the same command goes on.", file=sys.stderr)
        return INTERRUPTED
    (options.out / "report.html").write_text(drift_html(found), encoding="utf-8")
    print(json.dumps(drift_to_data(found), ensure_ascii=False, indent=1) if options.json else "\n".join(drift_lines(found)))
    return 0


def _given(options: argparse.Namespace, held: ExitStack) -> "list[Given]":
    """Everything that was trained; the adapters of runs as folders of this machine, as long as they are held."""
    from app.commands.files import read_constitution
    from app.processes.adapter_models import read_run
    from core.constitution.principles import from_data
    from core.lab.drift.given import Given, variant_of

    found = []
    for key in VARIANTS:
        for file, folder in getattr(options, key if key != REAL else "trained"):
            record = read_run(folder)
            variant = key if key != REAL else variant_of(record)
            found.append(Given(constitution=read_constitution(file), folder=folder, record=record, variant=variant))
    for number in options.run:
        folder = _of_studio(options, number, held)
        record = read_run(folder)
        if record is None:
            raise ConfigError(f"The files of run {number} are not on this machine any more. Leave it out.")
        found.append(Given(constitution=from_data(record["constitution"]), folder=folder, record=record, variant=variant_of(record)))
    return found


def _of_studio(options: argparse.Namespace, number: int, held: ExitStack) -> Path:
    from app.commands.mark import require_studio
    from app.services.lab import adapter_folder

    return held.enter_context(adapter_folder(require_studio(options), number))


def _plan(options: argparse.Namespace, settings: "Settings", given: "Sequence[Given]") -> "DriftPlan":
    from app.commands.files import read_constitution
    from app.commands.inputs import chosen_sampling
    from app.processes.adapter_models import base_of
    from core.lab.drift.given import Replying, first_of, plan_of
    from core.settings import ModelReference

    first = first_of(given)
    record = dict(first.record) if first is not None and first.record is not None else None
    sampling, seed = chosen_sampling(options, record)
    model = ModelReference(id=options.model or settings.model)
    if options.model is None and first is not None and record is not None:
        model = base_of(record, first.folder, settings)
    replying = Replying(held_out=_held_out(options, seed, given), model=model, sampling=sampling, seed=seed)
    return plan_of(given, list(map(read_constitution, options.constitution)), replying)


def _held_out(options: argparse.Namespace, seed: int, given: "Sequence[Given]") -> tuple[str, ...]:
    """Held-out queries that nothing here was trained on, as far as its records say."""
    from app.commands.inputs import read_queries
    from app.commands.measure import held_out
    from app.services.starter_queries import FILES, FOLDER, STARTER_NAME
    from core.lab.drift.given import trained_on

    options.queries = options.queries or FOLDER / FILES[STARTER_NAME]
    options.limit, options.seed = options.limit or HELD_OUT, seed
    asked, _ = held_out(read_queries(options, "held_out"), options, None, trained_on(given))
    if not asked:
        raise QueryError(f"{options.queries} has no held-out query to ask that no adapter was trained on. Add some, or leave the split out.")
    return tuple(asked)


def _forecast(plan: "DriftPlan", device: str) -> str:
    """How much is asked, and for how long, before it begins."""
    from app.present.drift import forecast
    from app.services.lab import model_shape
    from core.engine.hardware import survey
    from core.engine.models import choose_device
    from core.lab.costs import DriftCost

    shape = model_shape(plan.model.id)
    return forecast(plan, DriftCost(shape=shape, hardware=survey(choose_device(device))).seconds(plan) if shape is not None else None)


def _load(options: argparse.Namespace, settings: "Settings", plan: "DriftPlan") -> "LoadedModel":
    from app.commands.terminal import Printer
    from core.engine.layouts import with_layouts_tried
    from core.engine.models import Placing, choose_device, load_model

    placing = Placing(device=choose_device(options.device), four_bit=plan.config.four_bit)
    model = with_layouts_tried(load_model(plan.model, settings.models_folder, placing, Printer().fetching))
    for notice in model.notices:
        print(notice, file=sys.stderr)
    return model
