"""Deleting a run: its rows at once, then its files."""

import logging
from typing import Any

import db.runs as runs
from app.processes.protocol import job_key
from app.processes.store import Store
from app.services.askings import read_askings
from app.services.audit import record
from app.services.studio import in_words
from core.errors import StudioError
from db.jobs import request_stop
from db.session import Sessions

log = logging.getLogger(__name__)


class FilesLeftError(StudioError):
    """The run is gone, its files are not."""

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
    try:
        store.remove(job_key(run_id))
    except OSError as error:
        log.exception("The files of run %d could not be removed", run_id)
        told = f"Run {run_id} is deleted, but its files could not be removed ({error.strerror}). Remove {job_key(run_id)} in the folder of the data."
        raise FilesLeftError(told) from error
