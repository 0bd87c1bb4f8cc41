"""Engines and sessions."""

import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, inspect, select
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, StatementError

from db.errors import UnsupportedDatabase
from db.session import Sessions, clock, journal_mode, make_engine, make_sessions
from db.tables import Constitution, Draft, Version
from tests.db.rows import only_sqlite


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "TRUNCATE"),
        ((3, 44, 5), "TRUNCATE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 3), "TRUNCATE"),
        ((3, 50, 6), "TRUNCATE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_wal_is_used_only_where_its_reset_bug_is_fixed(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


@only_sqlite
def test_connections_are_set_up(engine: Engine) -> None:
    with engine.begin() as connection:

        def pragma(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("foreign_keys") == 1
        assert pragma("busy_timeout") == 5000
        assert pragma("synchronous") == 2
        assert pragma("trusted_schema") == 0
        assert pragma("recursive_triggers") == 1
        assert pragma("journal_mode") == journal_mode(sqlite3.sqlite_version_info).lower()


def test_a_file_left_in_another_journal_mode_is_put_into_ours(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    other = "WAL" if journal_mode(sqlite3.sqlite_version_info) == "TRUNCATE" else "DELETE"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={other}")
        connection.execute("CREATE TABLE kept (id INTEGER)")
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == journal_mode(sqlite3.sqlite_version_info).lower()
        assert connection.exec_driver_sql("SELECT count(*) FROM kept").scalar() == 0
    engine.dispose()


@pytest.mark.skipif(journal_mode(sqlite3.sqlite_version_info) == "WAL", reason="this SQLite library uses WAL safely, so nothing has to leave it")
def test_a_file_that_another_program_keeps_in_wal_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.session.BUSY_TIMEOUT_S", 0.2)
    path = tmp_path / "studio.db"
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("PRAGMA journal_mode=WAL")
        holder.execute("CREATE TABLE kept (id INTEGER)")
        engine = make_engine(f"sqlite:///{path}")
        with pytest.raises(OperationalError, match="locked"), engine.begin():
            pass
        engine.dispose()


def test_a_read_session_refuses_to_write(sessions: Sessions) -> None:
    with pytest.raises((OperationalError, InternalError), match=r"read-?only"), sessions.read() as s:
        s.execute(insert(Constitution).values(name="Brevity", created_at=datetime.now(UTC)))
    with sessions.begin() as s:  # the same pooled connection writes again
        s.add(Constitution(name="Brevity", created_at=datetime.now(UTC)))
    with sessions.read() as s:
        assert s.scalar(select(func.count()).select_from(Constitution)) == 1


def test_a_read_session_sees_one_moment_of_the_database(sessions: Sessions, url: str) -> None:
    with sessions.begin() as s:
        s.add(Constitution(name="Old", created_at=datetime.now(UTC)))
    written = threading.Event()
    engine = make_engine(url)

    def write() -> None:
        with make_sessions(engine).begin() as s:
            s.scalars(select(Constitution)).one().name = "New"
            s.flush()
            written.set()

    writer = threading.Thread(target=write)
    with sessions.read() as s:
        assert s.scalars(select(Constitution.name)).one() == "Old"
        writer.start()
        assert written.wait(5)
        assert s.scalars(select(Constitution.name)).one() == "Old"
    writer.join()
    engine.dispose()
    with sessions.read() as s:
        assert s.scalars(select(Constitution.name)).one() == "New"


@only_sqlite
def test_threads_that_read_then_write_wait_for_each_other_and_lose_nothing(sessions: Sessions) -> None:
    with sessions.begin() as s:
        s.add(Constitution(name="0", created_at=datetime.now(UTC)))

    def count_up() -> None:
        for _ in range(25):
            with sessions.begin() as s:
                row = s.scalars(select(Constitution)).one()
                row.name = str(int(row.name) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sessions.read() as s:
        assert s.scalars(select(Constitution.name)).one() == "100"


@only_sqlite
def test_after_a_lock_timeout_the_same_sessions_work_again(sessions: Sessions, engine: Engine) -> None:
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as holder:
        with sessions.begin() as s:
            s.connection().exec_driver_sql("PRAGMA busy_timeout=50")  # stays on the one pooled connection
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), sessions.begin() as s:
            s.execute(insert(Constitution).values(name="Brevity", created_at=datetime.now(UTC)))
        holder.execute("ROLLBACK")
    with sessions.begin() as s:
        s.add(Constitution(name="Brevity", created_at=datetime.now(UTC)))


def test_an_exception_undoes_everything_also_a_change_of_tables(sessions: Sessions) -> None:
    def fail_half_way() -> None:
        with sessions.begin() as s:
            s.connection().exec_driver_sql("CREATE TABLE half_done (id INTEGER)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with sessions.read() as s:
        assert not inspect(s.connection()).has_table("half_done")


def test_foreign_keys_are_enforced(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), sessions.begin() as s:
        s.add(Draft(constitution_id=404, editor="ann", content={}, revision=1, updated_at=datetime.now(UTC)))


def test_times_come_back_as_aware_utc(sessions: Sessions) -> None:
    paris = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    with sessions.begin() as s:
        s.add(Constitution(name="Brevity", created_at=paris))
    with sessions.read() as s:
        stored = s.scalars(select(Constitution.created_at)).one()
    assert stored == paris
    assert stored.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(sessions: Sessions) -> None:
    with pytest.raises(StatementError, match="no time zone"), sessions.begin() as s:
        s.add(Constitution(name="Brevity", created_at=datetime(2026, 3, 1)))  # noqa: DTZ001


def test_the_clock_is_aware_utc(sessions: Sessions) -> None:
    with sessions.read() as s:
        assert abs(clock(s) - datetime.now(UTC)) < timedelta(seconds=5)


def test_text_that_no_database_holds_is_made_storable(sessions: Sessions) -> None:
    with sessions.begin() as s:
        s.add(Constitution(name="a\0b\ud800c", created_at=datetime.now(UTC)))
    with sessions.read() as s:
        assert s.scalars(select(Constitution.name)).one() == "a\ufffdb?c"


@pytest.mark.parametrize("text", ["", "<script>alert(1)</script>", "{{7*7}} %s %(x)s :name ?", "a\r\nb\tc", "日本語 🤖 e\u0301 \u202eabc", "x" * 100_000])
def test_any_other_text_comes_back_as_it_was(sessions: Sessions, text: str) -> None:
    with sessions.begin() as s:
        s.add(Constitution(name=text, created_at=datetime.now(UTC)))
    with sessions.read() as s:
        assert s.scalars(select(Constitution.name)).one() == text


def test_nan_in_json_is_refused(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s)
    with pytest.raises((StatementError, ValueError), match="not JSON compliant"), sessions.begin() as s:
        s.add(Draft(constitution_id=version.constitution_id, editor="ann", content={"mi": float("nan")}, revision=1, updated_at=datetime.now(UTC)))


@pytest.mark.parametrize("name", ["a?b/studio.db", "studio.db?timeout=5", "studio.db?"])
def test_a_question_mark_in_the_url_is_refused_since_it_would_end_the_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedDatabase, match="%3F"):
        make_engine(f"sqlite:///{tmp_path}/{name}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "not a url", "", "postgresql://u:secret@h:x/d", "postgresql://u:secret@h:/d/:y@:z"]
)
def test_an_unusable_url_is_refused_with_what_to_write_instead(url: str) -> None:
    with pytest.raises(UnsupportedDatabase, match="postgresql://") as refused:
        make_engine(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_uses_the_same_driver(scheme: str) -> None:
    engine = make_engine(f"{scheme}://ann:secret@host:5433/studio")
    assert engine.dialect.driver == "psycopg"
    assert (engine.url.username, engine.url.port, engine.url.database) == ("ann", 5433, "studio")


def test_a_missing_driver_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnsupportedDatabase, match=r"pip install 'psycopg\[binary\]'"):
        make_engine("postgresql://host/studio")


@only_sqlite
def test_a_sqlite_library_that_is_too_old_is_said(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))
    with pytest.raises(UnsupportedDatabase, match=r"3\.35 or newer"):
        make_engine(url)
