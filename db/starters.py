"""Which starters a database was ever given."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.constitutions import get_version, is_whole
from db.errors import NotFound
from db.tables import Constitution


def planted_starters(session: Session) -> set[str]:
    """Their names as they were planted: first versions cannot change, so they tell it whatever a starter is called now.

    Where a first version cannot be read, the line that it was planted with tells it, which nobody can change, and the name it has now.
    """
    found: set[str] = set()
    for row in session.scalars(select(Constitution).where(Constitution.starter)).all():
        found |= _first_name(session, row.id) or {row.name, row.blurb}
    return found


def _first_name(session: Session, constitution_id: int) -> set[str]:
    try:
        first = get_version(session, constitution_id, 1)
        return {str(first.content["name"])} if is_whole(first) else set()
    except (NotFound, ValueError, LookupError, TypeError):
        return set()
