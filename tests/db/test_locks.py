"""One studio for one database, however it is named."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import DatabaseInUse, UnsupportedDatabase, UnwritableDatabase
from db.locks import DatabaseLock, database_lock
from db.schema import migrate
from db.session import make_engine, sqlite_url
from tests.db.rows import only_postgresql


def held(url: str, holder: str = "the first") -> DatabaseLock:
    lock = database_lock(url, holder)
    assert lock.hold()
    return lock


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """URLs that all lead to one file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "studio.db").touch()
    (tmp_path / "folder-link").symlink_to(tmp_path / "data")
    (tmp_path / "file-link.db").symlink_to(tmp_path / "data" / "studio.db")
    monkeypatch.chdir(tmp_path)
    return {
        "as it is": sqlite_url(tmp_path / "data" / "studio.db"),
        "by a link to its folder": sqlite_url(tmp_path / "folder-link" / "studio.db"),
        "by a link to itself": sqlite_url(tmp_path / "file-link.db"),
        "from the working folder": "sqlite:///data/studio.db",
        "in a roundabout way": f"sqlite:///{tmp_path}/data/../data/./studio.db",
        "with escapes": f"sqlite:///{tmp_path}/d%61ta/studio.db",
    }


def test_a_second_studio_is_refused_with_the_first_ones_name_however_it_calls_the_database(names: dict[str, str]) -> None:
    first = held(names["as it is"])
    for name, url in names.items():
        with pytest.raises(DatabaseInUse, match=r"in use by another Constitution Studio \(the first\)\. Use that one, stop it first"):
            database_lock(url, name).hold()
    assert first.hold()
    first.close()
    held(names["by a link to itself"]).close()


def test_another_database_in_the_same_folder_is_another(names: dict[str, str], tmp_path: Path) -> None:
    first, second = held(names["as it is"]), held(sqlite_url(tmp_path / "data" / "other.db"))
    first.close()
    second.close()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path, start_python: Callable[..., "subprocess.Popen[str]"]) -> None:
    url = sqlite_url(tmp_path / "studio.db")
    script = "import sys; from db.locks import database_lock; lock = database_lock(sys.argv[1], 'gone'); print(lock.hold(), flush=True); sys.stdin.read()"
    holder = start_python(script, url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with pytest.raises(DatabaseInUse, match="gone"):
        database_lock(url, "second").hold()
    holder.kill()
    holder.wait()
    held(url).close()


def test_the_lock_does_not_hinder_whoever_works_with_the_database(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "studio.db")
    lock = held(url)
    engine = make_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM job")).scalar() == 0
    engine.dispose()
    assert lock.hold()
    lock.close()


@pytest.mark.parametrize("url", ["sqlite:////proc/studio/studio.db", "sqlite:////dev/null/studio.db"])
def test_a_place_that_takes_no_lock_is_told(url: str) -> None:
    with pytest.raises(UnwritableDatabase, match=r"cannot be written to: .*Give this user the right"):
        database_lock(url, "first").hold()


def test_a_url_of_nothing_is_refused_as_ever() -> None:
    with pytest.raises(UnsupportedDatabase):
        database_lock("sqlite://", "first")


@only_postgresql
def test_a_postgresql_database_has_one_studio_too(empty_url: str) -> None:
    first = held(empty_url, "process 7 on mars")
    second = database_lock(empty_url, "process 8 on venus")
    with pytest.raises(DatabaseInUse, match="process 7 on mars"):
        second.hold()
    first.close()
    assert second.hold()
    with pytest.raises(DatabaseInUse, match="process 8 on venus"):
        first.hold()
    second.close()


@only_postgresql
def test_a_lock_whose_connection_was_cut_is_taken_again_unless_another_came_first(empty_url: str) -> None:
    first, second = held(empty_url, "first"), database_lock(empty_url, "second")
    cut(empty_url, "first")
    assert [first.hold(), first.hold()] == [False, True]  # noticed, then taken again
    cut(empty_url, "first")
    assert second.hold()
    assert not first.hold()
    with pytest.raises(DatabaseInUse, match="second"):
        first.hold()
    second.close()


def cut(url: str, name: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        found = connection.execute(text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = :name"), {"name": name}).all()
        assert found == [(True,)]
    engine.dispose()


def test_a_server_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    assert database_lock(f"postgresql://studio@/studio?host={tmp_path}", "first").hold() is False
