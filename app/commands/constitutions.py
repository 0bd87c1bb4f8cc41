"""`constitutions`: those of a studio: listing, renaming, archiving and putting back, each as the first page does it."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from app.commands.user import COMMAND_LINE, operator

if TYPE_CHECKING:
    from app.services.studio import Studio

TEXT = """\
Where a constitution has roles (`amend role`), only its owners rename, archive and put back.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    top = commands.add_parser("constitutions", help="list, rename and archive the constitutions of a studio", description=TEXT)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="list|rename|archive|put-back")
    listing = verbs.add_parser("list", help="list those in use", description="List the constitutions in use: one's own, those of others, starters.")
    listing.add_argument("--archived", action="store_true", help="those that are archived instead")
    listing.add_argument("--json", action="store_true", help="print JSON instead of lines")
    for name, says in (("rename", "give one another name"), ("archive", "put one away; its versions and runs stay"), ("put-back", "take an archived one back")):
        verb = verbs.add_parser(name, help=says, description=says.capitalize() + ".")
        verb.add_argument("constitution", metavar="CONSTITUTION", help="as it is cited, such as brevity")
        if name == "rename":
            verb.add_argument("name", metavar="NAME", help="the new one; citations of the old one lead on")
    for verb in verbs.choices.values():
        verb.add_argument("--who", metavar="NAME", help="under which name (default: yours on this machine)")
    return list(verbs.choices.values())


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.commands.mark import require_studio
    from app.services.actors import require_name
    from app.services.audit import acting

    who = require_name(options.who if options.who is not None else operator())
    studio = require_studio(options)
    with acting(who, COMMAND_LINE):
        VERBS[options.verb](studio, options, who)
    return 0


def _list(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.addresses import named
    from app.services.constitutions import list_constitutions

    cards = [(named(studio, card.id).slug, card) for card in list_constitutions(studio, options.archived, who)]
    if options.json:
        rows = [{"cited": slug, **asdict(card)} for slug, card in cards]
        print(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    for slug, card in cards:
        version = f"version {card.version_number}" if card.version_number is not None else "no version yet"
        print(f"{slug}  {card.name}  {version}")
    if not cards:
        print("There is none.", file=sys.stderr)


def _rename(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.addresses import find, named
    from app.services.constitutions import rename

    of = find(studio, options.constitution)
    name = rename(studio, of.id, who, options.name)
    print(f"{of.name} is renamed to {name}, and cited as {named(studio, of.id).slug}.")


def _archive(studio: "Studio", options: argparse.Namespace, who: str) -> None:
    from app.services.addresses import find
    from app.services.constitutions import archive

    of, away = find(studio, options.constitution), options.verb == "archive"
    archive(studio, of.id, who, away)
    print(f"{of.name} is {'archived. Its versions and runs stay, and it can be put back' if away else 'put back among the constitutions in use'}.")


VERBS: dict[str, Callable[["Studio", argparse.Namespace, str], None]] = {
    "list": _list,
    "rename": _rename,
    "archive": _archive,
    "put-back": _archive,
}
