"""What an address of the Train page names of what was asked before: a check, a conflict, or both, and the form of the one that was asked last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.services.kept_checks import CheckFound, check_found, checked_form
from app.services.kept_conflicts import ConflictForm, ConflictFound, conflict_form, conflict_found
from app.services.plans import TrainForm
from app.services.studio import Studio, in_words
from core.errors import StudioError
from db.checks import get_check
from db.conflicts import get_conflict

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
    problems: list[str] = []
    found_check = _opened("check", check, lambda number: _check(studio, number), problems)
    found_conflict = _opened("conflict", conflict, lambda number: _conflict(studio, number), problems)
    return Asked(check=found_check, conflict=found_conflict, message=" ".join(problems))


def _opened(noun: str, text: str, open_one: Callable[[int], T], problems: list[str]) -> T | None:
    if not text:
        return None
    try:
        if text.isdecimal() and len(text) <= MOST_DIGITS:
            return open_one(int(text))
        problems.append(f"“{text[:40]}” is not the number of a {noun}.")
    except StudioError as error:
        problems.append(str(error))
    return None


def _check(studio: Studio, check_id: int) -> AskedCheck:
    with in_words(), studio.sessions.read() as session:
        made_at = get_check(session, check_id).made_at
    return AskedCheck(form=checked_form(studio, check_id), found=check_found(studio, check_id), made_at=made_at)


def _conflict(studio: Studio, conflict_id: int) -> AskedConflict:
    with in_words(), studio.sessions.read() as session:
        made_at = get_conflict(session, conflict_id).made_at
    return AskedConflict(form=conflict_form(studio, conflict_id), found=conflict_found(studio, conflict_id), made_at=made_at)
