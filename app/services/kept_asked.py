"""What an address of the Train page names of what was asked before: a check, a conflict, or both, and the form of the one that was asked last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from app.services.kept_checks import CheckFound, check_found, checked_form
from app.services.kept_conflicts import ConflictForm, ConflictFound, conflict_form, conflict_found
from app.services.plans import TrainForm
from app.services.studio import Studio, in_words
from core.errors import StudioError
from db.checks import get_check
from db.conflict_table import Conflict
from db.conflicts import get_conflict
from db.mark_tables import Check

MOST_DIGITS = 9  # of an id in an address: more would not be a whole number to the database
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AskedCheck:
    """A kept check with the form that it is about."""

    form: TrainForm
    found: CheckFound
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class AskedConflict:
    """A kept conflict with the form that it is about."""

    form: ConflictForm
    found: ConflictFound
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address names."""

    check: AskedCheck | None
    conflict: AskedConflict | None
    message: str  # what is wrong with the address
    unread: Mapping[str, int]  # the number of a check, or a conflict, that is kept and cannot be read: it can be deleted

    @property
    def form(self) -> TrainForm | None:
        """Of whichever was asked last."""
        if self.conflict is not None and (self.check is None or self.check.made_at < self.conflict.made_at):
            return self.conflict.form.train
        return self.check.form if self.check is not None else None


def open_asked(studio: Studio, check: str, conflict: str) -> Asked:
    """What is named, as it stands.

    Args:
        studio: The open studio.
        check: The number of a check, as an address has it; empty: none.
        conflict: The same of a conflict.
    """
    found_check = _opened(studio, "check", check, get_check, _check)
    found_conflict = _opened(studio, "conflict", conflict, get_conflict, _conflict)
    problems, numbers = (found_check.problem, found_conflict.problem), {"check": found_check.unread, "conflict": found_conflict.unread}
    return Asked(
        check=found_check.value,
        conflict=found_conflict.value,
        message=" ".join(filter(None, problems)),
        unread={noun: number for noun, number in numbers.items() if number is not None},
    )


@dataclass(frozen=True, kw_only=True)
class _Opened(Generic[T]):
    value: T | None = None
    problem: str = ""
    unread: int | None = None  # its number, where it is there


def _opened(studio: Studio, noun: str, text: str, get: Callable[[Session, int], Check | Conflict], read: Callable[[Studio, int, datetime], T]) -> _Opened[T]:
    if not text:
        return _Opened()
    if not text.isdecimal() or len(text) > MOST_DIGITS:
        return _Opened(problem=f"“{text[:40]}” is not the number of a {noun}.")
    number = int(text)
    try:
        with in_words(), studio.sessions.read() as session:
            made_at = get(session, number).made_at
    except StudioError as error:
        return _Opened(problem=str(error))
    try:
        return _Opened(value=read(studio, number, made_at))
    except StudioError as error:
        return _Opened(problem=str(error), unread=number)


def _check(studio: Studio, check_id: int, made_at: datetime) -> AskedCheck:
    return AskedCheck(form=checked_form(studio, check_id), found=check_found(studio, check_id), made_at=made_at)


def _conflict(studio: Studio, conflict_id: int, made_at: datetime) -> AskedConflict:
    return AskedConflict(form=conflict_form(studio, conflict_id), found=conflict_found(studio, conflict_id), made_at=made_at)
