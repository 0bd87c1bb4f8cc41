"""Checks before a run that are kept with their replies: keeping one, reading it whatever it holds, and what the marks on its replies make of it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy.orm import Session

from app.services.asked_models import mark_of
from app.services.audit import record
from app.services.cards import Book, Source, check_book
from app.services.marked import COUNTING
from app.services.plans import Plan, TrainForm, form_of
from app.services.quotas import require_below_quota
from app.services.request_keys import require_key
from app.services.stored import NotKeptError, checked_of, require_constitution
from app.services.studio import RefusedError, Studio, in_words
from core.budget import within
from core.constitution.principles import Constitution
from core.errors import ConfigError, OverBudgetError
from core.measure.marked import MarksOf
from core.measure.marks import Mark
from core.methods.settings import TrainConfig, config_from_data, config_to_data
from core.runs.checked import Checked, checked_to_data
from core.runs.iterations import iteration_config
from core.runs.links import Trainability
from core.runs.marked_check import MarkedCheck, mark_check
from db import checks
from db.checks import NewCheck
from db.constitutions import named_version
from db.marks import marks_of_check

MOST_CHECKS = 50  # that are offered


@dataclass(frozen=True, kw_only=True)
class CheckToMark:
    """A check whose replies can be marked."""

    check: int
    constitution: str
    version: int
    model: str


@dataclass(frozen=True, kw_only=True)
class ReadCheck:
    """A kept check as its row says."""

    id: int
    constitution: Constitution
    config: TrainConfig
    checked: Checked


@dataclass(frozen=True, kw_only=True)
class CheckFound:
    """What a check came to, with the marks on its replies where it is kept."""

    found: Trainability
    refused: bool  # whether a run would stop here: its own check hears programs alone
    anyway: bool  # unless it was told to train all the same, as this one was
    check: int | None = None  # under which it is kept
    marks: tuple[MarksOf | None, ...] = ()  # of each principle; empty where nobody marked
    problem: str = ""  # why it is not kept, or why the marks that there are cannot be counted


def keep_check(studio: Studio, who: str, plan: Plan, checked: Checked, key: str) -> int:
    """Keep a check with its replies, and read it back before anybody can. The same key again is the same check.

    Raises:
        StudioError: It cannot be kept, or they have made as many as one person may.
    """
    new = NewCheck(
        version_id=plan.form.version_id,
        query_set_id=plan.form.query_set_id,
        model=studio.store.model_in_row(plan.model.id),
        config=config_to_data(plan.config),
        result=(data := checked_to_data(checked))["trainability"],
        replies=data["replies"],
        requested_by=who,
        request_key=require_key(key) or f"check-{secrets.token_hex(16)}",
    )
    with in_words(), studio.sessions.begin() as session:
        row = checks.add_check(session, new)
        if checked_of(row, plan.constitution) != checked:
            raise NotKeptError("the check")
        record(session, "check.made", f"check {row.id}", once=True, version=plan.version_number)
        require_below_quota(session, "check.made")
        return row.id


def list_kept(studio: Studio) -> list[CheckToMark]:
    """The newest checks."""
    with in_words(), studio.sessions.read() as session:
        found = checks.list_checks(session, MOST_CHECKS)
    return [
        CheckToMark(check=each.check.id, constitution=each.constitution_name, version=each.version_number, model=studio.store.model_of_row(each.check.model))
        for each in found
    ]


def read_check(studio: Studio, check_id: int) -> ReadCheck:
    """A kept check.

    Raises:
        StudioError: There is none, or what is stored of it cannot be read.
    """
    with in_words(), studio.sessions.read() as session:
        row = checks.get_check(session, check_id)
        version = named_version(session, row.version_id)
    constitution = require_constitution(version)
    try:
        config, checked = config_from_data(row.config), checked_of(row, constitution)
    except ConfigError:
        checked = None
    if checked is None:
        raise RefusedError(f"Check {check_id} was written by another version of the studio, or is damaged, and cannot be read. Press Check again.")
    return ReadCheck(id=check_id, constitution=constitution, config=config, checked=checked)


def checked_form(studio: Studio, check_id: int) -> TrainForm:
    """The form that was checked.

    Raises:
        StudioError: There is no such check, or another version of the studio wrote its settings.
    """
    with in_words(), studio.sessions.read() as session:
        return form_of(studio, checks.get_check(session, check_id))


def open_check(studio: Studio, check_id: int) -> Book:
    """What can be marked of a check. Raises StudioError as `read_check`."""
    read = read_check(studio, check_id)
    return check_book(Source("check", check_id), read.constitution, read.checked.replies)


def check_found(studio: Studio, check_id: int) -> CheckFound:
    """A kept check as the marks on its replies make it. Raises StudioError as `read_check`."""
    read = read_check(studio, check_id)
    with in_words(), studio.sessions.read() as session:
        marks = _marks(session, check_id)
    asked = _Question(place=str(studio.engine.url), check=check_id, marks=marks, read=read)
    found = _count(asked)
    if isinstance(found, OverBudgetError):
        return _told(read, MarkedCheck(found=read.checked.found, marks=()), f"The marks cannot be counted: {found}")
    return _told(read, found, "")


def _told(read: ReadCheck, marked: MarkedCheck, problem: str) -> CheckFound:
    refused = read.checked.found.verdict == "no-go"
    return CheckFound(found=marked.found, refused=refused, anyway=read.config.train_anyway, check=read.id, marks=marked.marks, problem=problem)


def _marks(session: Session, check_id: int) -> tuple[Mark, ...]:
    return tuple(map(mark_of, marks_of_check(session, check_id)))


@dataclass(frozen=True, kw_only=True)
class _Question:
    """All that the count of a check's marks depends on: a check is never written over."""

    place: str  # the database
    check: int
    marks: Sequence[Mark]
    read: ReadCheck = field(compare=False)


@lru_cache(maxsize=64)
def _count(asked: _Question) -> MarkedCheck | OverBudgetError:
    read = asked.read
    sampling = iteration_config(read.config, 1).sampling
    try:
        return within(COUNTING, mark_check, read.checked, read.constitution, asked.marks, sampling, str(Source("check", read.id)))
    except OverBudgetError as error:  # kept too: it would take as long again
        return error
