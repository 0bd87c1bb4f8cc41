"""Making a backup while the studio runs: the database at one moment, and the files of runs that it names. It appears under its name when it is proved."""

import fcntl
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, make_url

from app.services import postgres_tools
from app.services.archives import DATABASES, BackupError, Manifest, Vanished, add_file, add_manifest, unpacked
from app.settings import Settings
from db.copies import Contents, JobFiles, contents, copy_sqlite, one_moment
from db.errors import BrokenCopy
from db.schema import newest_revision
from db.session import make_engine, make_sessions, sqlite_url

TRIES = 3  # a running run may replace a checkpoint while it is put in


def back_up(settings: Settings, target: Path, models: bool) -> tuple[Path, Manifest]:
    """Write a backup.

    Args:
        settings: Whose data.
        target: A file that is not there yet, or a folder, in which it is named after the time.
        models: Whether the downloaded models go in too; they can be fetched again.

    Returns:
        Where it is, and what it says of itself.

    Raises:
        BackupError: It cannot be made. There is nothing under its name then.
    """
    if target.is_dir():
        target = target / f"constitution-studio-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar"
    if target.exists():
        raise BackupError(f"{target} is there already, and a backup is never overwritten. Choose another name.")
    with _part(target) as part, tempfile.TemporaryDirectory(prefix=".studio-backup-", dir=target.parent) as scratch:
        for left in reversed(range(TRIES)):
            try:
                _write(settings, part, Path(scratch), models, last=not left)
                break
            except Vanished as error:
                if not left:
                    raise BackupError(f"{error} changed again and again while it was copied. Try again in a moment, or stop the run.") from error
        manifest = _prove(part, Path(scratch))
        os.rename(part, target)
    _sync(target.parent)
    return target, manifest


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """A file for this user only, under a name that nobody takes for a backup; gone in the end unless it was renamed."""
    part = target.with_name(f".{target.name}.part")
    with open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another backup is being written to {target}. Wait for it, or choose another name.") from error
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)


def _write(settings: Settings, part: Path, scratch: Path, models: bool, last: bool) -> None:
    engine = make_engine(settings.database_url)
    kind = engine.dialect.name
    copy = scratch / Path(DATABASES[kind]).name
    copy.unlink(missing_ok=True)
    try:
        held = _copy_sqlite(engine, copy) if kind == "sqlite" else _copy_postgres(engine, settings, copy)
    finally:
        engine.dispose()
    notes = [f"{name} does not match its hash" for name in held.damaged]
    files: dict[str, str] = {}
    with part.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for job in sorted(held.jobs, key=lambda job: not job.running):  # what changes comes first, right after the database
            for name, path in _files_of(settings.data, job, notes, last):
                files[name] = add_file(archive, name, path)
        for path in sorted(settings.models_folder.rglob("*")) if models else ():
            if _is_plain(path, settings.models_folder):
                name = path.relative_to(settings.data).as_posix()
                files[name] = add_file(archive, name, path)
        files[DATABASES[kind]] = add_file(archive, DATABASES[kind], copy)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        add_manifest(archive, Manifest(made_at=made, database=kind, schema=held.schema, counts=held.counts, notes=notes, files=files))
        archive.close()  # before the disk is asked to have all of it
        file.flush()
        os.fsync(file.fileno())


def _copy_sqlite(engine: Engine, copy: Path) -> Contents:
    source = Path(str(engine.url.database))
    if not source.exists():
        raise BackupError(f"There is no database at {source}. Name the data folder with --data or STUDIO_DATA.")
    copy_sqlite(source, copy)
    return contents_of(sqlite_url(copy))


def _copy_postgres(engine: Engine, settings: Settings, copy: Path) -> Contents:
    with one_moment(engine) as (session, snapshot):
        postgres_tools.dump(settings.database_url, snapshot, copy)
        return _known(contents(session))


def contents_of(url: str) -> Contents:
    """What a database holds that nobody else uses."""
    engine = make_engine(url)
    try:
        with make_sessions(engine).read() as session:
            return _known(contents(session))
    finally:
        engine.dispose()


def _known(held: Contents) -> Contents:
    if held.schema != newest_revision():
        raise BackupError(f"The database has schema {held.schema or 'none'}, this version of the studio {newest_revision()}. Use the version that wrote it.")
    return held


def _files_of(data: Path, job: JobFiles, notes: list[str], last: bool) -> Iterator[tuple[str, Path]]:
    """All files of a job, by the names they get. What its rows name and is not there is noted, but tried once more while it runs."""
    own = data / "runs" / str(job.job_id)
    for key in job.keys:
        path = data / key
        if not path.resolve().is_relative_to(own.resolve()):
            notes.append(f"run {job.job_id} names {key}, which lies outside its folder and is not in the backup")
        elif not path.exists():
            if job.running and not last:
                raise Vanished(key)
            notes.append(f"run {job.job_id} names {key}, which is not there")
    for path in sorted(own.rglob("*")):
        if _is_plain(path, own):
            yield path.relative_to(data).as_posix(), path


def _is_plain(path: Path, root: Path) -> bool:
    """A file of its own, and nothing that is still being written, whose names begin with a point."""
    inner = path.relative_to(root).parts
    linked = any(root.joinpath(*inner[: n + 1]).is_symlink() for n in range(len(inner)))
    return path.is_file() and not linked and not any(part.startswith(".") for part in inner)


def _prove(part: Path, scratch: Path) -> Manifest:
    """Open what was written as a restore would."""
    opened = scratch / "opened"
    manifest = unpacked(part, lambda name, size: opened / name if name in DATABASES.values() else None)
    database = opened / DATABASES[manifest.database]
    if manifest.database == "postgresql":
        postgres_tools.read_through(database)
    elif contents_of(sqlite_url(database)).counts != manifest.counts:
        raise BrokenCopy("The copy of the database does not hold what the manifest says.")
    return manifest


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def database_file(settings: Settings) -> Path | None:
    """The SQLite file of these settings; None where the database is a server's."""
    url = make_url(settings.database_url)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
