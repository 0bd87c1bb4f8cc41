"""Files that the commands are given and that can be read without torch."""

import sys
from pathlib import Path

from app.services.imports import read_file
from core.constitution.findings import require_valid
from core.constitution.principles import Constitution
from core.errors import ConstitutionError


def read_constitution(path: Path) -> Constitution:
    """Read a constitution file for use. What there is to say about how it was read goes to standard error."""
    try:
        reading = read_file(path.read_bytes(), path.name)
    except FileNotFoundError as error:
        raise ConstitutionError(f"There is no constitution file {path}. Check the path.") from error
    for note in (*reading.notes, *(f"Left out: {part}." for part in reading.ignored)):
        print(note, file=sys.stderr)
    require_valid(reading.constitution)
    return reading.constitution
