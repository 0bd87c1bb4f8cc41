"""`backup`: one file with everything that cannot be fetched again, written while the studio runs and checked before it gets its name."""

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from app.services.archives import BackupError, Manifest
from app.services.backups import back_up
from app.settings import Settings
from core.errors import first_line
from db.errors import StoreError
from db.faults import fault_of


def run(options: argparse.Namespace) -> int:
    """Returns 1 when what was copied had been damaged before."""
    settings = Settings.from_environment(os.environ, data=options.data)
    with in_words(), ended_by_signals():
        path, manifest = back_up(settings, options.file, options.models)
    print(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB): {described(manifest)}.")
    print(f"Opened and checked: schema {manifest.schema}, the database is whole, every file is what the manifest says.")
    for note in manifest.notes:
        print(f"PROBLEM  {note}")
    return 1 if manifest.notes else 0


def described(manifest: Manifest) -> str:
    """What is in a backup, in figures."""
    counts = ", ".join(f"{n} {name}" for name, n in manifest.counts.items())
    return f"{counts}, {len(manifest.files)} files"


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what database and libraries say into one line."""
    try:
        yield
    except StoreError as error:
        raise BackupError(str(error)) from error
    except SQLAlchemyError as error:
        fault = fault_of(error)
        raise BackupError(fault.words if fault is not None else f"The database cannot be read: {first_line(error)}") from error


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """A termination request ends the command as Ctrl-C does, so that nothing half done is left."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
