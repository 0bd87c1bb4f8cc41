"""`checks`: the checks before a run that a studio keeps; any can be deleted, with the marks of it."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.commands import kept
from app.commands.kept import MOST, Kept

if TYPE_CHECKING:
    from app.processes.store import Store
    from db.session import Sessions


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add this command. Returns the parsers that take the folder of the data."""
    return kept.add_to(commands, CHECKS)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    return kept.run(options, CHECKS)


def _rows(sessions: "Sessions", store: "Store") -> Sequence[Mapping[str, object]]:
    from db.checks import list_checks

    with sessions.read() as session:
        found = list_checks(session, MOST)
    return [
        {
            "check": each.check.id,
            "constitution": each.constitution_name,
            "version": each.version_number,
            "model": store.model_of_row(each.check.model),
            "requested_by": each.check.requested_by,
            "made_at": each.check.made_at.isoformat(timespec="seconds"),
        }
        for each in found
    ]


def _loses(sessions: "Sessions", check_id: int) -> str:
    from app.present.deleting import check_goes
    from app.services.deleting import marks_to_lose

    return check_goes(marks_to_lose(sessions, check_id))


def _delete(sessions: "Sessions", store: "Store", check_id: int) -> None:
    from app.services.deleting import delete_check

    delete_check(sessions, check_id)


CHECKS = Kept(
    noun="check",
    what="the checks before a run",
    goes="its verdict, its replies and every mark of them are gone for good",
    rows=_rows,
    loses=_loses,
    delete=_delete,
)
