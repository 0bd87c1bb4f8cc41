"""`labs`: the batteries of the laboratory that were asked for in a studio; any that has ended can be deleted."""

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
    return kept.add_to(commands, LABS)


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    return kept.run(options, LABS)


def _rows(sessions: "Sessions", store: "Store") -> Sequence[Mapping[str, object]]:
    from app.services.lab_jobs import views_of

    with sessions.read() as session:
        views = views_of(session, store, MOST)
    return [
        {
            "battery": view.id,
            "status": view.status.value,
            "constitution": view.constitution,
            "version": view.version,
            "run": view.wish.run,
            "model": view.model,
            "requested_by": view.by,
            "made_at": view.made_at.isoformat(timespec="seconds"),
            **({"drift_of": list(view.wish.runs)} if view.wish.runs else {}),
        }
        for view in views
    ]


def _loses(sessions: "Sessions", lab_id: int) -> str:
    from app.present.deleting import lab_goes
    from app.services.deleting import picks_to_lose

    return lab_goes(picks_to_lose(sessions, lab_id))


def _delete(sessions: "Sessions", store: "Store", lab_id: int) -> None:
    from app.services.deleting import delete_lab

    delete_lab(sessions, store, lab_id)


LABS = Kept(
    noun="battery",
    plural="batteries",
    verb="labs",
    what="the batteries of the laboratory",
    goes="what it found, its replies and every pick of its cards are gone for good",
    rows=_rows,
    loses=_loses,
    delete=_delete,
)
