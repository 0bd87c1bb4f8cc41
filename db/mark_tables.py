"""The mapped classes of checks before a run and of marks; the others stand in `tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base


class Check(Base):
    """A check before a run, asked for by itself: what was asked, the verdict, and the replies of the base that it rests on, so that people can mark them."""

    __tablename__ = "checks"  # `check` is a word of SQL
    __table_args__ = (Index(None, "version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    query_set_id: Mapped[int] = mapped_column(ForeignKey("query_set.id"))
    model: Mapped[str]
    config: Mapped[dict[str, Any]]  # of the run that was asked about
    result: Mapped[dict[str, Any]]  # the verdict as programs gave it
    replies: Mapped[dict[str, Any]]
    requested_by: Mapped[str]
    request_key: Mapped[str] = mapped_column(unique=True)  # one a click
    made_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]  # then only what keeps its number and its request from being another's is left


class Mark(Base):
    """What one person says of one stored reply and one principle, arm and side hidden. Rows are added; an undo only writes when it was done."""

    __tablename__ = "mark"
    __table_args__ = (
        Index(None, "run_id", "principle", "who"),
        Index(None, "check_id", "principle", "who"),
        CheckConstraint("(run_id IS NULL) <> (check_id IS NULL)", name="run_or_check"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))  # whose reply it is: a run's
    check_id: Mapped[int | None] = mapped_column(ForeignKey("checks.id"))  # or a check's
    principle: Mapped[str]  # its identity
    arm: Mapped[str]  # key, with side and query: which reply was shown
    side: Mapped[str]
    query: Mapped[str]
    shown: Mapped[str]  # sha256 of exactly what was seen: statement, antithesis, query, reply
    follows: Mapped[bool | None]  # None: cannot tell
    who: Mapped[str]
    made_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]
    request_key: Mapped[str] = mapped_column(unique=True)  # one a click
