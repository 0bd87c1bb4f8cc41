"""Files that the commands are given and that can be read without torch."""

import sys
from pathlib import Path

from app.services.imports import read_file
from core.constitution.findings import require_valid
from core.constitution.principles import Constitution
from core.errors import ConfigError, ConstitutionError, FileError

MOST_BYTES = 500_000_000  # of a file of texts: more is no such file, or one that never ends


def read_bytes(path: Path) -> bytes:
    """What a file holds.

    Raises:
        FileError: More than a command reads.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FileError(f"{path} holds more than {MOST_BYTES // 1_000_000} MB, or never ends. Take a sample of it.")
    return data


def require_writable(path: Path) -> None:
    """Raise ConfigError where no file can be put in the end, before anything is spent on what it is to hold. A device or a link would be replaced by one."""
    if not path.name or path.is_symlink() or (path.exists() and not path.is_file()):
        raise ConfigError(f"--out is {str(path)!r}, which is no plain file. Name one, such as replies.jsonl.")
    if not path.parent.is_dir():
        raise ConfigError(f"--out is {str(path)!r}, and there is no folder {path.parent}. Make it first.")


def read_constitution(path: Path) -> Constitution:
    """Read a constitution file for use. What there is to say about how it was read goes to standard error."""
    try:
        reading = read_file(read_bytes(path), path.name)
    except FileNotFoundError as error:
        raise ConstitutionError(f"There is no constitution file {path}. Check the path.") from error
    for note in (*reading.notes, *(f"Left out: {part}." for part in reading.ignored)):
        print(note, file=sys.stderr)
    require_valid(reading.constitution)
    return reading.constitution
