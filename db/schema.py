"""Bringing a database to the tables of this code, whatever it holds and however many processes start at once."""

import glob
import os
import sqlite3
import stat
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, text

from db.errors import BrokenMigration, NewerSchema
from db.session import BUSY_TIMEOUT_S, sqlite_engine

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 5_307_061  # any number that no other program locks in the same PostgreSQL database


def migrate(engine: Engine, files: Path | None = None) -> Path | None:
    """Bring the schema to the newest revision, in one transaction: afterwards it is the new one or still the old one.

    Safe when several processes call it at once: the first does the work, the others wait and find it done.

    Args:
        engine: Of the database.
        files: Root of the folder that the rows' files lie in, from which old rows with paths get keys.

    Returns:
        The copy of the SQLite file made before existing tables were changed; None where there was nothing to change.

    Raises:
        NewerSchema: The database was written by a newer version of the app. Nothing was changed.
        Unreachable: The database server does not answer.
        BrokenMigration: Rows would point nowhere afterwards. Nothing was changed.
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may be migrating, which takes as long as it takes
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            if _is_behind(connection):
                command.upgrade(alembic_config(connection, files), "head")
        return None
    path = Path(str(engine.url.database))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_private(path)
    # Foreign keys cannot be switched off inside a transaction, and Alembic's way of changing a SQLite table drops it for a moment.
    own = sqlite_engine(engine.url, BUSY_TIMEOUT_S, foreign_keys=False, poolclass=NullPool)
    with own.execution_options(studio_read=True).begin() as connection:  # whoever finds nothing to do waits for nobody
        if not _is_behind(connection):
            return None
    with own.begin() as connection:  # BEGIN IMMEDIATE: nobody else writes or migrates until the commit
        return _upgrade_sqlite(connection, files) if _is_behind(connection) else None


def _make_private(path: Path) -> None:
    """Make a new database for its owner alone; take an old one and its copies from others, whom an earlier start or a careless shell let in."""
    with suppress(OSError):  # there already, or SQLite says why it cannot be
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    for file in (path, *path.parent.glob(f"{glob.escape(path.name)}[-.]*")):  # SQLite gives its own files the rights of the database
        with suppress(FileNotFoundError, PermissionError):
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & 0o077:
                file.chmod(mode & 0o700)


def _upgrade_sqlite(connection: Connection, files: Path | None) -> Path | None:
    heads = MigrationContext.configure(connection).get_current_heads()
    copy = copy_aside(Path(str(connection.engine.url.database)), "-".join(heads)) if heads else None
    command.upgrade(alembic_config(connection, files), "head")
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if dangling:
        tables = ", ".join(sorted({str(row[0]) for row in dangling}))
        raise BrokenMigration(f"{len(dangling)} rows of {tables} would point to nothing after the migration. The database was left as it was.")
    return copy


def alembic_config(connection: Connection, files: Path | None = None) -> Config:
    """Alembic's settings for work on an open connection. A new revision is made from a database at head:
    `alembic.command.revision(alembic_config(connection), "what changes", autogenerate=True)`.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["files"] = files
    return config


def newest_revision() -> str:
    """The schema that this version of the app writes."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def _is_behind(connection: Connection) -> bool:
    current = set(MigrationContext.configure(connection).get_current_heads())
    script = ScriptDirectory.from_config(alembic_config(connection))
    unknown = current - {revision.revision for revision in script.walk_revisions()}
    if unknown:
        raise NewerSchema(
            f"The database has schema {', '.join(sorted(unknown))}, and this version of the app knows up to {script.get_current_head()}. "
            "Start the newer version of the app that wrote it, or use another data folder."
        )
    return current != set(script.get_heads())


def copy_aside(path: Path, label: str) -> Path:
    """A consistent, checked copy of a SQLite file beside it; never overwrites an earlier one.

    The name appears only when the copy is whole and on the disk, so an interrupted copy cannot be mistaken for one.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = path.with_name(f"{path.name}.schema-{label}-{stamp}")
    unfinished = copy.with_name(copy.name + ".tmp")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
        verdict = target.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise BrokenMigration(f"The copy made before the migration is damaged ({verdict}). The database was left as it was.")
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(copy)
    return copy
