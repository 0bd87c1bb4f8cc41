"""PostgreSQL's own programs for copies: pg_dump and pg_restore. What they say goes into the error."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import make_url

from app.services.archives import BackupError


def dump(url: str, snapshot: str, target: Path) -> None:
    """Write the database, as the snapshot sees it, into a file."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}")


def load(url: str, source: Path) -> None:
    """Fill an empty database from such a file: wholly or not at all."""
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(source))


def read_through(source: Path) -> None:
    """See that such a file can be read to its end."""
    _run("pg_restore", None, f"--file={os.devnull}", str(source))


def _run(program: str, url: str | None, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"A PostgreSQL database needs {program}, which is not on this machine. Debian: apt-get install postgresql-client.")
    environment, to = dict(os.environ), []
    if url is not None:
        parsed = make_url(url).set(drivername="postgresql")
        if parsed.password is not None:
            environment["PGPASSWORD"] = str(parsed.password)  # not among the arguments, which everybody on this machine can read
        to = [f"--dbname={parsed.set(password=None).render_as_string(hide_password=False)}"]
    done = subprocess.run([found, *to, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupError(f"{program} did not succeed. It said: {done.stderr.strip()[-500:]}")
