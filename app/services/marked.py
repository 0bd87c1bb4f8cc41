"""The results of runs with what people said of their replies: where there are marks, the report is evaluated anew with them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sqlalchemy.orm import Session

from app.processes.store import Store
from app.services.replies import finished_key, measured_replies
from app.services.stored import constitution_of, read_result
from app.services.studio import Studio, in_words
from core.budget import Limit, within
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.errors import OverBudgetError, StudioError
from core.measure.marked import Counted, MarksOf, count_marks
from core.measure.marks import Mark
from core.measure.standings import Standing, standing
from core.measure.values import Report
from core.runs.results import RunResult
from db import marks, tables
from db.constitutions import named_version
from db.runs import get_run
from db.tables import Run, Version

COUNTING = Limit(what="Counting the marks", seconds=20.0, remedy="Write simpler checks, or count them with the command: python -m app mark.")


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What a run ended with, as its marks make it."""

    result: RunResult | None  # as it ended where nobody marked, or marks cannot be counted
    marks: tuple[MarksOf | None, ...] = ()  # of each principle; empty where nobody marked
    problem: str = ""  # why marks that there are cannot be counted


@dataclass(frozen=True, kw_only=True)
class MarkedRuns:
    """What the rows say of some runs. Counting takes a while, so it waits until no session is open."""

    runs: Sequence[Run]
    marks: Mapping[int, tuple[Mark, ...]]  # by run, of those that have any
    versions: Mapping[int, Version]  # by id, of the same


def read_marked(session: Session, runs: Iterable[Run]) -> MarkedRuns:
    """Read the marks of some runs, and what was marked."""
    all_runs, by_run = list(runs), dict[int, list[Mark]]()
    for row in marks.marks_that_count(session, [run.id for run in all_runs]):
        by_run.setdefault(row.run_id, []).append(mark_of(row))
    versions = {run.version_id: named_version(session, run.version_id) for run in all_runs if run.id in by_run}
    return MarkedRuns(runs=all_runs, marks={run: tuple(those) for run, those in by_run.items()}, versions=versions)


def mark_of(row: tables.Mark) -> Mark:
    """A row as the judge knows it."""
    return Mark(principle=row.principle, query=row.query, shown=row.shown, who=row.who, follows=row.follows)


def count_marked(store: Store, read: MarkedRuns) -> dict[int, Marked]:
    """The result of each run, by its id."""
    return {run.id: _counted(store, run, read) for run in read.runs}


def standings_by_marks(studio: Studio, run_ids: Sequence[int]) -> dict[int, tuple[Standing, ...]]:
    """What came out for each principle, as the marks make it, of those of these runs that somebody marked and that can be counted.

    Asked again and again by a list that is looked at, so nothing is read of a run but what tells whether its marks are as they were.
    """
    with in_words(), studio.sessions.read() as session:
        states = marks.states_of_marks(session, run_ids)
    found = {}
    for run_id, state in states.items():
        with suppress(_NotCountedError):
            found[run_id] = _standings(_Seen(place=str(studio.engine.url), run=run_id, state=state, studio=studio))
    return found


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A run and the state of its marks."""

    place: str  # the database
    run: int
    state: marks.MarksState
    studio: Studio = field(compare=False)


class _NotCountedError(StudioError):
    """Marks that could not be counted now, so the run stands as it ended; the page of the run says why."""


@lru_cache(maxsize=1024)
def _standings(seen: _Seen) -> tuple[Standing, ...]:
    with in_words(), seen.studio.sessions.read() as session:
        read = read_marked(session, [get_run(session, seen.run)])
    marked = count_marked(seen.studio.store, read)[seen.run]
    if marked.problem or marked.result is None:
        raise _NotCountedError(marked.problem)
    return tuple(map(standing, marked.result.report.principles))


def results_of(marked: Mapping[int, Marked]) -> dict[int, RunResult | None]:
    """The results alone."""
    return {run: each.result for run, each in marked.items()}


def _counted(store: Store, run: Run, read: MarkedRuns) -> Marked:
    result, given = read_result(run), read.marks.get(run.id)
    if result is None or given is None:
        return Marked(result=result)
    constitution = constitution_of(read.versions[run.version_id])
    if isinstance(constitution, Unreadable):
        return Marked(result=result, problem=f"The marks cannot be counted: the version that was trained cannot be read, {constitution.reason}")
    try:
        found = _count(
            _Question(store=store, key=finished_key(store, run), name=run_name(run.id), constitution=constitution, marks=given, report=result.report)
        )
    except StudioError as error:
        return Marked(result=result, problem=f"The marks cannot be counted: {error}")
    if isinstance(found, OverBudgetError):
        return Marked(result=result, problem=f"The marks cannot be counted: {found}")
    return Marked(result=replace(result, report=found.report), marks=found.marks)


def run_name(run_id: int) -> str:
    """What a run's cards are dealt by."""
    return f"run {run_id}"


@dataclass(frozen=True, kw_only=True)
class _Question:
    """All that the count of a run's marks depends on. Files under a key never change, and the report came with them."""

    store: Store
    key: str
    name: str
    constitution: Constitution
    marks: tuple[Mark, ...]
    report: Report = field(compare=False)


@lru_cache(maxsize=64)
def _count(asked: _Question) -> Counted | OverBudgetError:
    answered = measured_replies(asked.store, asked.key, asked.report)
    try:
        return within(COUNTING, count_marks, asked.report, asked.constitution, answered, asked.marks, asked.name)
    except OverBudgetError as error:  # kept too: it would take as long again
        return error
    except ValueError as error:  # the replies are others than those that the report speaks of
        raise StudioError(f"the stored replies do not go with the result ({error}).") from error
