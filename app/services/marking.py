"""Marking the replies of a finished run, or of a check before one: a person is the judge that every installation has."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.services.audit import record
from app.services.cards import FOLLOWS, Book, Given, Marking, MarkWish, Source, book_of_both, look, run_book
from app.services.kept_checks import CheckFound, check_found, open_check
from app.services.marked import Marked, count_marked, read_marked, run_name
from app.services.quotas import require_below_quota
from app.services.replies import finished_key, measured_replies
from app.services.request_keys import require_key
from app.services.stored import read_result, require_constitution
from app.services.studio import RefusedError, Studio, in_words
from app.services.trained_pairs import amendment_of
from core.constitution.principles import Constitution
from core.errors import ConfigError
from core.measure.asked_models import model_says
from core.measure.cards import identity
from core.measure.marked import marks_says
from core.measure.rows import judged_by
from core.measure.values import Answered
from db import checks, runs
from db.constitutions import named_version
from db.mark_tables import Mark
from db.marks import NewMark, add_mark, marks_of_check, marks_that_count, retract
from db.status import JobStatus

MOST_RUNS = 50  # that are offered
TOLD_BESIDE = ("They count in the evidence for the amendment, which says what they come to.",)


@dataclass(frozen=True, kw_only=True)
class RunToMark:
    """A run whose replies can be marked."""

    run: int
    constitution: str
    version: int
    model: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody says of one card."""

    card: str
    answer: str  # a key of FOLLOWS
    request_key: str


def list_markable(studio: Studio) -> list[RunToMark]:
    """The newest finished runs."""
    with in_words(), studio.sessions.read() as session:
        found = runs.list_runs(session, status=JobStatus.FINISHED, limit=MOST_RUNS, results=False)
    return [
        RunToMark(run=each.run.id, constitution=each.constitution_name, version=each.version_number, model=studio.store.model_of_row(each.run.model))
        for each in found
    ]


def open_book(studio: Studio, source: Source) -> Book:
    """What can be marked of a run or a check.

    Raises:
        StudioError: There is none, it has not finished, or its replies are not there.
    """
    if source.kind == "check":
        return open_check(studio, source.id)
    constitution, answered = finished_replies(studio, source.id)
    if source.beside is None:
        return run_book(source, constitution, answered)
    amendment = amendment_of(studio, source.id, source.beside)
    both = ((run_name(source.id), answered), (run_name(source.beside), finished_replies(studio, source.beside)[1]))
    return book_of_both(source, constitution, both, amendment)


def finished_replies(studio: Studio, run_id: int) -> tuple[Constitution, Answered]:
    """What a finished run was trained on, and what was answered when it was measured. Raises StudioError as `open_book`."""
    with in_words(), studio.sessions.read() as session:
        run = runs.get_run(session, run_id)
        version = named_version(session, run.version_id)
    if run.job.status != JobStatus.FINISHED:
        raise RefusedError(f"Run {run_id} is {run.job.status.value}: it has no held-out replies to mark yet. Come back when it has finished.")
    result = read_result(run)
    if result is None:
        raise RefusedError(f"The result of run {run_id} was written by another version of the studio, so its replies cannot be marked here.")
    answered = measured_replies(studio.store, finished_key(studio.store, run), result.report)
    return require_constitution(version), answered


def marking(studio: Studio, who: str, source: Source, wish: MarkWish) -> Marking:
    """Where somebody is with a run or a check.

    Raises:
        StudioError: As `open_book`, or there is no such principle.
    """
    return _looked(studio, open_book(studio, source), who, wish)


def make_mark(studio: Studio, who: str, source: Source, wish: MarkWish, said: Said) -> Marking:
    """Keep what somebody says of a card, and go on. The same request_key again is the same mark.

    Raises:
        StudioError: As `marking`; there is no such card, or it is no answer; they have made as many marks as one person may.
    """
    if said.answer not in FOLLOWS:
        raise ConfigError(f"The answer is {said.answer!r:.40}; known are {', '.join(FOLLOWS)}.")
    key, book, number = require_key(said.request_key, needed=True), open_book(studio, source), wish.principle or 0
    card, principle = book.card(number, said.card), identity(book.principle(number))
    new = NewMark(
        run_id=source.run,
        check_id=source.check,
        principle=principle,
        arm=card.cell.arm,
        side=card.cell.side,
        query=card.query,
        shown=card.shown,
        follows=FOLLOWS[said.answer],
        who=who,
        request_key=key,
    )
    with in_words(), studio.sessions.begin() as session:
        require_there(session, source)
        mark = add_mark(session, new)
        record(session, "reply.marked", f"mark {mark.id}", once=True, **{source.kind: source.id})
        require_below_quota(session, "reply.marked")
    return _looked(studio, book, who, wish)


def take_back(studio: Studio, who: str, source: Source, wish: MarkWish, mark_id: int) -> Marking:
    """Take one's own mark back, and look at its card again. Twice is once.

    Raises:
        StudioError: As `marking`, or they made no such mark.
    """
    book = open_book(studio, source)
    with in_words(), studio.sessions.begin() as session:
        mark = retract(session, mark_id, who)
        if (mark.run_id, mark.check_id) != (source.run, source.check):
            raise RefusedError(f"You have made no mark {mark_id} in {source}. Reload the page.")
        record(session, "mark.taken-back", f"mark {mark_id}", once=True, **{source.kind: source.id})
    return _looked(studio, book, who, wish)


def _looked(studio: Studio, book: Book, who: str, wish: MarkWish) -> Marking:
    with in_words(), studio.sessions.read() as session:
        given = [Given(id=mark.id, principle=mark.principle, shown=mark.shown) for mark in marks_of(session, book.source, who)]
    found = look(book, given, wish)
    if found.card is not None:
        return found
    return replace(found, says=told(found_of(studio, book.source), found.number) if book.source.beside is None else TOLD_BESIDE)


def require_there(session: Session, source: Source) -> None:
    """Refuse to keep anything of a run or a check that was deleted meanwhile. Raises NotFound."""
    if source.kind == "check":
        checks.get_check(session, source.id)
    else:
        runs.get_run(session, source.id)


def marks_of(session: Session, source: Source, who: str | None = None) -> list[Mark]:
    """The marks of a run or a check that count, of everybody or of one person."""
    return marks_of_check(session, source.id, who) if source.kind == "check" else marks_that_count(session, [source.id], who)


def marked_run(studio: Studio, run_id: int) -> Marked:
    """What a run ended with, as its marks make it."""
    with in_words(), studio.sessions.read() as session:
        read = read_marked(session, [runs.get_run(session, run_id)])
    return count_marked(studio.store, read)[run_id]


def found_of(studio: Studio, source: Source) -> Marked | CheckFound:
    """What a run ended with, or a check came to, as its marks make it."""
    return check_found(studio, source.id) if source.kind == "check" else marked_run(studio, source.id)


def told(found: Marked | CheckFound, number: int) -> tuple[str, ...]:
    """What came out for one principle, in sentences."""
    if found.problem:
        return (found.problem,)
    return _told_of_check(found, number) if isinstance(found, CheckFound) else _told_of_run(found, number)


def _told_of_run(marked: Marked, number: int) -> tuple[str, ...]:
    if marked.result is None:
        return ()
    principle = marked.result.report.principles[number - 1]
    marks = marked.marks[number - 1] if marked.marks else None
    models = [model_says(heard.says[number - 1]) for heard in marked.models]
    return (principle.sentence, judged_by(principle), *(marks_says(marks) if marks is not None else ()), *models)


def _told_of_check(found: CheckFound, number: int) -> tuple[str, ...]:
    marks = found.marks[number - 1] if found.marks else None
    return (found.found.principles[number - 1].reason, *(marks_says(marks) if marks is not None else ()))
