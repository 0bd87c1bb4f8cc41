"""Local accounts. Passwords come here as hashes only."""

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import NameTaken, NotFound
from db.session import clock
from db.tables import User
from db.upserts import add_missing


def name_key(name: str) -> str:
    """What a name is found by: one for all names that differ only in case, width or spacing (Unicode's caseless match of compatibility forms)."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.casefold()).casefold()).split())


def add_user(session: Session, name: str, password_hash: str) -> User:
    """Make an account.

    Raises:
        NameTaken: There is one of this name, perhaps in other case or width.
    """
    add_missing(session, User, [{"key": name_key(name), "name": name, "password_hash": password_hash, "created_at": clock(session)}], ["key"])
    user = get_user(session, name)
    if user.password_hash != password_hash:  # no two hashes are alike, for their salts
        raise NameTaken(f"There is an account {user.name!r} already. Choose another name, or give that account a new password.")
    return user


def list_users(session: Session) -> list[User]:
    """Every account, by name."""
    return list(session.scalars(select(User).order_by(User.key)))


def get_user(session: Session, name: str) -> User:
    """The account of this name, in whatever case or width.

    Raises:
        NotFound: There is none.
    """
    user = session.get(User, name_key(name), populate_existing=True)
    if user is None:
        raise NotFound(f"There is no account {name!r}. `python -m app user list` lists them.")
    return user


def set_password(session: Session, name: str, password_hash: str) -> User:
    """Give an account another password. Raises as `get_user`."""
    user = get_user(session, name)
    user.password_hash = password_hash
    session.flush()
    return user


def remove_user(session: Session, name: str) -> str:
    """Remove an account and return its name as it was; what was done under it stays. Raises as `get_user`."""
    user = get_user(session, name)
    session.delete(user)
    session.flush()
    return user.name
