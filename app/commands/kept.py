"""What a studio keeps of checks before a run, of conflicts between two principles and of the laboratory's batteries: listed, and deleted."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.commands.terminal import is_sure
from app.commands.user import COMMAND_LINE, operator
from app.settings import MOST_DIGITS, Settings

if TYPE_CHECKING:
    from app.processes.store import Store
    from db.session import Sessions

MOST = 1000  # that are listed


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One kind of what is kept."""

    noun: str
    what: str  # it is, for --help
    goes: str  # with it, for --help
    rows: "Callable[[Sessions, Store], Sequence[Mapping[str, object]]]"  # newest first
    loses: "Callable[[Sessions, int], str]"  # what goes with one, for the question
    delete: "Callable[[Sessions, Store, int], None]"
    plural: str = ""  # of the noun; empty: with an s
    verb: str = ""  # of the command; empty: the plural

    @property
    def several(self) -> str:
        """More than one."""
        return self.plural or f"{self.noun}s"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", kept: Kept) -> list[argparse.ArgumentParser]:
    """Add the verb. Returns the parsers that take the folder of the data."""
    noun = kept.noun
    top = commands.add_parser(kept.verb or kept.several, help=f"list {kept.what} that a studio keeps, and delete one")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="list|delete")
    listing = verbs.add_parser("list", help=f"list the {kept.several}, newest first", description=f"List the newest {kept.several}, {MOST:,} at most.")
    listing.add_argument("--json", action="store_true", help="print JSON instead of lines")
    deleting = verbs.add_parser("delete", help=f"delete a {noun}", description=f"Delete a {noun}: {kept.goes}.")
    deleting.add_argument("id", type=_id, metavar="ID")
    deleting.add_argument("--yes", action="store_true", help="do not ask first")
    return [listing, deleting]


def _id(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"must be a number, as `list` prints it, got {text[:40]!r}")
    return int(text)


def run(options: argparse.Namespace, kept: Kept) -> int:
    """Do it. Returns the exit status."""
    from app.processes.store import open_store
    from app.services.accounts import open_accounts

    settings = Settings.from_environment(os.environ, data=options.data)
    sessions = open_accounts(settings)
    if options.verb == "list":
        _list(kept, kept.rows(sessions, open_store(settings)), options.json)
    else:
        _delete(kept, sessions, open_store(settings), options)
    return 0


def _list(kept: Kept, rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        print("  ".join(str(part) for part in row.values()))
    if not rows:
        print(f"There is no {kept.noun}.", file=sys.stderr)


def _delete(kept: Kept, sessions: "Sessions", store: "Store", options: argparse.Namespace) -> None:
    from app.services.audit import acting

    row_id: int = options.id
    goes = kept.loses(sessions, row_id)
    if not options.yes and not is_sure(f"Delete {kept.noun} {row_id}? {goes}"):
        print("Nothing was deleted.")
        return
    with acting(operator(), COMMAND_LINE):
        kept.delete(sessions, store, row_id)
    print(f"{kept.noun.capitalize()} {row_id} is deleted.")
