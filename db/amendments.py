"""Amendments and roles: functions on a session."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from db.amendment_tables import Amendment, AmendmentApproval, AmendmentComment, AmendmentEvidence, AmendmentText, Role
from db.canonical import sha256_of
from db.errors import NotFound
from db.session import clock
from db.upserts import add_missing, put
from db.users import name_key


def roles_of(session: Session, constitution_ids: Collection[int]) -> list[Role]:
    """Who is what to some constitutions, by name; one statement however many."""
    return list(session.scalars(select(Role).where(Role.constitution_id.in_(constitution_ids)).order_by(Role.key)))


def put_role(session: Session, constitution_id: int, name: str, role: str, by: str) -> None:
    """Give somebody a role, in the place of the one they had; an empty one takes it away."""
    key = name_key(name)
    if not role:
        session.execute(delete(Role).where(Role.constitution_id == constitution_id, Role.key == key))
        return
    row = {"constitution_id": constitution_id, "key": key, "name": name, "role": role, "given_by": by, "given_at": clock(session)}
    put(session, Role, [row], ["constitution_id", "key"])


@dataclass(frozen=True, kw_only=True)
class NewText:
    """A wording."""

    base_version_id: int
    content: str  # canonical JSON
    made_by: str


def add_amendment(session: Session, constitution_id: int, reason: str, text: NewText, request_key: str) -> Amendment:
    """Propose a change. The same request_key again is the same amendment."""
    made = session.scalars(select(Amendment).where(Amendment.request_key == request_key)).one_or_none()
    if made is not None:
        return made
    now = clock(session)
    row = Amendment(constitution_id=constitution_id, reason=reason, proposed_by=text.made_by, proposed_at=now, request_key=request_key)
    row.decision = row.decided_by = row.message = row.waiver = ""
    session.add(row)
    session.flush()
    add_text(session, row.id, text)
    return row


def add_text(session: Session, amendment_id: int, new: NewText) -> AmendmentText:
    """Add the next wording."""
    before = texts_of(session, amendment_id)
    row = AmendmentText(
        amendment_id=amendment_id,
        revision=len(before) + 1,
        base_version_id=new.base_version_id,
        content=new.content,
        sha256=sha256_of(new.content),
        made_by=new.made_by,
        made_at=clock(session),
    )
    session.add(row)
    session.flush()
    return row


def get_amendment(session: Session, amendment_id: int) -> Amendment:
    """One amendment; in PostgreSQL nobody else decides on it meanwhile.

    Raises:
        NotFound: There is none with this id.
    """
    found = session.scalars(select(Amendment).where(Amendment.id == amendment_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound(f"There is no amendment {amendment_id}.")
    return found


def list_amendments(session: Session, constitution_id: int) -> list[Amendment]:
    """The amendments to a constitution, newest first."""
    return list(session.scalars(select(Amendment).where(Amendment.constitution_id == constitution_id).order_by(Amendment.id.desc())))


def texts_of(session: Session, amendment_id: int) -> list[AmendmentText]:
    """Its wordings, the first one first."""
    return list(session.scalars(select(AmendmentText).where(AmendmentText.amendment_id == amendment_id).order_by(AmendmentText.revision)))


def comments_of(session: Session, amendment_id: int) -> list[AmendmentComment]:
    """What was said of it, oldest first."""
    return list(session.scalars(select(AmendmentComment).where(AmendmentComment.amendment_id == amendment_id).order_by(AmendmentComment.id)))


def approvals_of(session: Session, amendment_id: int) -> list[AmendmentApproval]:
    """Who approved which wording, oldest first."""
    return list(session.scalars(select(AmendmentApproval).where(AmendmentApproval.amendment_id == amendment_id).order_by(AmendmentApproval.id)))


def evidence_of(session: Session, amendment_id: int) -> list[AmendmentEvidence]:
    """The pairs of runs, newest first."""
    return list(session.scalars(select(AmendmentEvidence).where(AmendmentEvidence.amendment_id == amendment_id).order_by(AmendmentEvidence.id.desc())))


def amendment_of_runs(session: Session, first: int, second: int) -> int | None:
    """The amendment that two runs are evidence for, the newest of several; None: they are for none."""
    either = ((AmendmentEvidence.old_run, AmendmentEvidence.new_run), (AmendmentEvidence.new_run, AmendmentEvidence.old_run))
    pair = or_(*(and_(one == first, other == second) for one, other in either))
    return session.scalars(select(AmendmentEvidence.amendment_id).where(pair).order_by(AmendmentEvidence.id.desc())).first()


def add_comment(session: Session, new: dict[str, object]) -> None:
    """Say something; the same request_key again says nothing more."""
    add_missing(session, AmendmentComment, [{**new, "made_at": clock(session)}], ["request_key"])


def add_approval(session: Session, amendment_id: int, revision: int, who: str, message: str) -> None:
    """Approve a wording; a second time changes nothing."""
    row = {"amendment_id": amendment_id, "revision": revision, "who": who, "message": message, "made_at": clock(session)}
    add_missing(session, AmendmentApproval, [row], ["amendment_id", "revision", "who"])


def add_evidence(session: Session, new: dict[str, object]) -> None:
    """Remember a pair of runs; the same request_key again is the same pair."""
    add_missing(session, AmendmentEvidence, [{**new, "asked_at": clock(session)}], ["amendment_id", "request_key"])
