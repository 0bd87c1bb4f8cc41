"""What the newest finished run of a constitution found for each of its principles, known by their identity. A control is no run of the text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app.services.marked import standings_by_marks
from app.services.stored import constitution_of, control_of
from app.services.studio import Studio, in_words
from core.constitution.checks import check_to_data
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.measure.standings import Standing, standings_from_data
from db.constitutions import named_version
from db.runs import RunSummary, list_runs, measured_principles
from db.status import JobStatus

LOOKED_AT = 100  # finished runs, newest first, until one of the text can be read


@dataclass(frozen=True, kw_only=True)
class CameOut:
    """What a run found for one principle, and the text that it was trained and judged by."""

    principle: str  # its id
    standing: Standing
    run: int
    version: int  # number of the one that was trained
    statement: str
    antithesis: str
    check: Any  # as a draft's row has it; None: none


@dataclass(frozen=True, kw_only=True)
class NewestRun:
    """The newest finished run of a constitution's text whose result can be read."""

    run: int
    version: int  # number of the one that was trained
    principles: tuple[CameOut, ...]


def newest_run(studio: Studio, constitution_id: int) -> NewestRun | None:
    """None where none has finished, or none can be read."""
    with in_words(), studio.sessions.read() as session:
        runs = list_runs(session, constitution_id=constitution_id, status=JobStatus.FINISHED, limit=LOOKED_AT, results=False)
        found = next(_readable(session, [each for each in runs if not control_of(each.run)]), None)
    return found and _as_marked(found, standings_by_marks(studio, [found.run]).get(found.run))


def _as_marked(found: NewestRun, standings: tuple[Standing, ...] | None) -> NewestRun:
    """With what people who marked its replies found, where somebody did."""
    if standings is None:
        return found
    return replace(found, principles=tuple(replace(each, standing=standing) for each, standing in zip(found.principles, standings, strict=True)))


def _readable(session: Session, runs: list[RunSummary]) -> Iterator[NewestRun]:
    for summary in runs:
        found = constitution_of(named_version(session, summary.run.version_id))
        standings = standings_from_data(measured_principles(session, [summary.run.id]).get(summary.run.id))
        if not isinstance(found, Unreadable) and len(standings) == len(found.principles):
            yield NewestRun(run=summary.run.id, version=summary.version_number, principles=tuple(_each(summary, found, standings)))


def _each(summary: RunSummary, constitution: Constitution, standings: tuple[Standing, ...]) -> Iterator[CameOut]:
    for principle, standing in zip(constitution.principles, standings, strict=True):
        yield CameOut(
            principle=principle.id,
            standing=standing,
            run=summary.run.id,
            version=summary.version_number,
            statement=principle.statement,
            antithesis=principle.antithesis,
            check=check_to_data(principle.check) if principle.check is not None else None,
        )
