"""The command line. Each command imports what it needs when it runs, so that `--help` and the supervisor answer at once."""

import argparse
import os
import reprlib
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from app.commands import amend, ask, audit, checks, conflicts, constitutions, drift, lab, labs, mark, redline, runs, smaller, user
from app.commands.options import arm_options, backup_options, conflict_options, data_option, inputs, judge_options, propose_options, read_options, trial_options
from app.commands.terminal import show_plainly
from app.settings import MOST_DIGITS, MOST_PROCESSES, Settings
from core.constitution.principles import SIDES
from core.errors import StudioError
from core.measure.statistics import MOST_SEEDS
from core.measure.values import NO_SIDE
from core.methods.recipes import PROPOSED_RECIPE, RECIPES
from core.methods.settings import PRESETS
from core.methods.variants import REAL, VARIANTS
from db.errors import StoreError

VERBS = (
    *("read", "check", "train", "arms", "reply", "measure", "judge", "conflict", "mark", "ask", "propose", "trial", "smaller"),
    *("lab", "labs", "drift", "amend", "redline", "cite", "constitutions", "runs", "checks", "conflicts", "user", "audit", "backup", "restore"),
)  # each is `run(options)` in a module of app/commands
EPILOG = """\
examples:
  python -m app                                      serve the page at http://127.0.0.1:7860
  python -m app train --constitution brief.yaml --queries queries.jsonl --out runs/brief
  python -m app train --constitution brief.yaml --queries queries.jsonl --out runs/brief --seeds 3
  python -m app check --constitution brief.yaml --queries queries.jsonl
  python -m app measure --constitution brief.yaml --adapter runs/brief/adapter --queries queries.jsonl
  python -m app reply --constitution brief.yaml --adapter runs/brief/adapter --queries queries.jsonl --out replies.jsonl
  python -m app arms                                 list what --arm takes, with the settings of each
  python -m app reply --constitution brief.yaml --arm KEY --set NAME=VALUE --queries queries.jsonl --out replies.jsonl
  python -m app read queries.csv                     what is understood of a file, before it is used
  python -m app judge --constitution brief.yaml --replies replies.jsonl
  python -m app conflict --constitution brief.yaml --queries queries.jsonl --first 1 --second 2
  python -m app mark --run 3                         judge its replies yourself, one by one, blind to what wrote them
  python -m app ask --run 3 --judge http://127.0.0.1:8000/v1 --model NAME
  python -m app lab --constitution brief.yaml --adapter runs/brief/adapter --out lab/brief
  python -m app lab --list                           the probes of the laboratory, with their minutes here
  python -m app drift --trained brief.yaml=runs/brief/adapter --constitution warm.yaml --out drift/brief
  python -m app trial --constitution brief.yaml --check "max_words: 20"
  python -m app propose --wish "I want short answers."
  python -m app redline brevity --from 1 --to 2 --out brevity.docx
  python -m app cite "brevity@2#1"                   what a citation names; without @ the changelog
  python -m app user add Zoë                         from then on only those who have an account are let in
  python -m app backup studio.tar                    copy database and runs while the studio runs; restore studio.tar brings them back
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 only on success."""
    options = parser().parse_args(arguments)
    # How long PyTorch's threads spin before they sleep. The default, ten times and more, halves their speed wherever something else
    # wants a core of two; not spinning at all costs a fifth on a quiet machine (docs/decisions.md).
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    # Of 1,024 kernels that oneDNN keeps by default, most are for batches of a shape that never comes again, and each holds memory.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
    try:
        return _dispatch(options)
    except (StudioError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename or ''}. Check that the path exists and may be used.", file=sys.stderr)
        return 1


def _dispatch(options: argparse.Namespace) -> int:
    if options.command in VERBS or options.command == "doctor":
        show_plainly()
    if options.command in VERBS:
        return int(import_module(f"app.commands.{options.command}").run(options))
    if options.command != "helper":  # which does as the run that started it, and that may be a person's own
        os.umask(0o077)  # what the studio writes is for its owner alone, whatever the shell says; a verb writes where it is told, as the shell says
    settings = Settings.from_environment(os.environ, data=options.data, host=options.host, port=options.port, root_path=options.root_path)
    if options.command == "doctor":
        from app.commands import doctor

        return doctor.examine(settings, as_json=options.json)
    if options.command is None:
        from app.processes import supervisor

        return supervisor.supervise(settings)
    return _serve_part(options, settings)


def _serve_part(options: argparse.Namespace, settings: Settings) -> int:
    """The processes that `python -m app` starts; each can be started alone."""
    if options.command == "web":
        from app.web import app as web

        return web.serve(settings)
    if options.command == "trainer":
        from app.processes import trainer

        return trainer.serve(settings)
    if options.command == "model-host":
        from app.host import server as model_host

        return model_host.serve(settings)
    if options.command == "survey":
        from app.commands import survey

        return survey.run(settings)
    if options.command == "helper":
        from app.processes import helpers

        return helpers.serve(options.folder, options.number)
    from app.processes import attempt

    return attempt.main(settings, options.job, options.owner, options.attempt)


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="python -m app",
        description="Constitution Studio: write a constitution, train a LoRA on it, and see whether the model follows it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _serving(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands (none: serve the page)")
    read_options(commands.add_parser("read", help="what is understood of a file of queries, a constitution or replies"))
    _check(
        commands.add_parser(
            "check",
            help="ask the base whether training can work",
            description="Ask the base model whether it already does, now and then, what the principles say. Exit status 1 on a no-go.",
        )
    )
    _train(
        commands.add_parser(
            "train", help="train an adapter on a constitution", description="Train a LoRA adapter on a constitution. Ctrl-C saves; the same command resumes."
        )
    )
    arms = commands.add_parser("arms", help="list the ways to make a model follow a constitution, with their settings")
    arms.add_argument("--json", action="store_true", help="print JSON instead of lines")
    _reply(commands.add_parser("reply", help="answer queries by any arm: base or adapter, with or without the constitution …"))
    _measure(commands.add_parser("measure", help="measure an adapter or another arm against the base, on held-out queries"))
    judge_options(commands.add_parser("judge", help="what the checks say of replies that exist already, from whatever model"))
    conflict_options(commands.add_parser("conflict", help="set two principles against each other, and see which of them replies follow"))
    writing = propose_options(commands.add_parser("propose", help="have a model write a principle from a wish, or an antithesis or scenarios to a statement"))
    verbs = (mark, ask, lab, labs, drift, amend, redline, constitutions, runs, checks, conflicts, smaller, user, audit)
    added = [each for verb in verbs for each in verb.add_to(commands)]
    for command in (writing, trial_options(commands), *added, *backup_options(commands)):
        data_option(command)
    doctor = commands.add_parser("doctor", help="check this installation and say what is wrong")
    doctor.add_argument("--json", action="store_true", help="print JSON instead of lines")
    _serving(doctor)
    for name, text in (("web", "serve the page alone"), ("trainer", "work through the queue of runs"), ("model-host", "answer what the pages ask of a model")):
        _serving(commands.add_parser(name, help=text))
    _serving(commands.add_parser("survey", help="measure this machine for the estimates (started by the trainer)"))
    _started_by_others(commands)
    return top


def _started_by_others(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    attempt = commands.add_parser("attempt", help="one attempt at one job (started by the trainer)")
    attempt.add_argument("job", type=int)
    attempt.add_argument("owner")
    attempt.add_argument("attempt", type=int)
    _serving(attempt)
    helper = commands.add_parser("helper", help="one of several processes of a run (started by it)")
    helper.add_argument("folder", type=Path)
    helper.add_argument("number", type=int)
    _serving(helper)


def _serving(command: argparse.ArgumentParser) -> None:
    # SUPPRESS: an option given before the command is not undone by the command's own default.
    default = None if command.prog == "python -m app" else argparse.SUPPRESS
    command.add_argument(
        "--host", default=default, metavar="ADDRESS", help="address to serve on (STUDIO_HOST, 127.0.0.1); others need accounts or STUDIO_PASSWORD"
    )
    command.add_argument("--port", default=default, type=int, help="port to serve on (STUDIO_PORT, 7860)")
    command.add_argument("--root-path", default=default, metavar="PATH", help="where a reverse proxy serves the page, such as /studio (STUDIO_ROOT_PATH, none)")
    data_option(command, default)


def _check(command: argparse.ArgumentParser) -> None:
    inputs(command)
    _settings(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="a new folder that gets DIR/check.json, whose replies `mark --run DIR` shows to a person")
    command.add_argument("--json", action="store_true", help="print JSON instead of lines")


def _train(command: argparse.ArgumentParser) -> None:
    command.add_argument("--check", type=Path, metavar="DIR", help="a folder of `check --out`: what it found is used, and the base is not asked again")
    inputs(command)
    _settings(command)
    command.add_argument("--variant", choices=list(VARIANTS), help=f"what the principles are trained as: their text, or a control of it (default: {REAL})")
    command.add_argument(
        "--processes", type=_count, metavar="N", help="processes that train together, a GPU each (STUDIO_PROCESSES; default: one for each GPU, else one)"
    )
    command.add_argument(
        "--seeds",
        type=_seeds,
        default=1,
        metavar="N",
        help=f"train with N seeds (1 to {MOST_SEEDS}) from --seed on, one after another, into DIR/seed-S; DIR/series.json says what they come to (default: 1)",
    )
    command.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="gets DIR/adapter (a PEFT folder), or DIR/vector, and DIR/run.json (config, hashes, versions, metrics, result)",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > MOST_DIGITS or not 1 <= int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST_PROCESSES}, got {reprlib.repr(text)}")
    return int(text)


def _seeds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST_SEEDS}, got {text!r}")
    return int(text)


def _settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--preset", default="quick", choices=list(PRESETS), help="how much to train (default: quick)")
    command.add_argument("--method", default=PROPOSED_RECIPE, choices=list(RECIPES), help=f"how to train (default: {PROPOSED_RECIPE})")
    command.add_argument("--seed", type=int, default=0, help="decides split, sampling, order and adapter initialisation (default: 0)")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change one setting of the preset, for instance learning_rate=2e-4 or sampling.max_new_tokens=96",
    )


def _reply(command: argparse.ArgumentParser) -> None:
    inputs(command)
    command.add_argument(
        "--as",
        dest="side",
        default="statement",
        choices=(*SIDES, NO_SIDE),
        help="which side of every principle is put in the prompt (default: statement)",
    )
    arm_options(command, without="without --arm the adapter replies, with the constitution unless --as none; without an adapter the base")
    command.add_argument("--adapter", type=Path, metavar="DIR", help="adapter or vector folder of a run, where the arm needs one")
    command.add_argument("--seed", type=int, help="seed of the replies (default: the adapter's run's, else 0)")
    command.add_argument("--max-new-tokens", type=int, help="longest reply in tokens (default: the adapter's run's, else 64)")
    command.add_argument("--temperature", type=float, help="sampling temperature, 0 = greedy (default: the adapter's run's, else 0.7)")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.jsonl", help="gets one row a query: query, response, as, method, arm, seed, adapter")


def _measure(command: argparse.ArgumentParser) -> None:
    inputs(command)
    arm_options(command, without="without --arm the adapter with the constitution")
    command.add_argument("--adapter", type=Path, metavar="DIR", help="adapter or vector folder of a run, where the arm needs one")
    command.add_argument("--seed", type=int, help="seed of the replies (default: the adapter's run's, else 0)")
    command.add_argument("--limit", type=int, metavar="N", help="measure on at most N queries (default: as many as the adapter's run, else 24)")
    text = "with --arm proxy: an adapter that was trained on the decoded model itself; says how much of its gap to the base is closed"
    command.add_argument("--direct", type=Path, metavar="DIR", help=text)
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
