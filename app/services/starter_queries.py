"""The query set that comes with the studio."""

from pathlib import Path

from sqlalchemy.orm import Session

from core.constitution.queries import to_rows
from core.constitution.reading.query_files import read_query_file
from db.query_sets import add_query_set

STARTER_NAME = "Everyday queries"
STARTER_SOURCE = "written for this studio"
STARTER_FILE = Path(__file__).parent.parent / "starters" / "queries.jsonl"


def plant_queries(session: Session, file: Path = STARTER_FILE) -> None:
    """Add the starter set, unless the very same one is there."""
    queries = read_query_file(file.read_bytes(), file.name).queries
    add_query_set(session, STARTER_NAME, STARTER_SOURCE, [dict(row) for row in to_rows(queries)])
