"""`ask`: a model as judge of a run's replies, over an OpenAI-compatible endpoint, or loaded here."""

import argparse
import json
import math
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from app.commands.mark import COMMAND_LINE, require_studio
from app.commands.user import operator
from app.present.text import count
from app.settings import MOST_DIGITS
from core.errors import ConfigError

if TYPE_CHECKING:
    from app.services.judges import Judge
    from app.services.model_judging import Asking, ByPrinciple, CardDone, Prices, Tally
    from app.services.studio import Studio

INTERRUPTED = 130
TEXT = """\
Have a model say of the held-out replies of a finished run whether they follow the principles: of the cards that people are shown by `mark`, and as blind.
Each card is asked about twice, with statement and antithesis in either order, and only what the model says both times counts. What it says is held
against the marks of people; where they do not agree with it far enough it is shown and not used. Ctrl-C loses nothing: the same command goes on.
Without --judge the model is loaded here, and nothing leaves this machine. The key of an endpoint is read from STUDIO_JUDGE_KEY. The studio's own
default model is too small to judge anything (docs/decisions.md).
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    ask = commands.add_parser("ask", help="have a model judge a run's replies, over an OpenAI-compatible endpoint or loaded here", description=TEXT)
    ask.add_argument("--run", required=True, type=_number, metavar="N", help="the number of a finished run of the studio")
    ask.add_argument("--beside", type=_number, metavar="N", help="another run, whose replies are mixed with those of --run: the two of an amendment's evidence")
    ask.add_argument(
        "--judge", metavar="ADDRESS", help="of the endpoint, such as http://127.0.0.1:8000/v1 (llama.cpp, Ollama, vLLM, …); default: the model is loaded here"
    )
    ask.add_argument("--model", required=True, metavar="NAME", help="as the endpoint calls it; without --judge a Hub id or a folder")
    ask.add_argument("--device", default="auto", help="for a model that is loaded here: auto, cpu, cuda, cuda:0, mps (default: auto)")
    ask.add_argument("--limit", type=_number, metavar="K", help="only the first K cards (default: all)")
    ask.add_argument("--max-tokens", type=_number, default=64, metavar="N", help="of an answer; a model that thinks aloud needs more (default: 64)")
    ask.add_argument("--price-in", type=_price, metavar="X", help="of a million tokens that are sent, to be told the cost")
    ask.add_argument("--price-out", type=_price, metavar="Y", help="of a million tokens that are answered")
    ask.add_argument("--who", metavar="NAME", help="who has it asked (default: your name on this machine)")
    ask.add_argument("--yes", action="store_true", help="do not ask first")
    ask.add_argument("--json", action="store_true", help="print what it came to as JSON")
    return [ask]


def _number(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text[:40]!r}")
    return int(text)


def _price(text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = math.nan
    if not 0 <= price < 1e9:
        raise argparse.ArgumentTypeError(f"must be a price, such as 0.15, got {text[:40]!r}")
    return price


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.services.actors import UNNAMED, require_name
    from app.services.audit import acting
    from app.services.model_judging import plan_asking

    prices = _prices(options)
    who = options.who if options.who is not None else operator()
    name = who if who == UNNAMED else require_name(who)
    studio = require_studio(options)
    judge = _judge(options, studio)
    planned = plan_asking(studio, options.run, judge, options.limit, options.beside)
    if not planned.cards:
        raise ConfigError(f"Run {options.run} has no replies to judge: no query was answered with a text.")
    if not _is_wanted(planned, options.yes):
        print("Nothing was asked.")
        return 0
    with acting(name, COMMAND_LINE):
        return _ask(studio, planned, judge, name, prices, options.json)


def _judge(options: argparse.Namespace, studio: "Studio") -> "Judge":
    """Who is asked: an endpoint, or a model of this machine."""
    from app.commands.local_models import LocalJudge
    from app.services.judge_endpoint import KEY_VARIABLE, JudgeEndpoint
    from app.services.writers import model_name

    if options.judge is not None:
        key = os.environ.get(KEY_VARIABLE) or None
        return JudgeEndpoint(address=options.judge.rstrip("/"), model=options.model, key=key, max_tokens=options.max_tokens)
    if not options.model.strip():
        raise ConfigError(f"The judge's model is {options.model!r}. Give a Hub id or a folder, or --judge ADDRESS.")
    folder = studio.settings.models_folder
    return LocalJudge(model=model_name(options.model), reference=options.model, models_folder=folder, device=options.device, max_tokens=options.max_tokens)


def _prices(options: argparse.Namespace) -> "Prices | None":
    from app.services.model_judging import Prices

    given = (options.price_in, options.price_out)
    if given == (None, None):
        return None
    if None in given:
        raise ConfigError("One price alone gives no cost. Give both --price-in and --price-out, or neither.")
    return Prices(tokens_in=options.price_in, tokens_out=options.price_out)


def _is_wanted(planned: "Asking", is_sure: bool) -> bool:
    """Say what would go where, and ask; nothing is asked where nothing would go, or nothing would leave this machine."""
    from app.services.judges import THIS_MACHINE

    have, wait = len(planned.cards) - len(planned.waiting), len(planned.waiting)
    known = f" ({have} of {len(planned.cards)} cards have a verdict of this judge)" if have else ""
    print(
        f"“{planned.book.constitution.name}”, {planned.book.source}: {2 * wait} questions about {count(wait, 'card')}{known} go to {planned.judge.address}, "
        f"model {planned.judge.model}. Each holds a query, a reply, a statement and its antithesis; not what wrote the reply, nor under which side.",
        file=sys.stderr,
    )
    if is_sure or not wait or planned.judge.address == THIS_MACHINE:
        return True
    if not sys.stdin.isatty():
        raise ConfigError("There is no terminal to ask at whether you are sure. Give --yes.")
    print("Ask them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _ask(studio: "Studio", planned: "Asking", judge: "Judge", who: str, prices: "Prices | None", as_json: bool) -> int:
    from app.commands.terminal import StopRequest
    from app.services.model_judging import ask, tally

    stop = StopRequest()
    try:
        ask(studio, planned, judge, who, _tell, stop)
    finally:  # also where the judge answers nothing: what was answered counts
        found = tally(studio, planned, prices)
        print(json.dumps(asdict(found), ensure_ascii=False) if as_json else "\n".join(_lines(found, prices)))
    if stop.asked:
        print("Stopped. The same command goes on.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _tell(done: "CardDone") -> None:
    said = {True: "follows", False: "does not"}.get(done.verdict.follows) if done.verdict.follows is not None else f"not judged: {done.verdict.reason.value}"
    print(f"{done.done}/{done.total}  {said}{f' ({done.failure})' if done.failure else ''}", file=sys.stderr, flush=True)


def _lines(found: "Tally", prices: "Prices | None") -> list[str]:
    lines = [f"{found.asked} of {found.cards} cards asked about" + (f", {found.failed} failed and will be asked about again." if found.failed else ".")]
    for principle in found.principles:
        lines += _principle_lines(principle)
    if found.median_ms is not None and found.p95_ms is not None:
        lines.append(f"A question took {found.median_ms / 1000:.2f} s (median; 95 of 100 at most {found.p95_ms / 1000:.2f} s).")
    untold = f" None were counted for {count(found.untold, 'card')}, not in this sum." if found.untold else ""
    cost = f" At {prices.tokens_in:g} and {prices.tokens_out:g} a million: {found.cost:.4f}." if prices is not None and found.cost is not None else ""
    return [*lines, f"Tokens: {found.tokens_in:,} sent, {found.tokens_out:,} answered.{cost}{untold}"]


def _principle_lines(principle: "ByPrinciple") -> list[str]:
    from core.measure.asked_models import BOUND, agreement_says
    from core.measure.lengths import LENGTH_BOUND, follows_length, longer_says
    from core.measure.model_judge import reaches_bound

    unjudged = "".join(f", {n} not judged: {reason}" for reason, n in principle.unjudged.items())
    bound = f"not used are {LENGTH_BOUND}" if reaches_bound(principle.agreement) and follows_length(principle.leaning) else BOUND
    meets = f"Reaches the bound ({BOUND}): used where no program and no marks judge." if principle.trusted else f"Shown and not used: {bound}."
    return [
        f"{principle.number} “{principle.title}”: {principle.follows} follow, {principle.does_not} do not{unjudged}.",
        f"  {agreement_says(principle.agreement)}. {longer_says(principle.leaning, principle.longer)}.",
        f"  {meets}",
    ]
