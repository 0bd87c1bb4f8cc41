"""`runs`: the runs of a studio; those that have ended can be deleted."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from app.commands.terminal import is_sure
from app.commands.user import COMMAND_LINE, operator
from app.settings import MOST_DIGITS, Settings

if TYPE_CHECKING:
    from app.processes.store import Store
    from app.services.run_views import RunLine
    from app.services.studio import Studio
    from db.session import Sessions

MOST = 1000  # runs that are listed
LOST = "its adapter, checkpoints, replies, marks and figures are gone for good"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    top = commands.add_parser("runs", help="list the runs of a studio, and delete those that have ended")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="list|delete")
    listing = verbs.add_parser("list", help="list the runs, newest first", description=f"List the newest runs, {MOST:,} at most.")
    listing.add_argument("--json", action="store_true", help="print JSON instead of lines")
    text = f"Delete a finished, stopped or failed run: {LOST}. The other runs of its series stay, and comparisons keep their texts."
    deleting = verbs.add_parser("delete", help="delete a run with its files", description=text)
    deleting.add_argument("run", type=_run_id, metavar="ID")
    deleting.add_argument("--yes", action="store_true", help="do not ask first")
    return [listing, deleting]


def _run_id(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"must be the number of a run, as `runs list` prints it, got {text[:40]!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    from app.processes.store import open_store
    from app.services.accounts import open_accounts
    from app.services.studio import open_studio

    settings = Settings.from_environment(os.environ, data=options.data)
    sessions, store = open_accounts(settings), open_store(settings)
    if options.verb == "list":
        _list(open_studio(settings), options.json)
    else:
        _delete(sessions, store, options.run, options.yes)
    return 0


def _list(studio: "Studio", as_json: bool) -> None:
    from app.services.runs import list_runs

    found = [_row(line) for line in list_runs(studio, limit=MOST)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for row in found:
        print("  ".join(str(part) for key, part in row.items() if key != "status"))
    if not found:
        print("There is no run.", file=sys.stderr)


def _row(line: "RunLine") -> dict[str, object]:
    from app.present.run_list import came_out

    return {
        "run": line.id,
        "status": line.status.value,
        "says": came_out(line),
        "constitution": line.constitution,
        "version": line.version_number,
        "model": line.model,
        "requested_by": line.requested_by,
        "created_at": line.created_at.isoformat(timespec="seconds"),
    }


def _delete(sessions: "Sessions", store: "Store", run_id: int, sure: bool) -> None:
    from app.services.audit import acting
    from app.services.deleting import delete_run

    if not sure and not is_sure(f"Delete run {run_id}? Then {LOST}."):
        print("Nothing was deleted.")
        return
    with acting(operator(), COMMAND_LINE):
        delete_run(sessions, store, run_id)
    print(f"Run {run_id} is deleted.")
