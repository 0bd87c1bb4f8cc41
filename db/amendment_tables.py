"""The mapped classes of amendments and of who may do what with a constitution; the others stand in `tables`."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Whole
from db.tables import Base


class Role(Base):
    """What somebody is to a constitution. Where nobody is anything, everybody may do everything."""

    __tablename__ = "role"

    constitution_id: Mapped[int] = mapped_column(ForeignKey("constitution.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)  # of the name, as in `User`
    name: Mapped[str]
    role: Mapped[str]  # writer, reviewer, owner
    given_by: Mapped[str]
    given_at: Mapped[datetime]


class Amendment(Base):
    """A proposed change to a version, and what became of it."""

    __tablename__ = "amendment"
    __table_args__ = (Index(None, "constitution_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    constitution_id: Mapped[int] = mapped_column(ForeignKey("constitution.id"))
    reason: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    decision: Mapped[str]  # adopted, rejected, withdrawn; empty: none yet
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    message: Mapped[str]  # of the decision
    waiver: Mapped[str]  # why it was adopted without evidence; empty: it was not
    version_id: Mapped[int | None] = mapped_column(ForeignKey("version.id"))  # that it became
    request_key: Mapped[str] = mapped_column(unique=True)  # one a click


class AmendmentText(Base):
    """One wording of an amendment. Rows are only added: bringing it up to date makes the next."""

    __tablename__ = "amendment_text"

    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Whole, primary_key=True)  # 1, 2 …
    base_version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))  # that it changes
    content: Mapped[str]  # canonical JSON, as of a version
    sha256: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class AmendmentComment(Base):
    """What somebody says of a clause, or of the whole."""

    __tablename__ = "amendment_comment"
    __table_args__ = (Index(None, "amendment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"))
    principle: Mapped[str]  # its identity; empty: the whole
    clause: Mapped[str]  # its statement as it was commented on
    text: Mapped[str]
    who: Mapped[str]
    made_at: Mapped[datetime]
    request_key: Mapped[str] = mapped_column(unique=True)


class AmendmentApproval(Base):
    """That somebody else approved one wording."""

    __tablename__ = "amendment_approval"
    __table_args__ = (UniqueConstraint("amendment_id", "revision", "who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"))
    revision: Mapped[int] = mapped_column(Whole)
    who: Mapped[str]
    message: Mapped[str]
    made_at: Mapped[datetime]


class AmendmentEvidence(Base):
    """Two runs, of the old and of the new wording, that differ in nothing else."""

    __tablename__ = "amendment_evidence"
    __table_args__ = (UniqueConstraint("amendment_id", "request_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"))
    revision: Mapped[int] = mapped_column(Whole)
    old_run: Mapped[int]  # ids of runs, which may be deleted later
    new_run: Mapped[int]
    who: Mapped[str]
    asked_at: Mapped[datetime]
    request_key: Mapped[str]
