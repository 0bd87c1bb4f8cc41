"""For each test a real SQLite file and then a real PostgreSQL database, and the rows that most tests start from."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from db import constitutions, query_sets, runs
from db.errors import StoreError
from db.schema import migrate
from db.session import Sessions, make_engine, make_sessions
from db.tables import Run, Version
from tests.clusters import TEMPLATE

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which of the two; a module or a test about one of them narrows it: `@pytest.mark.parametrize("database", ["sqlite"], indirect=True)`."""
    return str(request.param)


@pytest.fixture
def url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    return f"sqlite:///{tmp_path}/studio.db" if database == "sqlite" else request.getfixturevalue("cluster").new(TEMPLATE)


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A SQLite file with the tables, made once: as PostgreSQL does with its template, each test has a copy."""
    path = tmp_path_factory.mktemp("new") / "studio.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def engine(database: str, url: str, tmp_path: Path, new_file: bytes) -> Iterator[Engine]:
    if database == "sqlite":
        (tmp_path / "studio.db").write_bytes(new_file)
    engine = make_engine(url)
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


@pytest.fixture
def empty_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a new database without any table."""
    return f"sqlite:///{tmp_path}/empty.db" if database == "sqlite" else request.getfixturevalue("cluster").new()
