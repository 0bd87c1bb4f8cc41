"""`mark`: replies of a run or a check one at a time, and a person who says whether they follow a principle. No model is loaded."""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.user import operator
from app.settings import Settings
from core.errors import ConfigError

if TYPE_CHECKING:
    from app.services.cards import CardShown, Marking, MarkWish
    from app.services.desks import Desk
    from app.services.studio import Studio

COMMAND_LINE = "the command line"
ANSWERS = {"1": "follows", "2": "does not", "3": "cannot tell"}
KEYS = "1 follows, 2 does not, 3 cannot tell, u undo, q leave; Enter after each"
TEXT = """\
Read the held-out replies of a finished run, or those of a check before one, and say whether each follows the principle; what wrote it, and under which
side, is not shown.
The marks judge every principle that no program can, and stand beside the program where there is one. Everybody is shown the same cards, and leaving
loses nothing: the same command goes on.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    mark = commands.add_parser("mark", help="judge a run's replies yourself, one by one, blind to what wrote them", description=TEXT)
    of = mark.add_mutually_exclusive_group(required=True)
    of.add_argument("--run", metavar="ID|DIR", help="a run of the studio by its number, or the folder that train, or check --out, left (keeps DIR/marks.jsonl)")
    of.add_argument("--check", type=int, metavar="ID", help="a check of the studio by its number")
    mark.add_argument("--beside", type=int, metavar="ID", help="another run, whose replies are mixed with those of --run: the two of an amendment's evidence")
    mark.add_argument("--principle", type=int, metavar="N", help="which, from 1 on (default: the first that no program judges and that is not done)")
    mark.add_argument("--who", metavar="NAME", help="under which name the marks stand (default: yours on this machine)")
    mark.add_argument("--deals", type=int, default=1, metavar="N", help="of about 24 cards each (default: 1, and all that were begun)")
    does = mark.add_mutually_exclusive_group()
    does.add_argument("--export", type=Path, metavar="FILE", help="write all marks to FILE.csv or FILE.jsonl instead")
    does.add_argument("--import", dest="bring", type=Path, metavar="FILE", help="read marks from such a file instead; all of it, or nothing")
    does.add_argument("--json", action="store_true", help="print the result as the marks make it, and their agreement, as JSON instead")
    return [mark]


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.services.audit import acting

    who = options.who if options.who is not None else operator()
    if options.deals < 1:
        raise ConfigError(f"--deals is {options.deals}; it must be 1 or more.")
    with acting(who, COMMAND_LINE):
        desk = _desk(options, who)
        if options.export is not None:
            _export(desk, options.export)
        elif options.bring is not None:
            _bring(desk, options.bring)
        elif options.json:
            _print_json(desk)
        else:
            _mark(desk, options)
    return 0


def _desk(options: argparse.Namespace, who: str) -> "Desk":
    from app.services.actors import UNNAMED, require_name
    from app.services.cards import Source
    from app.services.desks import StudioDesk
    from app.services.folder_desks import open_folder

    name = who if who == UNNAMED else require_name(who)
    is_folder = options.run is not None and not options.run.isdecimal()
    if options.beside is not None and (is_folder or options.run is None):
        raise ConfigError(f"--beside is {options.beside}, and goes with --run ID alone, a run of the studio. Leave it out, or name that run.")
    if is_folder:
        return open_folder(Path(options.run), name)
    source = Source("run", int(options.run), options.beside) if options.run is not None else Source("check", options.check)
    return StudioDesk(studio=require_studio(options, ", or the folder of a run with --run"), source=source, who=name)


def require_studio(options: argparse.Namespace, otherwise: str = "") -> "Studio":
    """The studio of these options, which has to be there already.

    Raises:
        ConfigError: There is none.
    """
    from app.services.studio import open_studio

    settings = Settings.from_environment(os.environ, data=options.data)
    if settings.database_url.startswith("sqlite") and not settings.data.is_dir():
        raise ConfigError(f"There is no studio in {settings.data}. Name its folder with --data{otherwise}.")
    return open_studio(settings)


def _mark(desk: "Desk", options: argparse.Namespace) -> None:
    from app.services.cards import MarkWish

    at = desk.look(MarkWish(principle=options.principle, deals=options.deals))
    wish = MarkWish(principle=at.number, deals=options.deals)
    print(
        f"“{at.constitution}”, principle {at.number}: “{at.title}”\n  Does it follow this?  {at.statement}\n  Its antithesis:       {at.antithesis}\n  {KEYS}"
    )
    while at.card is not None:
        print(f"\n[{at.done + 1} of {at.total}]\n{_card(at.card)}")
        typed = _typed()
        if typed is None:
            print(f"{at.done} of {at.total} marked. The same command goes on.")
            return
        at = _answered(desk, wish, at, typed)
    _tell_end(at)


def _card(card: "CardShown") -> str:
    expected = {"Would follow": card.would_follow, "Would not": card.would_not}
    parts = {"Query": card.query, **{what: text for what, text in expected.items() if text}, "Reply": card.reply}
    cut = ["The reply was cut at the token limit: it had not ended."] if card.cut else []  # no text can say so: a name stands before each of its lines
    return "\n".join([*(_shown(what, text) for what, text in parts.items()), *cut])


def _shown(what: str, text: str) -> str:
    """A text with its name before each line, so that none can pass for a question of ours, and without signs that would move the cursor."""
    lines = "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text).split("\n")
    return "\n".join(f"{what if i == 0 else ' ' * len(what)} | {line}" for i, line in enumerate(lines))


def _answered(desk: "Desk", wish: "MarkWish", at: "Marking", typed: str) -> "Marking":
    from app.services.marking import Said

    if typed in ANSWERS and at.card is not None:
        return desk.mark(wish, Said(card=at.card.card, answer=ANSWERS[typed], request_key=f"terminal-{secrets.token_hex(16)}"))
    if typed == "u" and at.last is not None:
        return desk.undo(wish, at.last)
    print("There is nothing to undo." if typed == "u" else f"Type one of these: {KEYS}.", file=sys.stderr)
    return at


def _typed() -> str | None:
    """What was typed; None where somebody leaves."""
    print("> ", end="", flush=True)
    line = sys.stdin.readline()
    typed = line.strip().casefold()
    return None if not line or typed == "q" else typed


def _tell_end(at: "Marking") -> None:
    print(f"\nAll {at.done} marked." if at.total else "\nThere is nothing to mark: no query was answered with a text.")
    print("\n".join(at.says))
    if at.more:
        print(f"{at.more} more cards: the same command with --deals {at.deals + 1}.")


def _export(desk: "Desk", path: Path) -> None:
    from app.commands.files import require_writable

    suffix = path.suffix.casefold()
    if suffix not in (".csv", ".jsonl"):
        raise ConfigError(f"--export is {str(path)!r}; the name must end in .csv or .jsonl.")
    require_writable(path)
    text = desk.export("csv" if suffix == ".csv" else "jsonl")
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)
    print(f"Marks written to {path}.", file=sys.stderr)


def _bring(desk: "Desk", path: Path) -> None:
    from app.commands.files import read_bytes
    from app.services.mark_files import imported_says

    print(imported_says(desk.bring(read_bytes(path), path.name)))


def _print_json(desk: "Desk") -> None:
    from app.services.desks import found_to_data

    print(json.dumps(found_to_data(desk.found()), ensure_ascii=False))
