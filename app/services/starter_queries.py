"""The query sets that come with the studio."""

import logging
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from core.constitution.queries import to_rows
from core.constitution.reading.query_files import read_query_file
from core.errors import StudioError, first_line
from db.query_sets import add_query_set, has_query_set

STARTER_SOURCE = "written for this studio"
STARTER_NAME = "Everyday queries"
FILES = {  # in the order that the Train page offers them
    STARTER_NAME: "queries.jsonl",
    "Visitors of a museum": "visitor-queries.jsonl",
    "Customers who need support": "support-queries.jsonl",
    "Questions of policy": "policy-queries.jsonl",
}
FOLDER = Path(__file__).parent.parent / "starters"

log = logging.getLogger("studio")


def missing_queries(session: Session, folder: Path = FOLDER) -> dict[str, list[dict[str, Any]]]:
    """The sets that this database has not, by name. A file that cannot be read is logged and left out."""
    read = {name: _rows(folder / file) for name, file in FILES.items()}
    return {name: rows for name, rows in read.items() if rows is not None and not has_query_set(session, name, rows)}


def plant_queries(session: Session, sets: dict[str, list[dict[str, Any]]]) -> None:
    """Add them."""
    for name, rows in sets.items():
        add_query_set(session, name, STARTER_SOURCE, rows)


def _rows(file: Path) -> list[dict[str, Any]] | None:
    try:
        return [dict(row) for row in to_rows(read_query_file(file.read_bytes(), file.name).queries)]
    except (StudioError, OSError) as error:
        log.warning(
            "The starter queries in %s cannot be read, so they are left out: %s Install the studio again to have them back.", file.name, first_line(error)
        )
        return None
