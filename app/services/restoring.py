"""Bringing a backup back: unpacked aside, checked as a whole, and only then put into place. The data folder must be empty."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect

from app.processes.place import only_one
from app.services import postgres_tools
from app.services.archives import DATABASES, BackupError, Manifest, unpacked
from app.services.backups import contents_of, database_file
from app.settings import Settings
from db.schema import migrate
from db.session import make_engine, sqlite_url

STAGING = ".restoring"  # in the data folder, so that putting into place is renaming; left over only by a kill


def restore(settings: Settings, source: Path) -> Manifest:
    """Fill the data folder, and the database, from a backup.

    Raises:
        BackupError: The folder or the database is not empty, or the backup is damaged or of a newer version. Nothing was put into place.
        ConfigError: The studio runs on this folder.
        NewerSchema: A newer version of the app wrote the database.
    """
    kind = "postgresql" if database_file(settings) is None else "sqlite"
    with _empty(settings), _staged(settings.data) as staging:
        manifest = unpacked(source, lambda name, size: _place(staging, name, size))
        if manifest.database != kind:
            raise BackupError(f"The backup holds a {manifest.database} database, and DATABASE_URL names {kind}. Set it to the kind of the backup.")
        database = staging / DATABASES[kind]
        url = sqlite_url(database) if kind == "sqlite" else settings.database_url
        if kind == "postgresql":
            postgres_tools.load(url, database)
        _check(url, manifest, settings)
        _put_into_place(settings, staging)
    return manifest


@contextmanager
def _empty(settings: Settings) -> Iterator[None]:
    """Holds the data folder, which nothing else may use and in which nothing may be."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with only_one(settings.lock_file):
        for path in sorted(settings.data.iterdir()):
            if path not in (settings.lock_file, settings.data / STAGING) and not (path.is_dir() and not any(path.iterdir())):
                raise BackupError(f"The data folder {settings.data} is not empty ({path.name} is there). Choose a new one with --data, or move it away.")
        file = database_file(settings)
        if file is not None and file.exists():
            raise BackupError(f"There is a database at {file} already. Move it away first, or name another with DATABASE_URL.")
        if file is None:
            _require_no_tables(settings.database_url)
        yield


def _require_no_tables(url: str) -> None:
    engine = make_engine(url)
    try:
        if inspect(engine).get_table_names():
            raise BackupError("The database that DATABASE_URL names has tables already. Make an empty one (createdb), and name that.")
    finally:
        engine.dispose()


@contextmanager
def _staged(data: Path) -> Iterator[Path]:
    staging = data / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging)


def _place(staging: Path, name: str, size: int) -> Path:
    free = shutil.disk_usage(staging).free
    if size > free:
        raise BackupError(f"{name} has {size:,} bytes, and the disk of the data folder has room for {free:,}. Make room, or choose another folder with --data.")
    return staging / name


def _check(url: str, manifest: Manifest, settings: Settings) -> None:
    """Bring the database to this version's schema, and see that it holds what the manifest says."""
    engine = make_engine(url)
    try:
        copy = migrate(engine, settings.data)
    finally:
        engine.dispose()
    if copy is not None:
        copy.unlink()  # the backup itself is what was before
    counts = contents_of(url).counts
    if {name: counts.get(name) for name in manifest.counts} != manifest.counts:
        raise BackupError("The database of the backup does not hold what its manifest says. Take another backup.")


def _put_into_place(settings: Settings, staging: Path) -> None:
    """The database comes last: without it nothing that is there counts."""
    for room in (settings.runs_folder, settings.models_folder):
        if (staging / room.name).exists():
            if room.exists():
                room.rmdir()  # empty, or we would not be here
            (staging / room.name).rename(room)
    file = database_file(settings)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(staging / DATABASES["sqlite"], file)
