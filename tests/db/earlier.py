"""Rows as an earlier version of the app wrote them, for tests of the migrations."""

from datetime import UTC, datetime
from typing import Any

from alembic import command
from sqlalchemy import Connection, Engine, MetaData

from db import schema

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
RUN: dict[str, Any] = {
    "id": 1,
    "version_id": 1,
    "query_set_id": 1,
    "model": "org/name",
    "revision": "abc",
    "config": {"seed": 0, "four_bit": True},
    "status": "finished",
    "attempt": 1,
    "crashes": 0,
    "cancel_requested": False,
    "phase": "",
    "step": 4,
    "total_steps": 4,
    "adapter_path": "/data/runs/1/attempt-1/adapter",
    "adapter_sha256": "ab" * 32,
    "requested_by": "ann",
    "request_key": "click",
    "created_at": MOMENT,
    "queued_at": MOMENT,
}
COMPARISON: dict[str, Any] = {"version_id": 1, "query": "Why is the sky blue?", "side": "statement", "seed": 3, "created_by": "ann", "created_at": MOMENT}
SAMPLING = {"max_new_tokens": 24, "temperature": 0.7, "top_p": 1.0}


def plant(engine: Engine, revision: str) -> None:
    """Bring an empty database to an early revision, and put in a finished run and two comparisons, with the run and without."""
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), revision)
        plant_rows(connection, "constitution", [{"id": 1, "name": "Brevity", "blurb": "", "starter": False, "created_at": MOMENT}])
        version = {"id": 1, "constitution_id": 1, "number": 1, "message": "First", "author": "ann", "created_at": MOMENT}
        plant_rows(connection, "version", [version | {"content": '{"name": "Brevity", "principles": []}', "sha256": "abc"}])
        plant_rows(connection, "query_set", [{"id": 1, "name": "Q", "source": "", "rows": [], "split_sizes": {}, "sha256": "q", "created_at": MOMENT}])
        plant_rows(connection, "run", [RUN])
        plant_rows(connection, "comparison", [COMPARISON | {"id": "with", "run_id": 1, "sampling": SAMPLING}])
        plant_rows(connection, "comparison", [COMPARISON | {"id": "without", "sampling": SAMPLING | {"model": "org/other"}}])
        methods = {"with": ("base", "base+constitution", "aligned+constitution", "aligned"), "without": ("base", "base+constitution")}
        for token, names in methods.items():
            shared = {"comparison_id": token, "done": True, "seed": 7}
            plant_rows(connection, "reply", [shared | {"method": method, "text": f"{token} {method}"} for method in names])


def plant_rows(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table as it is at this revision."""
    found = MetaData()
    found.reflect(connection, only=[table], resolve_fks=False)
    connection.execute(found.tables[table].insert(), rows)
