"""Which starters a database was ever given."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.constitutions import get_version
from db.tables import Constitution


def planted_starters(session: Session) -> set[str]:
    """Their names as they were planted: first versions cannot change, so they tell it whatever a starter is called now."""
    rows = session.scalars(select(Constitution).where(Constitution.starter)).all()
    return {get_version(session, row.id, 1).content["name"] for row in rows}
