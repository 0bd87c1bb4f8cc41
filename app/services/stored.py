"""What rows hold, as values: read whatever it is, and proved readable inside the transaction that writes it.

The database is the only source of truth, so what cannot be read back is not written: a mistake of ours is rolled back, in words. And what was written
once is read for good: an unreadable row is a value that says why, and the pages go on with the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import db.constitutions as store
from core.constitution.principles import Constitution, to_data
from core.constitution.queries import Query, from_rows
from core.constitution.stored import Unreadable, decode, encode, read_stored, require_readable
from core.errors import ConfigError, QueryError, StudioError
from core.measure.conflicts import PairReplies, pair_of, replies_from_data
from core.methods.settings import TrainConfig, config_from_data
from core.methods.variants import REAL, control_title
from core.runs.checked import Checked, checked_from_data
from core.runs.results import RunResult, run_result_from_data
from db.conflict_table import Conflict
from db.constitutions import NewVersion, named_version
from db.mark_tables import Check
from db.query_sets import is_whole
from db.rows import lost_keys
from db.status import JobStatus
from db.tables import Base, Draft, QuerySet, Run, Version


class NotKeptError(StudioError):
    """What was read back is not what was meant. Nothing was saved."""

    kind = "not-kept"

    def __init__(self, what: str) -> None:
        super().__init__(f"Nothing was saved: {what}, as it was read back, is not what was meant. This is a mistake of the studio. Take your text as a file.")


def constitution_of(version: Version) -> Constitution | Unreadable:
    """What a version says, or why that cannot be read."""
    if not version.id:  # `db.constitutions.named_version`
        return Unreadable("there is no such version in the database.", "")
    return decode(version.content_text, version.sha256)


def problem_of(version: Version) -> str:
    """Why a version cannot be read; empty when it can."""
    found = constitution_of(version)
    return found.reason if isinstance(found, Unreadable) else ""


def require_constitution(version: Version) -> Constitution:
    """What a version says, for whoever can do nothing without it.

    Raises:
        ConstitutionError: It cannot be read.
    """
    return require_readable(constitution_of(version), f"Version {version.number} of constitution {version.constitution_id}")


def draft_content(version: Version) -> dict[str, Any] | None:
    """What a draft of a version begins with; None where it cannot be read."""
    found = constitution_of(version)
    return None if isinstance(found, Unreadable) else to_data(found)


def write_version(session: Session, new: NewVersion, meant: Constitution) -> Version:
    """Save a version, and read it back from the database before anybody can.

    Raises:
        NotKeptError: The row does not say what was meant.
        StoreError: As `db.constitutions.add_version`.
    """
    version = store.add_version(session, new)
    session.refresh(version)
    if version.content_text != encode(meant) or constitution_of(version) != meant:
        raise NotKeptError(f"version {version.number}")
    return version


def config_of(run: Run) -> TrainConfig | Unreadable:
    """What a run was asked for with, or why that cannot be read: mostly that another version of the studio wrote it."""
    try:
        return config_from_data(run.config)
    except ConfigError as error:
        return Unreadable(str(error), str(run.config))


def preset_name(run: Run) -> str:
    """The preset that a run was asked for with, also where its settings as a whole cannot be read."""
    return str(run.config.get("preset", "")) if isinstance(run.config, Mapping) else ""


def seed_of(run: Run) -> int | None:
    """The seed that a run was asked for with, as `preset_name`."""
    seed = run.config.get("seed") if isinstance(run.config, Mapping) else None
    return seed if isinstance(seed, int) else None


def control_of(run: Run) -> str:
    """What was trained in the place of the text, as `preset_name`; empty where it was the text."""
    variant = run.config.get("variant", REAL) if isinstance(run.config, Mapping) else REAL
    return control_title(str(variant))


def read_result(run: Run) -> RunResult | None:
    """What a finished run ended with; None where there is nothing, or nothing that can be read."""
    try:
        return _here(run_result_from_data(run.result)) if run.result is not None else None
    except ValueError:
        return None


def _here(result: RunResult) -> RunResult:
    """A result whose arms name what lies beside it: earlier ones named a path of the machine that trained it."""
    arms = tuple(
        replace(figures, arm=replace(figures.arm, artifact=replace(worn, place=worn.kind))) if (worn := figures.arm.artifact) is not None else figures
        for figures in result.report.arms
    )
    return replace(result, report=replace(result.report, arms=arms))


def checked_of(row: Check, constitution: Constitution) -> Checked | None:
    """A kept check with its replies; None where they cannot be read, or are on other principles."""
    try:
        found = checked_from_data({"trainability": row.result, "replies": row.replies})
    except ValueError:
        return None
    return found if len(found.found.principles) == len(constitution.principles) else None


def conflict_replies_of(row: Conflict, constitution: Constitution) -> tuple[Constitution, PairReplies] | None:
    """The two principles of a kept conflict, and its replies; None where either cannot be read."""
    try:
        pair = pair_of(constitution, row.first, row.second)
        return pair, replies_from_data(pair, row.replies)
    except (ConfigError, ValueError):
        return None


def run_problems(run: Run, version: Version) -> Iterator[str]:
    """What of a run cannot be read, and why."""
    if why := problem_of(version):
        yield f"Version {version.number}, which it was made from, cannot be read: {why}"
    if isinstance(found := config_of(run), Unreadable):
        yield f"Its settings cannot be read: {found.reason}"
    if run.job.status == JobStatus.UNREADABLE:
        yield "Where it stands cannot be read: its row holds a status that this studio does not know."


def queries_of(row: QuerySet) -> list[Query]:
    """The queries of a set.

    Raises:
        QueryError: They cannot be read, or are not those that were stored.
    """
    try:
        if is_whole(row):
            return from_rows(row.rows)
    except QueryError:
        pass
    raise QueryError(f"The stored queries of “{row.name}” were changed since they were uploaded, so they cannot be used. Upload the file again.")


def unreadable_versions(session: Session) -> list[str]:
    """Every version that cannot be read, in words with the reason."""
    versions = [(v, problem_of(v) or _unnumbered(v)) for v in session.scalars(select(Version).order_by(Version.id))]
    return [f"version {v.number} of constitution {v.constitution_id} ({why})" for v, why in versions if why]


def _unnumbered(version: Version) -> str:
    return "" if version.number > 0 else f"its number is none; it is the row with id {version.id}"


def unreadable_rows(session: Session) -> list[str]:
    """Every other row that cannot be read."""
    found = []
    for run in session.scalars(select(Run).order_by(Run.id)):
        if isinstance(config := config_of(run), Unreadable):
            found.append(f"settings of run {run.id} ({config.reason})")
        if run.job.status == JobStatus.UNREADABLE:
            found.append(f"status of run {run.id}")
    for row in session.scalars(select(QuerySet).order_by(QuerySet.id)):
        try:
            queries_of(row)
        except QueryError:
            found.append(f"query set {row.id}")
    found += [
        f"draft of {d.editor} of constitution {d.constitution_id}" for d in session.scalars(select(Draft)) if isinstance(read_stored(d.content), Unreadable)
    ]
    kept_checks = session.scalars(select(Check).where(Check.deleted_at.is_(None)).order_by(Check.id))
    found += [f"check {row.id}" for row in kept_checks if not _is_readable(row, named_version(session, row.version_id))]
    kept_conflicts = session.scalars(select(Conflict).where(Conflict.deleted_at.is_(None)).order_by(Conflict.id))
    found += [f"conflict {row.id}" for row in kept_conflicts if not _is_readable(row, named_version(session, row.version_id))]
    found += [words for mapper in Base.registry.mappers for words in lost_keys(session, mapper.class_)]
    return found


def _is_readable(row: Check | Conflict, version: Version) -> bool:
    """What is of a version that cannot be read is that version's fault."""
    constitution = constitution_of(version)
    try:
        config_from_data(row.config)
    except ConfigError:
        return False
    if isinstance(constitution, Unreadable):
        return True
    return (checked_of(row, constitution) if isinstance(row, Check) else conflict_replies_of(row, constitution)) is not None
