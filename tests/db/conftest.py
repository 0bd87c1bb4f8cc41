"""A real SQLite file for each test, and the rows that most tests start from."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from db import constitutions, query_sets, runs
from db.errors import StoreError
from db.schema import migrate
from db.session import Sessions, make_engine, make_sessions
from db.tables import Run, Version

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/studio.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return make_sessions(engine)


def _content(statement: str) -> dict[str, Any]:
    return {"name": "Brevity", "principles": [{"id": "a" * 32, "title": "Short", "statement": statement, "antithesis": "Be long."}]}


def _add_version(session: Session, statement: str = "Be short.") -> Version:
    constitution = constitutions.add_constitution(session, "Brevity")
    new = constitutions.NewVersion(constitution_id=constitution.id, base_version_id=None, content=_content(statement), message="First", author="ann")
    return constitutions.add_version(session, new)


def _queue_run(session: Session, request_key: str = "click") -> Run:
    version = _add_version(session)
    query_set = query_sets.add_query_set(session, "Everyday", "written here", [{"query": "How do I boil an egg?", "split": "train"}])
    return runs.add_run(
        session,
        runs.NewRun(version_id=version.id, query_set_id=query_set.id, model="tiny", config={"seed": 1}, requested_by="ann", request_key=request_key),
    )


@pytest.fixture
def content() -> Callable[[str], dict[str, Any]]:
    """Content with one principle: `content(statement)`."""
    return _content


@pytest.fixture
def add_version() -> Callable[..., Version]:
    """A new constitution with its first version: `add_version(session, statement)`."""
    return _add_version


@pytest.fixture
def queue_run() -> Callable[..., Run]:
    """A queued run on a new constitution: `queue_run(session, request_key)`."""
    return _queue_run


@pytest.fixture
def statements(engine: Engine) -> list[str]:
    """Every statement sent to the database from now on; clear it to start counting."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *details: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return sent


@pytest.fixture
def race() -> Callable[[Callable[[str], object], int], list[str]]:
    """Do something in several threads at the same moment: `race(act, contestants)`.

    Says what became of each, "" for success and else the kind of error, successes first. Any other exception fails the test.
    """

    def run(act: Callable[[str], object], contestants: int) -> list[str]:
        gate = threading.Barrier(contestants)

        def compete(name: str) -> str:
            gate.wait()
            try:
                act(name)
            except StoreError as error:
                return error.kind
            return ""

        with ThreadPoolExecutor(contestants) as pool:
            return sorted(pool.map(compete, [f"Contestant {i}" for i in range(contestants)]))

    return run


@pytest.fixture
def start_python() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Run a script in a process of its own: `start_python(script, *arguments)`. Whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def _find_binaries() -> Path | None:
    found = shutil.which("initdb")
    candidates = [Path(found).parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def _find_user() -> str | None:
    """PostgreSQL refuses to run as root; then its own system user must be there."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else None


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The URL of an empty cluster; `{name}` is the database."""
    binaries, user = _find_binaries(), _find_user()
    if binaries is None:
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no system user 'postgres'")
    folder = Path(tempfile.mkdtemp(prefix="studio-pg-"))  # not under tmp_path: its owner alone may enter there, and socket paths must be short
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, user)
        as_user["user"] = user

    def server(*arguments: str | Path) -> None:
        done = subprocess.run([*map(str, arguments)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **as_user)
        assert done.returncode == 0, done.stdout

    data = folder / "data"
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        server(binaries / "initdb", "-D", data, "-A", "trust", "-U", "studio", "-E", "UTF8", "--no-sync", "--no-instructions")
        server(binaries / "pg_ctl", "-D", data, "-o", settings, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://studio@/{{name}}?host={folder}"
        finally:
            server(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def empty_url(cluster: str) -> str:
    """The URL of a new database without any table."""
    name = f"test_{uuid4().hex}"
    admin = make_engine(cluster.format(name="postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    admin.dispose()
    return cluster.format(name=name)
