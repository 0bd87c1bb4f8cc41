"""Amendments as their readers see them: all of one constitution, and one with everything that was said of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

import db.amendments as store
import db.constitutions as versions
from app.services.addresses import Named, named
from app.services.amendments import is_approved, newest_text, wording
from app.services.differences import differences
from app.services.evidence import EvidenceView, evidence, is_complete
from app.services.roles import left
from app.services.stored import require_constitution
from app.services.studio import Studio, in_words
from core.constitution.changes import ConstitutionChange
from core.constitution.principles import Constitution
from db.amendment_tables import Amendment


@dataclass(frozen=True, kw_only=True)
class Person:
    """A name, and whether there is no such account any more."""

    name: str
    left: bool = False

    def __str__(self) -> str:
        return f"{self.name} (left)" if self.left else self.name


@dataclass(frozen=True, kw_only=True)
class Said:
    """A comment, or an approval."""

    who: Person
    at: datetime
    text: str
    principle: str = ""  # identity of the clause; empty: the whole
    clause: str = ""  # as it was commented on
    revision: int | None = None  # that was approved


@dataclass(frozen=True, kw_only=True)
class AmendmentLine:
    """One line of a list."""

    id: int
    status: str  # proposed, approved, adopted, rejected, withdrawn
    reason: str
    proposed_by: Person
    proposed_at: datetime
    base_number: int
    version_number: int | None  # that it became


@dataclass(frozen=True, kw_only=True)
class AmendmentView:
    """One amendment."""

    line: AmendmentLine
    of: Named
    revision: int
    newest_number: int  # of the constitution's versions
    behind: str  # who saved what meanwhile; empty: it changes the newest
    text: Constitution
    change: ConstitutionChange
    comments: tuple[Said, ...]
    approvals: tuple[Said, ...]
    evidence: tuple[EvidenceView, ...]
    complete: bool  # whether evidence of this wording is finished
    decided: Said | None
    waiver: str

    @property
    def open(self) -> bool:
        """Whether nothing is decided."""
        return self.line.status in ("proposed", "approved")


def list_amendments(studio: Studio, constitution_id: int) -> list[AmendmentLine]:
    """The amendments to a constitution, newest first."""
    with in_words(), studio.sessions.read() as session:
        versions.get_constitution(session, constitution_id)
        return [_line(studio, session, row) for row in store.list_amendments(session, constitution_id)]


def open_amendment(studio: Studio, amendment_id: int) -> AmendmentView:
    """One amendment, with all that was said of it.

    Raises:
        StudioError: There is none, or what it changes or says cannot be read.
    """
    with in_words(), studio.sessions.read() as session:
        row = store.get_amendment(session, amendment_id)
        text = newest_text(session, row.id)
        base, head = versions.get_version_by_id(session, text.base_version_id), versions.get_head(session, row.constitution_id)
        line, comments, approvals = _line(studio, session, row), _comments(studio, session, row), _approvals(studio, session, row)
        complete, before, after = is_complete(session, row.id, text.revision), require_constitution(base), wording(text)
        decider = _person(studio, session, row.decided_by)
    assert head is not None
    moved = head.id != base.id and not row.decision
    return AmendmentView(
        line=line,
        of=named(studio, row.constitution_id),
        revision=text.revision,
        newest_number=head.number,
        behind=f"{head.author} saved version {head.number} since; this changes version {base.number}." if moved else "",
        text=after,
        change=differences(before, after),
        comments=comments,
        approvals=approvals,
        evidence=tuple(evidence(studio, row.id)),
        complete=complete,
        decided=Said(who=decider, at=row.decided_at, text=row.message) if row.decision and row.decided_at is not None else None,
        waiver=row.waiver,
    )


def _line(studio: Studio, session: Session, row: Amendment) -> AmendmentLine:
    text = newest_text(session, row.id)
    version = versions.named_version(session, row.version_id) if row.version_id is not None else None
    return AmendmentLine(
        id=row.id,
        status=row.decision or ("approved" if is_approved(session, row, text) else "proposed"),
        reason=row.reason,
        proposed_by=_person(studio, session, row.proposed_by),
        proposed_at=row.proposed_at,
        base_number=versions.named_version(session, text.base_version_id).number,
        version_number=version.number if version is not None else None,
    )


def _person(studio: Studio, session: Session, name: str) -> Person:
    return Person(name=name, left=bool(left(studio, session, [name])))


def _comments(studio: Studio, session: Session, row: Amendment) -> tuple[Said, ...]:
    found = store.comments_of(session, row.id)
    gone = left(studio, session, [each.who for each in found])
    return tuple(
        Said(who=Person(name=each.who, left=each.who in gone), at=each.made_at, text=each.text, principle=each.principle, clause=each.clause) for each in found
    )


def _approvals(studio: Studio, session: Session, row: Amendment) -> tuple[Said, ...]:
    found = store.approvals_of(session, row.id)
    gone = left(studio, session, [each.who for each in found])
    return tuple(Said(who=Person(name=each.who, left=each.who in gone), at=each.made_at, text=each.message, revision=each.revision) for each in found)
