"""The words that constitutions are cited by."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.address_table import Address
from db.errors import NotFound
from db.session import clock
from db.upserts import add_missing


def addresses(session: Session) -> list[Address]:
    """All there are."""
    return list(session.scalars(select(Address).order_by(Address.slug)))


def kept_address(session: Session, slug: str) -> Address | None:
    """Where a word leads; None: nowhere."""
    return session.get(Address, slug, populate_existing=True)


def get_address(session: Session, slug: str) -> Address:
    """The same of a word that has to lead somewhere.

    Raises:
        NotFound: It does not.
    """
    found = kept_address(session, slug)
    if found is None:
        raise NotFound(f"No constitution is cited as {slug[:80]!r}. The first page lists those there are.")
    return found


def address_of(session: Session, constitution_id: int, base: str) -> Address | None:
    """The one that a constitution has for a name; None where it has none yet."""
    return session.scalars(select(Address).where(Address.constitution_id == constitution_id, Address.base == base)).one_or_none()


def give_address(session: Session, constitution_id: int, base: str) -> str:
    """Give a constitution the word for a name, or the first of `word-2`, `word-3` … that is free. What it has already stays."""
    taken = {each.slug for each in addresses(session)}
    number = 1
    while (found := address_of(session, constitution_id, base)) is None:
        slug = base if number == 1 else f"{base}-{number}"
        if slug not in taken:
            row = {"slug": slug, "constitution_id": constitution_id, "base": base, "made_at": clock(session)}
            add_missing(session, Address, [row], ["slug"])
        number += 1
    return found.slug
