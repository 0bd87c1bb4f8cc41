"""The held-out replies that a finished run was measured on, as its files hold them."""

import fnmatch
import glob
import json
from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol

from app.processes.protocol import attempt_key
from app.processes.store import MissingFileError, Store
from core.constitution.principles import SIDES
from core.errors import ReplyError, StudioError
from core.measure.values import Answered, Report, Roles, replies_from_data, roles
from core.methods.arms import ARTIFACTS, Arm
from core.runs.phases import READING, SCENARIO_READING
from db.tables import Run


class NothingToTakeError(StudioError):
    """There is no such row, or it has no such file; the message says which."""

    kind = "nothing-to-take"


class Files(Protocol):
    """What is asked of wherever the files lie."""

    def names(self, key: str) -> list[str]:
        """The files that lie directly under a key, by name."""

    def open(self, key: str) -> BinaryIO:
        """A file to be read."""


def finished_key(store: Store, run: Run) -> str:
    """The key of the attempt that finished a run, which must be one of the run's own.

    Raises:
        NothingToTakeError: There is none.
    """
    if run.adapter is None:
        raise NothingToTakeError(f"Run {run.id} has no adapter yet.")
    own = attempt_key(run.id, run.job.attempt)
    if run.adapter not in {f"{own}/{kind}" for kind in ARTIFACTS} or not store.names(run.adapter):
        raise NothingToTakeError(f"The files of run {run.id} are not on this machine.")
    return own


def read_file(store: Files, key: str) -> bytes:
    """What lies under a key. Raises MissingFileError."""
    with store.open(key) as file:
        return file.read()


def reply_rows(store: Files, key: str, report: Report) -> dict[Arm, list[dict[str, Any]]]:
    """The rows of each arm, as they were written when it was measured.

    Args:
        store: Where the files lie.
        key: Of the attempt that finished.
        report: Its arms are those whose replies are read.
    """
    arms = [figures.arm for figures in report.arms]
    return {arm: _rows(store, key, _reply_files(store, key, arm, roles(arms))) for arm in arms}


def scenario_rows(store: Files, key: str, report: Report) -> dict[Arm, list[dict[str, Any]]]:
    """The same of the replies to test scenarios; empty where the report has none."""
    if all(principle.scenarios is None for principle in report.principles):
        return {}
    names = sorted(store.names(key))
    return {figures.arm: _rows(store, key, fnmatch.filter(names, _pattern("scenarios", figures.arm))) for figures in report.arms}


def measured_replies(store: Files, key: str, report: Report) -> Answered:
    """The same as values, with those to scenarios where the report has some.

    Raises:
        ReplyError: They cannot be read, or are not there.
    """
    try:
        found = {arm: replies_from_data(_with_readings(store, key, READING.format(arm.key), rows)) for arm, rows in reply_rows(store, key, report).items()}
        tried = scenario_rows(store, key, report)
        own = {arm: replies_from_data(_with_readings(store, key, SCENARIO_READING.format(arm.key), rows)) for arm, rows in tried.items()}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, MissingFileError, OSError) as error:
        raise ReplyError(f"The stored replies in {key} cannot be read ({error!r:.200}). Bring them back from a backup, or train again.") from error
    if lost := [arm.key for arm, replies in (*found.items(), *own.items()) if not replies]:
        raise ReplyError(f"The stored replies of {', '.join(dict.fromkeys(lost))} are not in {key}. Bring them back from a backup, or train again.")
    return Answered(replies=found, own=own)


def _rows(store: Files, key: str, names: Sequence[str]) -> list[dict[str, Any]]:
    return [row for name in names for row in json.loads(read_file(store, f"{key}/{name}"))]


def _pattern(what: str, arm: Arm) -> str:
    return f"{what}-{glob.escape(arm.key)}-[0-9]*.json"


def _with_readings(store: Files, key: str, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of an arm with what was read of those under the statements, which lies in a file of its own; earlier runs have none."""
    if name not in store.names(key):
        return rows
    stated = [row for row in rows if row["side"] == SIDES[0]]
    for row, read in zip(stated, json.loads(read_file(store, f"{key}/{name}")), strict=True):
        row |= {"query_logprobs": read["logprobs"], "read_tokens": read["tokens"]}
    return rows


def _reply_files(store: Files, key: str, arm: Arm, parts: Roles) -> list[str]:
    """The files of an arm's replies. A run that was measured before there were arms named them for the base and the aligned model."""
    names = sorted(store.names(key))
    before = {parts.control: "base", parts.trained: "aligned"}.get(arm)
    earlier = fnmatch.filter(names, f"{before}-replies-*.json") if before is not None else []
    return fnmatch.filter(names, _pattern("replies", arm)) or earlier
