"""A PostgreSQL cluster of our own, thrown away at the end: on a unix socket, as a user who is not root, without waiting for the disk."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import pytest

from db.schema import migrate
from db.session import make_engine

TEMPLATE = "template_studio"
SHARED_MEMORY = Path("/dev/shm")
ROOM_BYTES = 512_000_000


class Cluster:
    """A running cluster, which can be stopped and started again; `url(name)` is a database of it."""

    def __init__(self, binaries: Path, user: str) -> None:
        self.binaries, self.user = binaries, user
        self.names: list[str] = []
        # Not under tmp_path: its owner alone may enter there, and socket paths must be short. In memory where there is room.
        self.folder = Path(tempfile.mkdtemp(prefix="studio-pg-", dir=SHARED_MEMORY if _has_room(SHARED_MEMORY) else None))
        if os.geteuid() == 0:
            shutil.chown(self.folder, user)

    def __enter__(self) -> Self:
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "studio", "-E", "UTF8", "--no-sync", "--no-instructions")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        self._run("pg_ctl", "-D", self.folder / "data", "-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self) -> None:
        """As a machine that goes down: nobody is waited for."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://studio@/{name}?host={self.folder}"

    def new(self, template: str | None = None) -> str:
        """The URL of a new database: without any table, or a copy of another."""
        name = f"test_{uuid4().hex}"
        self.make(name, template)
        return self.url(name)

    def make(self, name: str, template: str | None = None) -> None:
        self._administer(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        self.names.append(name)

    def drop_all(self) -> None:
        """What tests have made, the template left out: thousands of files that nobody looks at again."""
        for name in self.names:
            self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')
        self.names.clear()

    def add_template(self) -> None:
        """Migrate once; every test then has a copy."""
        self._administer(f'CREATE DATABASE "{TEMPLATE}"')
        engine = make_engine(self.url(TEMPLATE))
        migrate(engine)
        engine.dispose()

    def _administer(self, statement: str) -> None:
        admin = make_engine(self.url("postgres"))
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        admin.dispose()

    def _run(self, program: str, *arguments: str | Path) -> None:
        as_user: dict[str, Any] = {"user": self.user} if os.geteuid() == 0 else {}
        command = [self.binaries / program, *arguments]
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **as_user)
        assert done.returncode == 0, done.stdout


def open_cluster() -> Cluster:
    """A cluster, not yet begun. Skips with a plain reason where there is no PostgreSQL; in CI that fails."""
    binaries, user = _find_binaries(), _find_user()
    if binaries is None or user is None:
        missing = "PostgreSQL's server programs (initdb, pg_ctl) are not installed; Debian: apt-get install postgresql"
        missing = missing if binaries is None else "PostgreSQL does not run as root, and there is no system user 'postgres'"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return Cluster(binaries, user)


def _has_room(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM_BYTES


def _find_binaries() -> Path | None:
    found = shutil.which("initdb")
    candidates = [Path(found).parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def _find_user() -> str | None:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else None
