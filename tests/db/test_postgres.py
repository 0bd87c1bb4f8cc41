"""What only PostgreSQL can show; all other tests of this folder run on it too. A temporary cluster on a unix socket, thrown away at the end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from db import audit, constitutions, users
from db.audit import NewEntry
from db.session import Sessions, clock
from db.tables import Version
from tests.db.rows import only_postgresql

Race = Callable[[Callable[[str], object], int], list[str]]

pytestmark = only_postgresql


@pytest.mark.parametrize("statement", ["UPDATE version SET message = 'rewritten'", "DELETE FROM version", "TRUNCATE version CASCADE"])
def test_versions_can_be_neither_changed_nor_deleted(engine: Engine, sessions: Sessions, add_version: Callable[..., Version], statement: str) -> None:
    with sessions.begin() as s:
        version = add_version(s)
    with pytest.raises(DatabaseError, match="insert-only"), engine.begin() as connection:
        connection.execute(text(statement))
    with sessions.read() as s:
        assert constitutions.get_version_by_id(s, version.id).message == "First"


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_audit_log_can_be_neither_changed_nor_deleted(engine: Engine, sessions: Sessions, statement: str) -> None:
    with sessions.begin() as s:
        audit.add_entry(s, NewEntry(who="ann", place="", what="x"))
    with pytest.raises(DatabaseError, match="insert-only"), engine.begin() as connection:
        connection.execute(text(statement))
    with sessions.read() as s:
        assert [row.who for row in audit.list_entries(s)] == ["ann"]


def test_of_two_who_take_a_name_at_once_one_gets_it(sessions: Sessions, race: Race) -> None:
    def take(contestant: str) -> None:
        with sessions.begin() as s:
            users.add_user(s, "Ann", f"hash of {contestant}")

    assert race(take, 4) == ["", *["name-taken"] * 3]


def test_times_are_aware_utc_and_the_clock_is_the_server_s(sessions: Sessions) -> None:
    with sessions.begin() as s:
        before = clock(s)
        made = constitutions.add_constitution(s, "a\0b")
    with sessions.read() as s:
        stored = constitutions.get_constitution(s, made.id)
        assert clock(s) > before
    assert stored.created_at.tzinfo is UTC
    assert abs(stored.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stored.name == "a\ufffdb"
