"""Migrations: from nothing, with rows, by several processes at once, and what is refused."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import DatabaseError

from db import schema
from db.errors import BrokenMigration, NewerSchema
from db.session import Sessions, make_engine
from db.status import JobStatus
from db.tables import Base, Run, Version
from tests.db.rows import dump, only_sqlite

LATER = '''
"""A column more, by rebuilding tables that others point to."""
import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

def upgrade():
    with op.batch_alter_table("constitution", recreate="always") as batch:
        batch.add_column(sa.Column("language", sa.Text(), nullable=False, server_default="en"))
    with op.batch_alter_table("run", recreate="always") as batch:
        batch.alter_column("model", new_column_name="base_model")
'''
BREAKING = LATER.replace("def upgrade():", "def upgrade():\n    op.execute('DELETE FROM constitution')")
MIGRATE = """
import sys
from db.schema import migrate
from db.session import make_engine
print("ready", flush=True)
sys.stdin.readline()
print(migrate(make_engine(sys.argv[1])))
"""


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the code one migration more."""

    def add(script: str) -> None:
        folder = tmp_path / "100% later"
        shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "later.py").write_text(script)
        monkeypatch.setattr(schema, "MIGRATIONS", folder)

    return add


def revision_of(engine: Engine) -> str | None:
    with engine.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def script_of(path: Path) -> list[str]:
    """A SQLite file as statements: tables, triggers and rows."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def copies(engine: Engine) -> list[Path]:
    path = Path(str(engine.url.database))
    return sorted(path.parent.glob("studio.db.*"))


def test_an_empty_folder_gets_every_table_and_no_copy(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/not/there/studio.db")
    assert schema.migrate(engine) is None
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    assert copies(engine) == []
    engine.dispose()


def test_the_migrations_make_what_the_classes_say(engine: Engine) -> None:
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []


@only_sqlite
def test_the_constraints_that_comparison_overlooks_are_the_same_too(engine: Engine, tmp_path: Path) -> None:
    plain = create_engine(f"sqlite:///{tmp_path}/plain.db")
    Base.metadata.create_all(plain)

    def constraints(of: Engine) -> dict[str, Any]:
        inspector = inspect(of)
        return {
            table: (inspector.get_pk_constraint(table), inspector.get_unique_constraints(table), inspector.get_foreign_keys(table))
            for table in Base.metadata.tables
        }

    def checks(of: Engine) -> list[str]:
        return [str(check["name"]) for table in Base.metadata.tables for check in inspect(of).get_check_constraints(table)]

    assert {name: [sorted(map(str, part)) for part in parts] for name, parts in constraints(engine).items()} == {
        name: [sorted(map(str, part)) for part in parts] for name, parts in constraints(plain).items()
    }
    assert checks(engine) == checks(plain) == ["ck_job_status", "ck_mark_run_or_check"]
    plain.dispose()


def test_replies_stored_before_their_length_was_recorded_are_kept_without_one(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/studio.db")
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), "0001")
        connection.exec_driver_sql("INSERT INTO constitution VALUES (1, 'Brevity', '', 0, NULL, '2026-11-01')")
        connection.exec_driver_sql("INSERT INTO version VALUES (1, 1, 1, NULL, 'first', 'ann', '2026-11-01', '{}', 'abc')")
        connection.exec_driver_sql(
            "INSERT INTO comparison (id, version_id, query, side, seed, sampling, created_by, created_at)"
            " VALUES ('c', 1, 'Why is the sky blue?', 'statement', 0, '{}', 'ann', '2026-11-01')"
        )
        connection.exec_driver_sql("INSERT INTO reply (comparison_id, method, text, done, seed) VALUES ('c', 'base', 'Scattering.', 1, 7)")
    schema.migrate(engine)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT text, done, seed, tokens, ended FROM reply").all() == [("Scattering.", 1, 7, None, None)]
    engine.dispose()


def test_a_second_call_changes_nothing(engine: Engine) -> None:
    before = dump(engine)
    assert schema.migrate(engine) is None
    assert dump(engine) == before
    assert copies(engine) == []


@only_sqlite
def test_an_upgrade_keeps_every_row_and_leaves_a_copy_of_what_was(
    engine: Engine, sessions: Sessions, queue_run: Callable[..., Run], later: Callable[[str], None]
) -> None:
    with sessions.begin() as s:
        run = queue_run(s)
    before = script_of(Path(str(engine.url.database)))
    later(LATER)
    copy = schema.migrate(engine)
    assert revision_of(engine) == "0018"
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT name, language FROM constitution").all() == [("Brevity", "en")]
        assert connection.exec_driver_sql("SELECT id, base_model FROM run").all() == [(run.id, "tiny")]
        assert connection.exec_driver_sql("SELECT id, status FROM job").all() == [(run.id, JobStatus.QUEUED)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert copy is not None
    assert copies(engine) == [copy]
    assert script_of(copy) == before


@only_sqlite
def test_a_migration_that_leaves_rows_pointing_nowhere_is_undone_whole(
    engine: Engine, sessions: Sessions, queue_run: Callable[..., Run], later: Callable[[str], None]
) -> None:
    with sessions.begin() as s:
        queue_run(s)
    before = dump(engine)
    later(BREAKING)
    with pytest.raises(BrokenMigration, match="version"):
        schema.migrate(engine)
    assert dump(engine) == before


def test_a_newer_schema_is_refused_and_left_alone(engine: Engine, later: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    known = schema.MIGRATIONS
    later(LATER.replace(', recreate="always"', ""))  # PostgreSQL needs no rebuilding, and would refuse it
    schema.migrate(engine)
    monkeypatch.setattr(schema, "MIGRATIONS", known)
    before = dump(engine)
    with pytest.raises(NewerSchema, match=r"schema 0018.*knows up to 0017"):
        schema.migrate(engine)
    assert dump(engine) == before


def test_processes_that_start_at_once_all_find_the_newest_schema(empty_url: str, start_python: Callable[..., "Popen[str]"]) -> None:
    processes = [start_python(MIGRATE, empty_url) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (0, "None\n"), errors
    engine = make_engine(empty_url)
    assert revision_of(engine) == "0017"
    engine.dispose()


@only_sqlite
def test_versions_can_be_neither_changed_nor_deleted_nor_replaced(engine: Engine, sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        add_version(s)
    before = dump(engine)
    for statement in (
        "UPDATE version SET message = 'rewritten'",
        "DELETE FROM version",
        "INSERT OR REPLACE INTO version SELECT id, constitution_id, number, parent_id, 'rewritten', author, created_at, content, sha256 FROM version",
    ):
        with pytest.raises(DatabaseError, match="insert-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert dump(engine) == before


def test_a_new_migration_is_written_without_our_classes_and_makes_the_same_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old migration must do the same whatever becomes of the code."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=lambda inside, names: names if Path(inside).name == "versions" else ["__pycache__"])
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    engine = make_engine(f"sqlite:///{tmp_path}/studio.db")
    with engine.begin() as connection:
        command.revision(schema.alembic_config(connection), "every table", autogenerate=True)
    (script,) = (folder / "versions").glob("*.py")
    assert "sa.Text()" in script.read_text()
    assert "db." not in script.read_text()
    schema.migrate(engine)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
