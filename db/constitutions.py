"""Constitutions and their immutable versions. Drafts stand in db/drafts.py."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.canonical import canonical_json, sha256_of
from db.columns import UNKNOWN_TIME, clean
from db.errors import NotFound, RequestKeyTaken, Unchanged, VersionConflict
from db.session import clock
from db.tables import AuditEntry, Constitution, Draft, Principle, Run, Version
from db.upserts import add_missing

LOST = "(not there)"  # the name of what a damaged row names


@dataclass(frozen=True, kw_only=True)
class ConstitutionSummary:
    """One line of the list of constitutions."""

    id: int
    name: str
    blurb: str
    starter: bool
    archived_at: datetime | None
    version_id: int | None  # the newest version; None before the first
    version_number: int | None
    run_count: int
    updated_at: datetime  # the newest of: made, a version saved, any editor's draft saved
    problem: str = ""  # why the newest version cannot be read; empty when it can
    own: bool = False  # whether it is of whoever asks: made by them, or written in
    closed: str = ""  # why whoever asks may not rename or archive it, and who may; empty where they may


@dataclass(frozen=True, kw_only=True)
class VersionSummary:
    """One line of the history."""

    id: int
    number: int
    parent_id: int | None
    message: str
    author: str
    created_at: datetime
    sha256: str
    problem: str = ""  # why it cannot be read; empty when it can


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """What an editor wants to save."""

    constitution_id: int
    base_version_id: int | None  # the newest version the editor has seen; None when there was none
    content: dict[str, Any]
    message: str
    author: str


def add_constitution(session: Session, name: str, blurb: str = "", starter: bool = False, request_key: str = "") -> Constitution:
    """Make a constitution without any version; the same request_key again returns the one that is there, whatever became of it.

    Raises:
        RequestKeyTaken: With this request_key one of another name was asked for.
    """
    key = request_key or uuid4().hex
    add_missing(session, Constitution, [{"name": name, "blurb": blurb, "starter": starter, "created_at": clock(session), "request_key": key}], ["request_key"])
    found = session.scalars(select(Constitution).where(Constitution.request_key == key)).one()
    if found.name != clean(name):
        raise RequestKeyTaken(f"With this request key “{found.name}” was made already. Take another key for “{name}”.")
    return found


def made_with(session: Session, request_key: str) -> Constitution | None:
    """The constitution that a request made already; None where it made none, or has no key."""
    return session.scalars(select(Constitution).where(Constitution.request_key == request_key)).one_or_none() if request_key else None


def names(session: Session) -> list[Constitution]:
    """Every constitution, for its name; archived ones too."""
    return list(session.scalars(select(Constitution).order_by(Constitution.id)))


def written_by(session: Session, editor: str) -> set[int]:
    """The constitutions that somebody made, or has a version or a draft of."""
    made = select(AuditEntry.subject).where(AuditEntry.what == "constitution.made", AuditEntry.who == editor)
    found = set(session.scalars(select(Version.constitution_id).where(Version.author == editor).distinct()))
    found |= set(session.scalars(select(Draft.constitution_id).where(Draft.editor == editor)))
    return found | {int(number) for subject in session.scalars(made) if (number := subject.rpartition(" ")[2]).isdecimal()}


def get_constitution(session: Session, constitution_id: int) -> Constitution:
    """One constitution.

    Raises:
        NotFound: There is none with this id.
    """
    constitution = session.get(Constitution, constitution_id, populate_existing=True)
    if constitution is None:
        raise NotFound(f"There is no constitution {constitution_id}.")
    return constitution


def list_constitutions(session: Session, archived: bool = False) -> list[ConstitutionSummary]:
    """The constitutions in use (or the archived ones), starters last, otherwise newest first; one statement however many."""
    newest = select(Version.constitution_id, func.max(Version.number).label("number")).group_by(Version.constitution_id).subquery()
    runs = select(Version.constitution_id, func.count().label("runs")).join(Run, Run.version_id == Version.id).group_by(Version.constitution_id).subquery()
    drafts = select(Draft.constitution_id, func.max(Draft.updated_at).label("saved_at")).group_by(Draft.constitution_id).subquery()
    query = (
        select(Constitution, Version.id, Version.number, Version.created_at, func.coalesce(runs.c.runs, 0), drafts.c.saved_at)
        .outerjoin(newest, newest.c.constitution_id == Constitution.id)
        .outerjoin(Version, (Version.constitution_id == Constitution.id) & (Version.number == newest.c.number))
        .outerjoin(runs, runs.c.constitution_id == Constitution.id)
        .outerjoin(drafts, drafts.c.constitution_id == Constitution.id)
        .where(Constitution.archived_at.is_not(None) if archived else Constitution.archived_at.is_(None))
        .order_by(Constitution.starter, Constitution.id.desc())
    )
    return [
        ConstitutionSummary(
            id=row.id,
            name=row.name,
            blurb=row.blurb,
            starter=row.starter,
            archived_at=row.archived_at,
            version_id=version_id,
            version_number=number if version_id is not None else None,
            run_count=run_count,
            updated_at=max(at for at in (row.created_at, versioned_at, saved_at) if at is not None),
        )
        for row, version_id, number, versioned_at, run_count, saved_at in session.execute(query)
    ]


def rename(session: Session, constitution_id: int, name: str) -> None:
    """Change the name in lists. The name inside drafts and versions is part of their content and stays."""
    get_constitution(session, constitution_id).name = name
    session.flush()


def set_archived(session: Session, constitution_id: int, archived: bool) -> None:
    """Put a constitution away, or take it back. Versions and runs stay reachable."""
    get_constitution(session, constitution_id).archived_at = clock(session) if archived else None
    session.flush()


def add_version(session: Session, new: NewVersion) -> Version:
    """Save a version after the newest one, readable or not. Principles without an id get one; a repeated id is given to its first bearer only.

    Ids are taken as they come, so that a fork keeps its principles' identity; `own_ids` says which of them a constitution may bring.

    Raises:
        VersionConflict: The newest version is not the one the editor saw; the error carries it.
        Unchanged: The content equals the newest version.
        NotFound: There is no such constitution.
    """
    # PostgreSQL: two savers must not both read the same head. SQLite has one writer and ignores the lock.
    session.scalars(select(Constitution.id).where(Constitution.id == new.constitution_id).with_for_update()).one_or_none()
    get_constitution(session, new.constitution_id)
    head = get_head(session, new.constitution_id)
    if head is not None:
        session.expunge(head)
    if (head.id if head else None) != new.base_version_id:
        raise VersionConflict(head)
    content = _with_ids(new.content)
    text = canonical_json(content)
    sha256 = sha256_of(text)
    if head is not None and head.sha256 == sha256 and is_whole(head):
        raise Unchanged(head)
    now = clock(session)
    principles = [{"id": p["id"], "constitution_id": new.constitution_id, "created_at": now} for p in content["principles"]]
    add_missing(session, Principle, principles, ["id"])
    version = Version(
        constitution_id=new.constitution_id,
        number=max(session.scalars(select(Version.number).where(Version.constitution_id == new.constitution_id)), default=0) + 1,
        parent_id=head.id if head else None,
        message=new.message,
        author=new.author,
        created_at=now,
        content_text=text,
        sha256=sha256,
    )
    session.add(version)
    session.flush()
    return version


def _with_ids(content: dict[str, Any]) -> dict[str, Any]:
    seen: set[str] = set()
    principles = []
    for principle in content["principles"]:
        given = principle.get("id")
        identity = given if given and given not in seen else uuid4().hex
        seen.add(identity)
        principles.append({**principle, "id": identity})
    return {**content, "principles": principles}


def own_ids(session: Session, constitution_id: int, wanted: Sequence[str], kept: Collection[str] = ()) -> list[str]:
    """An identity for each principle that somebody wrote: the wanted one where the constitution may have it, else a new one.

    One that belongs to another constitution is never taken over, and one that is wanted twice goes to its first bearer.

    Args:
        session: Any session.
        constitution_id: Where they are written.
        wanted: The ids that they come with.
        kept: Ids that its versions have already, and keep: a fork shares them with where it came from.
    """
    asked = [each for each in wanted if each and each not in kept]
    query = select(Principle.id).where(Principle.id.in_(asked), Principle.constitution_id != constitution_id)
    taken = set(session.scalars(query))
    own: list[str] = []
    for given in wanted:
        # Of a taken one always the same other one, so that an editor who goes on to send it goes on to write the same principle.
        other = sha256_of(f"{constitution_id} {given}")[:32] if given and given in taken else given
        own.append(other if other and other not in own else uuid4().hex)
    return own


def summary_of(version: Version) -> VersionSummary:
    """A version without its content, as a history lists it."""
    return VersionSummary(
        id=version.id,
        number=version.number,
        parent_id=version.parent_id,
        message=version.message,
        author=version.author,
        created_at=version.created_at,
        sha256=version.sha256,
    )


def get_head(session: Session, constitution_id: int) -> Version | None:
    """The newest version as it is stored, whole or not; None before the first."""
    query = select(Version).where(Version.constitution_id == constitution_id).order_by(Version.number.desc()).limit(1)
    return session.scalars(query).one_or_none()


def stored_versions(session: Session, version_ids: Collection[int]) -> list[Version]:
    """Some versions as they are stored; those that are not there are missing."""
    return list(session.scalars(select(Version).where(Version.id.in_(version_ids)).order_by(Version.id)))


def versions_of(session: Session, constitution_id: int) -> Iterator[Version]:
    """The versions of a constitution as they are stored, newest first, one at a time."""
    ids = session.scalars(select(Version.id).where(Version.constitution_id == constitution_id).order_by(Version.number.desc())).all()
    return (get_version_by_id(session, each) for each in ids)


def get_version(session: Session, constitution_id: int, number: int) -> Version:
    """One version as it is stored, whole or not.

    Raises:
        NotFound: There is no such version.
    """
    version = session.scalars(select(Version).where(Version.constitution_id == constitution_id, Version.number == number)).one_or_none()
    if version is None:
        raise NotFound(f"Constitution {constitution_id} has no version {number}.")
    return version


def get_version_by_id(session: Session, version_id: int) -> Version:
    """As `get_version`, by the version's own id."""
    version = session.get(Version, version_id)
    if version is None:
        raise NotFound(f"There is no version with id {version_id}.")
    return version


def named_version(session: Session, version_id: int) -> Version:
    """The version that another row names; where there is none, one that cannot be read in its place: a damaged row is shown all the same."""
    found = session.get(Version, version_id) if version_id is not None else None
    return found or Version(id=0, constitution_id=0, number=0, message="", author="", created_at=UNKNOWN_TIME, content_text="", sha256="")


def named_constitution(session: Session, constitution_id: int) -> str:
    """The name of the constitution that another row names."""
    found = session.get(Constitution, constitution_id) if constitution_id is not None else None
    return found.name if found is not None else LOST


def is_whole(version: Version) -> bool:
    """Whether the stored content is what was saved: whether it matches its sha256."""
    return sha256_of(version.content_text) == version.sha256


def damaged_versions(session: Session) -> list[Version]:
    """Every version whose stored content does not match its sha256: empty in a healthy database."""
    return [version for version in session.scalars(select(Version).order_by(Version.id)) if not is_whole(version)]
