"""What hinders a database is told apart from what is wrong with a statement, on both databases."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from db.faults import Fault, fault_of
from db.session import make_engine
from tests.db.rows import only_postgresql


@pytest.fixture
def server(empty_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_url, 0.2)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (id INTEGER PRIMARY KEY)"))
    yield engine
    engine.dispose()


def do(engine: Engine, statements: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def fault(engine: Engine, *statements: str) -> Fault | None:
    with pytest.raises(DBAPIError) as raised:
        do(engine, statements)
    return fault_of(raised.value)


@only_postgresql
def test_postgresql_says_what_hinders_it(server: Engine) -> None:
    assert fault(server, "SET TRANSACTION READ ONLY", "INSERT INTO kept VALUES (1)") is Fault.READ_ONLY
    assert fault(server, "SELECT pg_terminate_backend(pg_backend_pid())") is Fault.AWAY
    for state, expected in (("53100", Fault.FULL), ("53300", Fault.CROWDED), ("40001", Fault.BUSY), ("40P01", Fault.BUSY), ("58030", Fault.DISK)):
        assert fault(server, f"DO $$ BEGIN RAISE EXCEPTION 'as a server would' USING ERRCODE = '{state}'; END $$") is expected


@only_postgresql
def test_a_lock_of_another_session_is_waited_for_as_long_as_patience_lasts(server: Engine) -> None:
    with server.begin() as other:
        other.execute(text("LOCK TABLE kept"))
        assert fault(server, "INSERT INTO kept VALUES (1)") is Fault.BUSY
    with server.begin() as connection:
        connection.execute(text("INSERT INTO kept VALUES (1)"))


def test_a_statement_that_is_wrong_is_nobody_elses_fault(server: Engine, tmp_path: Path) -> None:
    file = make_engine(f"sqlite:///{tmp_path}/studio.db")
    for engine in (server, file):
        assert fault(engine, "SELECT * FROM nowhere") is None
        assert fault(engine, "CREATE TABLE twice (id INTEGER UNIQUE)", "INSERT INTO twice VALUES (1)", "INSERT INTO twice VALUES (1)") is None
    file.dispose()


def test_a_server_that_cannot_be_reached_and_a_pool_that_is_empty_are_told(tmp_path: Path) -> None:
    nobody = make_engine(f"postgresql://studio@/studio?host={tmp_path}")
    with pytest.raises(DBAPIError) as raised:
        nobody.connect()
    assert fault_of(raised.value) is Fault.AWAY
    small = make_engine(f"sqlite:///{tmp_path}/studio.db", 0.05)
    held = [small.connect() for _ in range(65)]
    with pytest.raises(PoolTimeout) as full:
        small.connect()
    assert fault_of(full.value) is Fault.CROWDED
    for connection in held:
        connection.close()
    small.dispose()


def test_codes_of_sqlite_count_and_not_its_words(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    one, two = (sqlite3.connect(path, isolation_level=None, timeout=0) for _ in range(2))
    one.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as busy:
        two.execute("BEGIN IMMEDIATE")
    one.close()
    two.execute("CREATE TABLE filler (x)")
    two.execute("PRAGMA max_page_count=1")
    with pytest.raises(sqlite3.OperationalError) as full:
        two.execute("INSERT INTO filler VALUES (zeroblob(100000))")
    two.execute("PRAGMA query_only=ON")
    with pytest.raises(sqlite3.OperationalError) as read_only:
        two.execute("INSERT INTO filler VALUES (1)")
    two.close()
    assert [fault_of(each.value) for each in (busy, full, read_only)] == [Fault.BUSY, Fault.FULL, Fault.READ_ONLY]
    assert fault_of(sqlite3.OperationalError("table job is full of it")) is None
    assert fault_of(ValueError("locked")) is None


def test_only_damage_does_not_pass_by_itself() -> None:
    assert [each for each in Fault if not each.passes] == [Fault.DAMAGED]
