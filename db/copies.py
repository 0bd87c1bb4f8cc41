"""Copies of a whole database: how one is made while the studio runs, and what is in it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from db.conflict_table import Conflict
from db.constitutions import damaged_versions
from db.errors import BrokenCopy
from db.mark_tables import Check, Mark
from db.pick_table import CardPick
from db.session import make_sessions
from db.status import JobStatus
from db.tables import Comparison, Constitution, Job, QuerySet, Run, Version

COUNTED = {
    "constitutions": Constitution,
    "versions": Version,
    "query sets": QuerySet,
    "runs": Run,
    "comparisons": Comparison,
    "checks": Check,
    "conflicts": Conflict,
    "marks": Mark,
    "picks": CardPick,
}


@dataclass(frozen=True, kw_only=True)
class JobFiles:
    """What a job's rows name in the store."""

    job_id: int
    running: bool
    keys: tuple[str, ...]  # of folders that must be there


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a database holds."""

    schema: str
    counts: dict[str, int]
    jobs: tuple[JobFiles, ...]
    damaged: tuple[str, ...]  # versions that do not match their hash


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file as it is at one moment, also while others write to it, and see to it that the copy is on the disk.

    Raises:
        BrokenCopy: The copy is damaged, most likely because the file is.
    """
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, whatever mode the studio uses
            verdict = writing.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BrokenCopy(f"The database cannot be copied: {error}.") from error
    if verdict != "ok":
        raise BrokenCopy(f"The copy of {source.name} is damaged: {verdict}.")
    with target.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def one_moment(engine: Engine) -> Iterator[tuple[Session, str]]:
    """PostgreSQL as it is at one moment: a session that sees it, and the name by which pg_dump sees the same."""
    with make_sessions(engine).read() as session:
        yield session, str(session.scalar(text("SELECT pg_export_snapshot()")))


def contents(session: Session) -> Contents:
    """Read what a database of the newest schema holds.

    Raises:
        BrokenCopy: SQLite finds the file damaged, or rows that point nowhere.
    """
    if session.get_bind().dialect.name == "sqlite":
        verdict = session.scalar(text("PRAGMA integrity_check"))
        if verdict != "ok" or session.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise BrokenCopy(f"The database is damaged: {verdict if verdict != 'ok' else 'rows point to others that are not there'}.")
    heads = MigrationContext.configure(session.connection()).get_current_heads()
    rows = session.execute(select(Job.id, Job.status, Job.checkpoint, Run.adapter).outerjoin(Run, Run.id == Job.id).order_by(Job.id))
    return Contents(
        schema=", ".join(heads),
        counts={name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in COUNTED.items()},
        jobs=tuple(JobFiles(job_id=row[0], running=row[1] == JobStatus.RUNNING, keys=tuple(key for key in row[2:] if key)) for row in rows),
        damaged=tuple(f"version {version.number} of constitution {version.constitution_id}" for version in damaged_versions(session)),
    )
