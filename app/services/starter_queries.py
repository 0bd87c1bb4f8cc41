"""The query set that comes with the studio."""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from core.constitution.queries import to_rows
from core.constitution.reading.query_files import read_query_file
from db.query_sets import add_query_set, has_query_set

STARTER_NAME = "Everyday queries"
STARTER_SOURCE = "written for this studio"
STARTER_FILE = Path(__file__).parent.parent / "starters" / "queries.jsonl"


def plant_queries(session: Session, file: Path = STARTER_FILE) -> None:
    """Add the starter set, unless the very same one is there."""
    add_query_set(session, STARTER_NAME, STARTER_SOURCE, _rows(file))


def are_planted(session: Session, file: Path = STARTER_FILE) -> bool:
    """Whether the very same set is there."""
    return has_query_set(session, STARTER_NAME, _rows(file))


def _rows(file: Path) -> list[dict[str, Any]]:
    return [dict(row) for row in to_rows(read_query_file(file.read_bytes(), file.name).queries)]
