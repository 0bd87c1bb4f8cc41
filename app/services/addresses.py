"""The word that a constitution is cited by, made of its name and kept for good: a citation outlives a renaming."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

import db.constitutions as store
from app.services.studio import Studio, in_words
from core.constitution.text import slug
from db.addresses import address_of, get_address, give_address, kept_address
from db.tables import Constitution

NAMELESS = "constitution"  # for a name without letters and digits


@dataclass(frozen=True, kw_only=True)
class Named:
    """A constitution as it is cited."""

    id: int
    name: str
    slug: str  # of its present name


def named(studio: Studio, constitution_id: int) -> Named:
    """How a constitution is cited; its word is made now where it has none yet."""
    with in_words(), studio.sessions.read() as session:
        row = store.get_constitution(session, constitution_id)
        found = address_of(session, row.id, _base(row))
    if found is not None:
        return Named(id=row.id, name=row.name, slug=found.slug)
    with in_words(), studio.sessions.begin() as session:
        keep_addresses(session)
        return Named(id=row.id, name=row.name, slug=give_address(session, row.id, _base(row)))


def find(studio: Studio, word: str) -> Named:
    """The constitution that is cited by a word, also by one of a name that it had, or that has this very name.

    Raises:
        RefusedError: None is.
    """
    with in_words(), studio.sessions.read() as session:
        found = kept_address(session, word)
    if found is not None:
        return named(studio, found.constitution_id)
    with in_words(), studio.sessions.begin() as session:  # it may be one that was made, or renamed, without anybody asking for its word
        keep_addresses(session)
        by_name = next((row for row in store.names(session) if row.name == word), None)
        row = by_name if by_name is not None else store.get_constitution(session, get_address(session, word).constitution_id)
        return Named(id=row.id, name=row.name, slug=give_address(session, row.id, _base(row)))


def keep_addresses(session: Session) -> None:
    """Give every constitution the word for its present name, the older ones first."""
    for row in store.names(session):
        if address_of(session, row.id, _base(row)) is None:
            give_address(session, row.id, _base(row))


def _base(row: Constitution) -> str:
    return slug(row.name) or NAMELESS
