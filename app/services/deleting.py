"""Deleting a run or a battery of the laboratory (its rows at once, then its files), a kept check with the marks of it, and a kept conflict."""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

import db.runs as runs
from app.processes.protocol import job_key
from app.processes.store import Store
from app.services.askings import read_askings
from app.services.audit import record
from app.services.lab_jobs import lab_job, wish_of
from app.services.studio import in_words
from core.errors import StudioError
from db import checks, conflicts
from db.jobs import bury, request_stop
from db.marks import marks_of_check
from db.picks import delete_picks, picks_of
from db.session import Sessions

log = logging.getLogger(__name__)


class FilesLeftError(StudioError):
    """The run or the battery is gone, its files are not."""

    kind = "files-left"


def delete_run(sessions: Sessions, store: Store, run_id: int) -> None:
    """Take a run that has ended away for good. Versions, queries and the other runs of its series stay; comparisons keep their texts.

    Raises:
        StudioError: There is no such run, it waits or runs, or its files could not be removed.
    """
    with in_words(), sessions.begin() as session:
        run = runs.get_run(session, run_id)
        details: dict[str, Any] = {"version_id": run.version_id, "model": run.model, "status": run.job.status.value}
        for asking in read_askings(session, run_id):
            if asking.pending:
                request_stop(session, asking.id)
        runs.delete_run(session, run_id)
        record(session, "run.deleted", f"run {run_id}", **details)
    _remove_files(store, run_id, "Run")


def _remove_files(store: Store, job_id: int, called: str) -> None:
    try:
        store.remove(job_key(job_id))
    except OSError as error:
        log.exception("The files of %s %d could not be removed", called, job_id)
        told = f"{called} {job_id} is deleted, but its files could not be removed ({error.strerror}). Remove {job_key(job_id)} in the folder of the data."
        raise FilesLeftError(told) from error


def picks_to_lose(sessions: Sessions, lab_id: int) -> Mapping[str, int]:
    """How many picks of a battery's cards count, by who made them: they would go with it.

    Raises:
        StudioError: There is no such battery.
    """
    with in_words(), sessions.read() as session:
        lab_job(session, lab_id)
        return Counter(pick.who for pick in picks_of(session, lab_id))


def delete_lab(sessions: Sessions, store: Store, lab_id: int) -> None:
    """Take a battery that has ended away for good, with what it found and whoever's picks. Run, version and queries stay.

    Raises:
        StudioError: There is no such battery, it waits or runs, or its files could not be removed.
    """
    with in_words(), sessions.begin() as session:
        wish = wish_of(lab_job(session, lab_id))
        details: dict[str, Any] = {"run": wish.run, "version": wish.version, "picks": len(picks_of(session, lab_id))}
        bury(session, lab_id, "Battery")
        delete_picks(session, lab_id)
        record(session, "lab.deleted", f"job {lab_id}", **details)
    _remove_files(store, lab_id, "Battery")


def marks_to_lose(sessions: Sessions, check_id: int) -> Mapping[str, int]:
    """How many marks of a check count, by who made them: they would go with it.

    Raises:
        StudioError: There is no such check.
    """
    with in_words(), sessions.read() as session:
        checks.get_check(session, check_id)
        return Counter(mark.who for mark in marks_of_check(session, check_id))


def delete_check(sessions: Sessions, check_id: int) -> None:
    """Take a check away for good, with its verdict, its replies and whoever's marks of them.

    Raises:
        StudioError: There is no such check.
    """
    with in_words(), sessions.begin() as session:
        check = checks.get_check(session, check_id)
        details: dict[str, Any] = {"version_id": check.version_id, "model": check.model, "marks": len(marks_of_check(session, check_id))}
        checks.delete_check(session, check_id)
        record(session, "check.deleted", f"check {check_id}", **details)


def require_conflict(sessions: Sessions, conflict_id: int) -> None:
    """Raise StudioError unless there is such a conflict."""
    with in_words(), sessions.read() as session:
        conflicts.get_conflict(session, conflict_id)


def delete_conflict(sessions: Sessions, conflict_id: int) -> None:
    """Take a conflict away for good, with its replies.

    Raises:
        StudioError: There is no such conflict.
    """
    with in_words(), sessions.begin() as session:
        kept = conflicts.get_conflict(session, conflict_id)
        details: dict[str, Any] = {"version_id": kept.version_id, "model": kept.model}
        conflicts.delete_conflict(session, conflict_id)
        record(session, "conflict.deleted", f"conflict {conflict_id}", **details)
