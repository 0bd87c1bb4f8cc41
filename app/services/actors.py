"""Who does a thing, as far as it is stored: authors and editors are names."""

from app.services.studio import Studio, in_words
from db import drafts

UNNAMED = "you"  # whoever gave no name


def take_over_drafts(studio: Studio, before: str, after: str) -> int:
    """Give what is written under one name to another, so that nobody's draft is lost when they change it.

    Where something is written under the new name already, both drafts stay where they are.

    Returns:
        How many drafts with anything written in them went along.
    """
    if before == after:
        return 0
    with in_words(), studio.sessions.begin() as session:
        return drafts.take_over_drafts(session, before, after)
