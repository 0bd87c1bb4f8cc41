"""Marks: what people say of the stored replies of a run or a check, one principle at a time, and taking it back."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.errors import NotFound, RequestKeyTaken
from db.mark_tables import Mark
from db.session import clock
from db.upserts import add_missing


@dataclass(frozen=True, kw_only=True)
class NewMark:
    """What somebody says of one reply: of a run or of a check, never of both."""

    run_id: int | None = None
    check_id: int | None = None
    principle: str  # its identity
    arm: str  # key of the arm that replied
    side: str  # under which it did
    query: str
    shown: str  # sha256 of exactly what was seen
    follows: bool | None  # None: cannot tell
    who: str
    request_key: str


SAME = ("run_id", "check_id", "principle", "shown", "who", "follows")  # what a request_key stands for


def add_mark(session: Session, new: NewMark) -> Mark:
    """Keep a mark; the same request_key again is the same mark, also after it was taken back.

    Raises:
        RequestKeyTaken: Another person, another reply or another answer has this request_key.
    """
    add_missing(session, Mark, [{**asdict(new), "made_at": clock(session)}], ["request_key"])
    mark = session.scalars(select(Mark).where(Mark.request_key == new.request_key).execution_options(populate_existing=True)).one()
    if any(getattr(mark, name) != getattr(new, name) for name in SAME):
        raise RequestKeyTaken("This request was used for another mark already. Reload the page, then try again.")
    return mark


def retract(session: Session, mark_id: int, who: str) -> Mark:
    """Take one's own mark back, so that it counts no more and the one before it on the same reply does again. Twice is once.

    Raises:
        NotFound: This person made no such mark.
    """
    mark = session.get(Mark, mark_id, populate_existing=True)
    if mark is None or mark.who != who:
        raise NotFound(f"You have made no mark {mark_id}. Reload the page.")
    if mark.retracted_at is None:
        mark.retracted_at = clock(session)
        session.flush()
    return mark


@dataclass(frozen=True, kw_only=True)
class MarksState:
    """What changes with every mark that is made or taken back."""

    newest: int  # id
    taken_back: int


def states_of_marks(session: Session, run_ids: Collection[int]) -> dict[int, MarksState]:
    """The state of the marks of each of these runs that has any; one statement however many."""
    query = select(Mark.run_id, func.max(Mark.id), func.count(Mark.retracted_at)).where(Mark.run_id.in_(run_ids)).group_by(Mark.run_id)
    return {run_id: MarksState(newest=newest, taken_back=taken_back) for run_id, newest, taken_back in session.execute(query) if run_id is not None}


def marks_that_count(session: Session, run_ids: Collection[int], who: str | None = None) -> list[Mark]:
    """The marks of some runs that are neither taken back nor followed by another of the same person on the same reply, oldest first."""
    query = select(Mark).where(Mark.run_id.in_(run_ids))
    return _counting(session, query if who is None else query.where(Mark.who == who))


def marks_of_check(session: Session, check_id: int, who: str | None = None) -> list[Mark]:
    """The same of a check."""
    query = select(Mark).where(Mark.check_id == check_id)
    return _counting(session, query if who is None else query.where(Mark.who == who))


def marks_by_principles(session: Session, principles: Collection[str]) -> list[Mark]:
    """The same of all runs, by some principles as their identities name them."""
    return _counting(session, select(Mark).where(Mark.principle.in_(principles), Mark.run_id.is_not(None)))


def _counting(session: Session, marks: Select[Mark]) -> list[Mark]:
    query = marks.where(Mark.retracted_at.is_(None)).order_by(Mark.id)
    newest = {
        (mark.run_id, mark.check_id, mark.principle, mark.shown, mark.who): mark for mark in session.scalars(query.execution_options(populate_existing=True))
    }
    return sorted(newest.values(), key=lambda mark: mark.id)
