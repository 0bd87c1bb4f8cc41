"""Who may do what with a constitution: writers propose, reviewers approve, owners decide, rename and archive. Where nobody has a role everybody may do
everything.

A role is that of a name. Where people sign in, the name is theirs; where they only say what they are called, it is what they said.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy.orm import Session

from app.services.accounts import asks_names
from app.services.actors import is_unnamed, require_name
from app.services.audit import record
from app.services.stored import write_version
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.principles import Constitution
from core.errors import ConfigError
from db import users
from db.amendment_tables import Role
from db.amendments import put_role, roles_of
from db.constitutions import NewVersion, get_constitution
from db.tables import Version
from db.users import name_key

RoleName = Literal["writer", "reviewer", "owner"]
ROLES: tuple[RoleName, ...] = get_args(RoleName)
OWNERS: tuple[RoleName, ...] = ("owner",)
NAMES_ONLY = "Nobody signs in here, so a second person is a second name: whoever opens the page can take any."


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody with a role."""

    name: str
    role: str
    left: bool  # whether there is no such account any more


def roles(studio: Studio, constitution_id: int) -> list[Holder]:
    """Who has a role."""
    with in_words(), studio.sessions.read() as session:
        get_constitution(session, constitution_id)
        found = roles_of(session, [constitution_id])
        gone = left(studio, session, [each.name for each in found])
        return [Holder(name=each.name, role=each.role, left=each.name in gone) for each in found]


def left(studio: Studio, session: Session, names: Sequence[str]) -> set[str]:
    """Those of some names that have no account any more, where accounts are what people sign in with."""
    known = {user.key for user in users.list_users(session)} if studio.settings.user_header is None else set()
    return {name for name in names if known and name_key(name) not in known}


def trust_note(studio: Studio) -> str:
    """What a name is worth here; empty where people sign in with an account or are named by a proxy."""
    if studio.settings.user_header is not None:
        return ""
    if asks_names(studio):
        return NAMES_ONLY
    with studio.sessions.read() as session:
        return "" if users.list_users(session) else "There is one password for all, so a second person is a second name: whoever knows it can take any."


def give_role(studio: Studio, constitution_id: int, by: str, name: object, role: object, *, operator: bool = False) -> None:
    """Give somebody a role, or take it away with an empty one.

    Args:
        studio: The open studio.
        constitution_id: Of which.
        by: Who does: an owner, where there is one.
        name: Whose.
        role: One of ROLES, or empty.
        operator: Whether it is the operator at the command line, who may whatever roles say.

    Raises:
        StudioError: It is no role, or they may not give it.
    """
    checked = require_name(name if isinstance(name, str) else "")
    if role not in (*ROLES, ""):
        raise ConfigError(f"{str(role)[:40]!r} is no role. Give one of {', '.join(ROLES)}, or none.")
    with in_words(), studio.sessions.begin() as session:
        if not operator:
            require_role(session, constitution_id, require_someone(by), OWNERS)
        put_role(session, constitution_id, checked, str(role), by)
        after = roles_of(session, [constitution_id])
        if after and not any(each.role == "owner" for each in after):
            raise RefusedError("There would be no owner, and only owners adopt and give roles. Make somebody an owner first, yourself for a start.")
        record(session, "role.given", f"constitution {constitution_id}", name=checked, role=str(role) or "none")


def require_someone(name: str) -> str:
    """The name of whoever acts, who has to have one.

    Raises:
        RefusedError: They gave none.
    """
    if is_unnamed(name) or not name:
        raise RefusedError(
            "An amendment needs names: who proposes, who approves. Say what you are called above, then do it again; at a terminal with --who NAME."
        )
    return name


def require_role(session: Session, constitution_id: int, who: str, allowed: tuple[RoleName, ...]) -> None:
    """Refuse what somebody's role does not allow.

    Raises:
        RefusedError: There are roles, and theirs is none of the allowed.
    """
    if reason := refusals(session, [constitution_id], who, allowed).get(constitution_id):
        raise RefusedError(reason)


def refusals(session: Session, constitution_ids: Collection[int], who: str, allowed: tuple[RoleName, ...]) -> dict[int, str]:
    """Why somebody may not, and who may, for each of some constitutions that has roles of which theirs is none of the allowed."""
    held: dict[int, list[Role]] = {}
    for each in roles_of(session, constitution_ids):
        held.setdefault(each.constitution_id, []).append(each)
    found = {}
    for constitution_id, roles_there in held.items():
        own = next((each.role for each in roles_there if each.key == name_key(who)), None)
        if own not in allowed:
            can = ", ".join(f"{each.name} ({each.role})" for each in roles_there if each.role in allowed) or "nobody"
            somebody, name = "Whoever gave no name" if is_unnamed(who) else who, get_constitution(session, constitution_id).name
            is_what = own or "neither writer, reviewer nor owner"
            found[constitution_id] = f"{somebody} is {is_what} of “{name}”. This is for its {' or '.join(allowed)}: {can}."
    return found


def closed_to(studio: Studio, constitution_id: int, who: str) -> str:
    """Why somebody may not do what is for owners (rename, archive, adopt, reject), and who may; empty where they may."""
    with in_words(), studio.sessions.read() as session:
        return refusals(session, [constitution_id], who, OWNERS).get(constitution_id, "")


def write_own_version(session: Session, new: NewVersion, meant: Constitution) -> Version:
    """Save a version without an amendment, which where there are roles only owners may. Raises as `write_version`, and RefusedError."""
    require_role(session, new.constitution_id, new.author, OWNERS)
    return write_version(session, new, meant)
