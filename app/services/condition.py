"""What keeps the studio from writing, found out by looking: nothing is written for it."""

import os
from pathlib import Path

from sqlalchemy import text

from app.services.logs import FULL_BYTES
from app.services.studio import Studio, in_words
from core.errors import StudioError
from db.faults import Fault


def condition(studio: Studio) -> str:
    """Why nothing can be written just now, with the remedy; empty when all is well, as far as can be seen."""
    try:
        with in_words(), studio.sessions.read() as session:
            session.execute(text("SELECT 1 FROM alembic_version")).all()
    except StudioError as error:
        return str(error)
    places = [studio.settings.data]
    if studio.engine.dialect.name == "sqlite":
        database = Path(str(studio.engine.url.database))
        places += [database, database.parent]
    if not all(os.access(place, os.W_OK, effective_ids=True) for place in places):
        return Fault.READ_ONLY.words
    return Fault.FULL.words if studio.store.free_bytes() < FULL_BYTES else ""
