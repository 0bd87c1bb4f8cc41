"""Names of constitutions: no two have one name, whatever its case and spacing, archived ones included."""

import re
from dataclasses import replace

from sqlalchemy.orm import Session

import db.constitutions as store
from app.services.documents import MAX_NAME_CHARS
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.principles import Constitution, squash


def require_free(session: Session, name: str, constitution_id: int) -> None:
    """Refuse a name that another constitution has.

    Raises:
        RefusedError: One has it.
    """
    for row in store.names(session):
        if row.id != constitution_id and squash(row.name) == squash(name):
            archived = ", which is archived" if row.archived_at is not None else ""
            raise RefusedError(f"There is a constitution named “{row.name}” already{archived}. Choose another name.")


def named_again(session: Session, constitution_id: int, old: Constitution) -> Constitution:
    """An earlier text of a constitution with the name that it had then, which it is called again; or, where another is called that by now, its present one."""
    taken = any(row.id != constitution_id and squash(row.name) == squash(old.name) for row in store.names(session))
    name = store.get_constitution(session, constitution_id).name if taken else old.name
    store.rename(session, constitution_id, name)
    return replace(old, name=name)


def count_constitutions(studio: Studio) -> int:
    """How many have a name: those in use and the archived ones."""
    with in_words(), studio.sessions.read() as session:
        return len(store.names(session))


def name_for(session: Session, name: str, request_key: str) -> str:
    """What a request makes a constitution under: the name, with a number where it is taken; asked again, what it made before is called."""
    made = store.made_with(session, request_key)
    if made is None:
        return free_name(session, name)
    numbered = re.fullmatch(r".* (\d+)", made.name, re.DOTALL)
    return made.name if numbered and made.name == _numbered(name, numbered[1]) else name


def _numbered(name: str, number: str) -> str:
    return f"{name[: MAX_NAME_CHARS - len(number) - 1].rstrip()} {number}"


def free_name(session: Session, name: str) -> str:
    """The name, or where it is taken the first of `name 2`, `name 3` … that is not."""
    taken = {squash(row.name) for row in store.names(session)}
    number, free = 1, name
    while squash(free) in taken:
        number += 1
        free = _numbered(name, str(number))
    return free
