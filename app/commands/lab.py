"""`lab`: whether mutual information is sufficient here, probe by probe."""

import argparse
import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.settings import MOST_DIGITS
from core.errors import ConfigError, QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.commands.terminal import StopRequest
    from core.constitution.principles import Constitution
    from core.lab.bench import Bench
    from core.lab.plan import LabPlan

INTERRUPTED = 130
HELD_OUT = 24  # queries, where neither a run nor --limit says how many
TEXT = """\
Try on your own constitution whether mutual information is sufficient for alignment: each probe says beforehand what it predicts and what would count
against it. Results are kept in --out as they are found, so that Ctrl-C loses nothing and the same command goes on; report.html and report.json there
say what came of it. Without --probe the quick ones are run whose needs are met. Without --queries everyday queries of the studio are asked.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    lab = commands.add_parser("lab", help="try on a constitution whether mutual information is sufficient, by probes", description=TEXT)
    lab.add_argument("--list", action="store_true", help="list the probes instead: each with its system, what it needs and its minutes here")
    lab.add_argument("--constitution", type=Path, metavar="FILE", help="as for the other commands (default: that of the run)")
    examined = lab.add_mutually_exclusive_group()
    examined.add_argument("--adapter", type=Path, metavar="DIR", help="folder of the adapter or vector that is examined, of a run or a stranger's")
    examined.add_argument("--run", type=whole_number, metavar="N", help="the number of a finished run of the studio, whose adapter is examined")
    lab.add_argument("--probe", action="append", default=[], metavar="NAME", help="one of those that --list names; may be given several times")
    lab.add_argument("--out", type=Path, metavar="DIR", help="folder of the results")
    lab.add_argument("--queries", type=Path, metavar="FILE", help="as for the other commands (default: the studio's everyday queries)")
    lab.add_argument("--query-field", metavar="NAME", help="the column or key that holds the queries, where it is not found by itself")
    lab.add_argument("--decoys", action="append", default=[], type=Path, metavar="FILE", help="a constitution whose principles readers are to tell apart too")
    lab.add_argument("--limit", type=whole_number, metavar="N", help=f"measure on at most N held-out queries (default: as many as the run, else {HELD_OUT})")
    lab.add_argument("--reader-model", metavar="NAME", help="a further reader: a Hub id or a folder, by its likelihoods; with --reader as that calls it")
    lab.add_argument("--reader", metavar="ADDRESS", help="of an OpenAI-compatible endpoint that has the reader; its key is read from STUDIO_JUDGE_KEY")
    lab.add_argument("--read", action="store_true", help="read the replies in --out yourself instead, card by card, once the probe readers was run")
    lab.add_argument("--who", metavar="NAME", help="with --read: under which name (default: yours on this machine)")
    lab.add_argument("--yes", action="store_true", help="do not ask before anything is sent to --reader")
    lab.add_argument("--model", metavar="ID", help="the default model's name, a Hub id such as org/name, or a folder (default: that of the run)")
    lab.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, …")
    lab.add_argument("--seed", type=int, help="seed of the replies (default: the run's, else 0)")
    lab.add_argument("--max-new-tokens", type=whole_number, help="longest reply in tokens (default: the run's, else 64)")
    lab.add_argument("--temperature", type=float, help="sampling temperature, 0 = greedy (default: the run's, else 0.7)")
    lab.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return [lab]


def whole_number(text: str) -> int:
    """A number of queries, or of a run, as typed."""
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text[:40]!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    if options.list:
        return _list(options)
    if options.read:
        from app.commands import lab_cards

        return lab_cards.run(options)
    if options.out is None:
        raise ConfigError("It is not said where the results are to go. Add --out DIR, or --list to see what probes there are.")
    if options.out.exists() and not options.out.is_dir():
        raise ConfigError(f"--out is {str(options.out)!r}, which is no folder. Name one, such as lab/brevity.")
    from app.commands.terminal import StopRequest, quiet
    from core.lab.battery import require_probes

    quiet()
    require_probes(options.probe)
    with _adapter(options) as adapter:
        options.adapter = adapter
        stop = StopRequest()
        return _run(_bench(options, stop), options, stop)


def _run(bench: "Bench", options: argparse.Namespace, stop: "StopRequest") -> int:
    from app.present.lab import lab_lines
    from app.present.lab_report import lab_html
    from core.lab.battery import quick_battery, report_battery
    from core.lab.results import result_to_data
    from core.progress import Stopped

    keys: Sequence[str] = options.probe
    if not keys:
        chosen = quick_battery(bench)
        keys = chosen.keys
        for key, why in chosen.left:
            print(f"{key} is left out: {why}.", file=sys.stderr)
    try:
        found = report_battery(bench, keys)
    except Stopped:
        print(f"Stopped. What was found is in {options.out}; the same command goes on.", file=sys.stderr)
        return INTERRUPTED
    (options.out / "report.html").write_text(lab_html(found), encoding="utf-8")
    print(json.dumps(result_to_data(found), ensure_ascii=False, indent=1) if options.json else "\n".join(lab_lines(found)))
    return 0


def _adapter(options: argparse.Namespace) -> AbstractContextManager[Path | None]:
    """The adapter that is examined, as a folder of this machine."""
    if options.run is None:
        return nullcontext(options.adapter)
    from app.commands.mark import require_studio
    from app.services.lab import adapter_folder

    return adapter_folder(require_studio(options), options.run)


def _bench(options: argparse.Namespace, stop: "StopRequest") -> "Bench":
    """Everything the probes work with."""
    from app.commands.inputs import load, open_settings
    from app.commands.terminal import Printer
    from app.processes.adapter_models import read_run
    from core.lab.bench import Bench, examine
    from core.lab.cards import people

    record = read_run(options.adapter)
    _warn_of_control(record)
    settings = open_settings(options)
    plan = _plan(options, record)
    model = load(options, settings, record)
    return Bench(
        probe="",
        plan=replace(plan, model=model.reference),
        folder=options.out,
        own=options.out,
        model=model,
        models=settings.models_folder,
        examined=examine(options.adapter, record, plan.config.method if record is not None else None) if options.adapter is not None else None,
        readers=(*_readers(options, settings.models_folder), *people(options.out)),
        on_step=Printer(),
        should_stop=stop,
    )


def _warn_of_control(record: dict[str, Any] | None) -> None:
    """That the adapter is of a control, before anything is computed; its report says it too."""
    from core.methods.settings import config_from_data
    from core.methods.variants import control_note

    if record is not None and (note := control_note(config_from_data(record["config"]).variant)):
        print(f"Warning: the adapter that is examined is of a control. {note}", file=sys.stderr)


def _plan(options: argparse.Namespace, record: dict[str, Any] | None) -> "LabPlan":
    from app.commands.inputs import chosen_sampling, note_topic, read_queries
    from app.commands.measure import held_out
    from app.services.starter_queries import FILES, FOLDER, STARTER_NAME
    from core.lab.plan import LabPlan
    from core.methods.settings import TrainConfig, config_from_data
    from core.settings import ModelReference

    options.queries = options.queries or FOLDER / FILES[STARTER_NAME]
    constitution, queries = _constitution(options, record), read_queries(options, "held_out")
    if record is None:
        note_topic(constitution, queries)
    options.limit = options.limit or (HELD_OUT if record is None else None)
    asked, _ = held_out(queries, options, record)
    if not asked:
        raise QueryError(f"{options.queries} has no held-out query to ask that the adapter was not trained on. Add some, or leave the split out.")
    sampling, seed = chosen_sampling(options, record)
    config = replace(config_from_data(record["config"]) if record is not None else TrainConfig(), sampling=sampling, seed=seed)
    return LabPlan(
        constitution=constitution,
        queries=tuple(queries),
        held_out=tuple(asked),
        model=ModelReference(id=""),  # known once it is loaded
        config=config,
        others=_others(options, constitution),
        device=options.device,
    )


def _constitution(options: argparse.Namespace, record: dict[str, Any] | None) -> "Constitution":
    from app.commands.files import read_constitution
    from core.constitution.principles import from_data

    if options.constitution is not None:
        return read_constitution(options.constitution)
    if record is None:
        raise ConfigError("It is not said which constitution. Add --constitution FILE; only the record of a run that is examined has one of its own.")
    return from_data(record["constitution"])


def _others(options: argparse.Namespace, constitution: "Constitution") -> "tuple[Constitution, ...]":
    """Where decoys come from: the constitutions that are named, else the studio's starters."""
    from app.commands.files import read_constitution
    from app.services.studio import read_starters

    if options.decoys:
        return tuple(map(read_constitution, options.decoys))
    return tuple(starter.constitution for starter in read_starters() if starter.constitution.name != constitution.name)


def _readers(options: argparse.Namespace, models_folder: Path) -> "Sequence[Any]":
    """Those from outside that are named; what goes where is said before anything is sent."""
    if options.reader_model is None:
        if options.reader is not None:
            raise ConfigError("It is not said which model reads at --reader. Add --reader-model NAME, as the endpoint calls it.")
        return ()
    if options.reader is None:
        from app.commands.local_models import load_local
        from app.services.writers import model_name
        from core.measure.likelihoods import LikelihoodReader

        return (LikelihoodReader(f"{model_name(options.reader_model)} by likelihood", load_local(options.reader_model, models_folder, options.device)),)
    from app.services.judge_endpoint import KEY_VARIABLE, JudgeEndpoint
    from app.services.lab import endpoint_reader

    endpoint = JudgeEndpoint(address=options.reader.rstrip("/"), model=options.reader_model, key=os.environ.get(KEY_VARIABLE) or None)
    _require_wanted(endpoint.address, endpoint.model, is_sure=options.yes)
    return (endpoint_reader(endpoint),)


def _require_wanted(address: str, model: str, *, is_sure: bool) -> None:
    print(
        f"Every reply that readers are shown goes to {address}, model {model}, twice: with its query and the texts that it may have been written under; "
        "not what wrote it, nor under which of them.",
        file=sys.stderr,
    )
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise ConfigError("There is no terminal to ask at whether you are sure. Give --yes.")
    print("Send them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise ConfigError("Nothing was sent. Leave --reader out to go on without it.")


def _list(options: argparse.Namespace) -> int:
    """`lab --list`: the table of probes, with minutes for the default model, or the one that is named, on this machine."""
    from app.commands.files import read_constitution
    from app.services.lab import listed, model_shape
    from core.engine.hardware import survey
    from core.engine.models import choose_device

    constitution = read_constitution(options.constitution) if options.constitution is not None else None
    found = listed(constitution, model_shape(options.model), survey(choose_device(options.device)))
    if options.json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
        return 0
    for each in found:
        needs = f"needs {', '.join(each.needs)}" if each.needs else "needs nothing"
        print(f"{each.key:<19}{each.system:<20}{_minutes(each.minutes):>8}  {each.title} ({needs})")
        print(f"{'':<19}{each.asks}\n{'':<19}Predicted: {each.prediction}\n{'':<19}Against it: {each.against}")
    return 0


def _minutes(minutes: float | None) -> str:
    return f"{minutes:.1f} min" if minutes is not None else "? min"
