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
    from db.runs import RunSummary
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

    settings = Settings.from_environment(os.environ, data=options.data)
    sessions, store = open_accounts(settings), open_store(settings)
    if options.verb == "list":
        _list(sessions, store, options.json)
    else:
        _delete(sessions, store, options.run, options.yes)
    return 0


def _list(sessions: "Sessions", store: "Store", as_json: bool) -> None:
    from db.runs import list_runs

    with sessions.read() as session:
        found = [_row(summary, store) for summary in list_runs(session, limit=MOST, results=False)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for row in found:
        print("  ".join(str(part) for part in row.values()))
    if not found:
        print("There is no run.", file=sys.stderr)


def _row(summary: "RunSummary", store: "Store") -> dict[str, object]:
    run, job = summary.run, summary.run.job
    return {
        "run": run.id,
        "status": job.status.value,
        "constitution": summary.constitution_name,
        "version": summary.version_number,
        "model": store.model_of_row(run.model),
        "requested_by": job.requested_by,
        "created_at": job.created_at.isoformat(timespec="seconds"),
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
