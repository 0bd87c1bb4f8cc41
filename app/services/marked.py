"""The results of runs with what people and models said of their replies: where there are marks or verdicts, the report is evaluated anew with them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from app.processes.store import Store
from app.services.asked_models import JudgeUse, mark_of, read_asked_models
from app.services.replies import finished_key, measured_replies
from app.services.stored import constitution_of, read_result
from app.services.studio import Studio, in_words
from core.budget import Limit, within
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.errors import OverBudgetError, StudioError
from core.measure.asked_models import ModelOf
from core.measure.marked import Counted, Heard, MarksOf, count_marks
from core.measure.marks import Mark
from core.measure.standings import Standing, standing
from core.measure.values import Report
from core.runs.results import RunResult
from db import marks
from db.constitutions import named_version
from db.model_verdicts import SaidState, runs_with_verdicts, state_of_all_said
from db.runs import get_run
from db.tables import Run, Version

COUNTING = Limit(what="Counting the marks", seconds=20.0, remedy="Write simpler checks, or count them with the command: python -m app mark.")


@dataclass(frozen=True, kw_only=True)
class ModelHeard:
    """A model that was asked about a run."""

    use: JudgeUse
    says: tuple[ModelOf, ...]  # of each principle; empty where it cannot be counted


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What a run ended with, as its marks and the verdicts of models make it."""

    result: RunResult | None  # as it ended where nobody marked and no model was asked, or that cannot be counted
    marks: tuple[MarksOf | None, ...] = ()  # of each principle; empty where nobody marked
    models: tuple[ModelHeard, ...] = ()  # in the order in which they were asked
    problem: str = ""  # why marks or verdicts that there are cannot be counted


@dataclass(frozen=True, kw_only=True)
class MarkedRuns:
    """What the rows say of some runs. Counting takes a while, so it waits until no session is open."""

    runs: Sequence[Run]
    heard: Mapping[int, Heard]  # by run, of those of which anything was said
    uses: Mapping[int, tuple[JudgeUse, ...]]  # by run, of each model in the same order
    versions: Mapping[int, Version]  # by id, of the same


def read_marked(session: Session, runs: Iterable[Run]) -> MarkedRuns:
    """Read what people and models said of some runs, and what it was said of."""
    all_runs, by_run = list(runs), dict[int | None, list[Mark]]()
    for row in marks.marks_that_count(session, [run.id for run in all_runs]):
        by_run.setdefault(row.run_id, []).append(mark_of(row))
    asked = read_asked_models(session, all_runs)
    heard = {run_id: Heard(marks=tuple(those)) for run_id, those in by_run.items() if run_id is not None}
    for run_id, those_asked in asked.items():
        heard[run_id] = Heard(marks=tuple(by_run.get(run_id, ())), models=those_asked.models, people=those_asked.people)
    versions = {run.version_id: named_version(session, run.version_id) for run in all_runs if run.id in heard}
    return MarkedRuns(runs=all_runs, heard=heard, uses={run_id: those_asked.uses for run_id, those_asked in asked.items()}, versions=versions)


def count_marked(store: Store, read: MarkedRuns) -> dict[int, Marked]:
    """The result of each run, by its id."""
    return {run.id: _counted(store, run, read) for run in read.runs}


def standings_by_marks(studio: Studio, run_ids: Sequence[int]) -> dict[int, tuple[Standing, ...]]:
    """What came out for each principle, as marks and models make it, of those of these runs of which anything was said and that can be counted.

    Asked again and again by a list that is looked at, so nothing is read of a run but what tells whether its marks and verdicts are as they were.
    """
    with in_words(), studio.sessions.read() as session:
        states, asked = marks.states_of_marks(session, run_ids), runs_with_verdicts(session, run_ids)
        all_said = state_of_all_said(session) if asked else None
    found = {}
    for run_id in states.keys() | asked:
        state = all_said if run_id in asked else states[run_id]
        with suppress(_NotCountedError):
            found[run_id] = _standings(_Seen(place=str(studio.engine.url), run=run_id, state=state, studio=studio))
    return found


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A run and the state of what was said of it."""

    place: str  # the database
    run: int
    state: marks.MarksState | SaidState | None  # of its marks; of whatever was said where a model was asked, since trust in that rests on all of it
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


def models_to_data(models: Sequence[ModelHeard]) -> list[dict[str, Any]]:
    """Plain JSON data, models in the order in which they were asked."""
    return [{**asdict(heard.use), "principles": [asdict(each) for each in heard.says]} for heard in models]


def results_of(marked: Mapping[int, Marked]) -> dict[int, RunResult | None]:
    """The results alone."""
    return {run: each.result for run, each in marked.items()}


def _counted(store: Store, run: Run, read: MarkedRuns) -> Marked:
    result, given = read_result(run), read.heard.get(run.id)
    if result is None or given is None:
        return Marked(result=result)
    uses = read.uses.get(run.id, ())
    as_it_ended = Marked(result=result, models=tuple(ModelHeard(use=use, says=()) for use in uses))
    what = "The marks" if given.marks else "What models said"
    constitution = constitution_of(read.versions[run.version_id])
    if isinstance(constitution, Unreadable):
        return replace(as_it_ended, problem=f"{what} cannot be counted: the version that was trained cannot be read, {constitution.reason}")
    try:
        found = _count(
            _Question(store=store, key=finished_key(store, run), name=run_name(run.id), constitution=constitution, heard=given, report=result.report)
        )
    except StudioError as error:
        return replace(as_it_ended, problem=f"{what} cannot be counted: {error}")
    if isinstance(found, OverBudgetError):
        return replace(as_it_ended, problem=f"{what} cannot be counted: {found}")
    models = tuple(ModelHeard(use=use, says=says) for use, says in zip(uses, found.models, strict=True))
    return Marked(result=replace(result, report=found.report), marks=found.marks, models=models)


def run_name(run_id: int) -> str:
    """What a run's cards are dealt by."""
    return f"run {run_id}"


@dataclass(frozen=True, kw_only=True)
class _Question:
    """All that the count of what was said of a run depends on. Files under a key never change, and the report came with them."""

    store: Store
    key: str
    name: str
    constitution: Constitution
    heard: Heard
    report: Report = field(compare=False)


@lru_cache(maxsize=64)
def _count(asked: _Question) -> Counted | OverBudgetError:
    answered = measured_replies(asked.store, asked.key, asked.report)
    try:
        return within(COUNTING, count_marks, asked.report, asked.constitution, answered, asked.heard, asked.name)
    except OverBudgetError as error:  # kept too: it would take as long again
        return error
    except ValueError as error:  # the replies are others than those that the report speaks of
        raise StudioError(f"the stored replies do not go with the result ({error}).") from error
