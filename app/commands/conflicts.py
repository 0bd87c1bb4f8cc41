"""`conflicts`: what a studio keeps of two principles that were set against each other on the Train page; any can be deleted."""

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
    return kept.add_to(commands, CONFLICTS)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    return kept.run(options, CONFLICTS)


def _rows(sessions: "Sessions", store: "Store") -> Sequence[Mapping[str, object]]:
    from db.conflicts import list_conflicts

    with sessions.read() as session:
        found = list_conflicts(session, MOST)
    return [
        {
            "conflict": each.conflict.id,
            "constitution": each.constitution_name,
            "version": each.version_number,
            "first": each.conflict.first,
            "second": each.conflict.second,
            "model": store.model_of_row(each.conflict.model),
            "requested_by": each.conflict.requested_by,
            "made_at": each.conflict.made_at.isoformat(timespec="seconds"),
        }
        for each in found
    ]


def _loses(sessions: "Sessions", conflict_id: int) -> str:
    from app.present.deleting import CONFLICT_GOES
    from app.services.deleting import require_conflict

    require_conflict(sessions, conflict_id)
    return CONFLICT_GOES


def _delete(sessions: "Sessions", store: "Store", conflict_id: int) -> None:
    from app.services.deleting import delete_conflict

    delete_conflict(sessions, conflict_id)


CONFLICTS = Kept(
    noun="conflict",
    what="the conflicts between two principles",
    goes="its figures and its replies are gone for good",
    rows=_rows,
    loses=_loses,
    delete=_delete,
)
