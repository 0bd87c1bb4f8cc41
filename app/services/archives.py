"""The file that a backup is: a tar of plain files, with a manifest that names each by its sha256 at the end.

It holds the database, the files of runs that the database names, and on request the models. Nothing else of the data folder is ever
put in: neither the model host's token nor locks, logs and uploads. What is read back is held to the same: see `unpacked`.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from core.errors import StudioError, first_line

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database/studio.db", "postgresql": "database/studio.dump"}
ROOMS = ("runs", "models")  # where a file of a backup may lie, besides its database
LARGEST_MANIFEST_BYTES = 64_000_000
BLOCK_BYTES = 1 << 20


class BackupError(StudioError):
    """A backup cannot be made or cannot be used."""

    kind = "backup"


@dataclass(frozen=True)
class Format:
    """The part of a manifest that every version can read."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore", strict=True)
    format: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup says of itself."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)
    format: int = FORMAT
    made_at: str
    database: str  # sqlite or postgresql
    schema: str
    counts: dict[str, int]
    notes: list[str]  # what the studio itself had lost already
    files: dict[str, str] = field(default_factory=dict)  # name -> sha256


_FORMAT, _MANIFEST = TypeAdapter(Format), TypeAdapter(Manifest)


class Vanished(Exception):
    """A file went away while it was put in; its run has gone on."""


def add_file(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Put in a file as it is now, and return its sha256. A log that grows meanwhile is cut where it ended.

    Raises:
        Vanished: It is gone, or became shorter.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source:
            info = _info(name, os.fstat(source.fileno()).st_size)
            archive.addfile(info, _Hashing(source, digest.update))  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise Vanished(name) from error
    except OSError as error:
        if "unexpected end of data" in str(error):
            raise Vanished(name) from error
        raise
    return digest.hexdigest()


def add_manifest(archive: tarfile.TarFile, manifest: Manifest) -> None:
    """Put it in; nothing comes after it."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
    archive.addfile(_info(MANIFEST, len(text)), io.BytesIO(text))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


@dataclass(frozen=True)
class _Hashing:
    """Tells what is read from a file."""

    source: BinaryIO
    hear: Callable[[bytes], object]

    def read(self, size: int) -> bytes:
        block = self.source.read(size)
        self.hear(block)
        return block


def unpacked(path: Path, place: Callable[[str, int], Path | None]) -> Manifest:
    """Read a backup from its beginning to its end, and hold each file against the manifest.

    Args:
        path: The backup.
        place: Given name and size of a file, says where to put it; None: it is only read.

    Raises:
        BackupError: It is no whole backup, or holds what no backup does: links, devices, names that lead elsewhere. Whatever was placed is worthless.
    """
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = _plain_name(member, found)
                source = archive.extractfile(member)
                assert source is not None
                if name == MANIFEST:
                    manifest = _manifest(source.read(LARGEST_MANIFEST_BYTES))
                else:
                    found[name] = _write(source, place(name, member.size))
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise BackupError(f"{path.name} is no whole backup ({first_line(error).rstrip(':')}). Take another one.") from error
    if manifest is None:
        raise BackupError(f"{path.name} is no whole backup: it ends before its manifest. Take another one.")
    if found != manifest.files:
        wrong = sorted(name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name))
        raise BackupError(f"{path.name} is damaged: {len(wrong)} files are missing or not what its manifest says, the first is {wrong[0]}. Take another one.")
    return manifest


def _plain_name(member: tarfile.TarInfo, found: dict[str, str]) -> str:
    """The member's name, if it is one that `add_file` would have given."""
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise BackupError(f"The backup holds {member.name!r}, which is a link, a folder or a device. No backup has such a thing; take another one.")
    tarfile.data_filter(member, "/nowhere")  # refuses absolute names and those that lead out
    parts = PurePosixPath(member.name).parts
    inside = member.name in (MANIFEST, *DATABASES.values()) or (len(parts) > 1 and parts[0] in ROOMS and ".." not in parts and "\0" not in member.name)
    if not inside or member.name != "/".join(parts) or member.name in found:
        raise BackupError(f"The backup holds {member.name!r}, which is no name of a file of a backup. Take another one.")
    return member.name


def _manifest(text: bytes) -> Manifest:
    try:
        made_as = _FORMAT.validate_json(text).format
        if made_as != FORMAT:
            raise BackupError(f"The backup has format {made_as}, and this version of the studio reads {FORMAT}. Use the version that made it.")
        manifest = _MANIFEST.validate_json(text)
    except ValidationError as error:
        raise BackupError("The backup's manifest cannot be read. Take another backup, or the version of the studio that made it.") from error
    if DATABASES.get(manifest.database) not in manifest.files:
        raise BackupError(f"The backup holds no database of the kind {manifest.database!r} that its manifest names. Take another one.")
    return manifest


def _write(source: IO[bytes], target: Path | None) -> str:
    digest = hashlib.sha256()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.devnull if target is None else target, "wb") as file:
        if target is not None:
            os.fchmod(file.fileno(), 0o600)
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
            file.write(block)
        if target is not None:
            file.flush()
            os.fsync(file.fileno())
    return digest.hexdigest()
