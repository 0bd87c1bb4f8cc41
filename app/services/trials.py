"""A check tried on what is stored: the held-out replies of the newest finished run that had the principle. Nothing is stored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.services.marking import finished_replies
from app.services.stored import constitution_of, control_of
from app.services.studio import Studio, in_words
from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle, squash
from core.constitution.stored import Unreadable
from core.errors import StudioError
from core.runs.trials import Tried, try_check
from db.constitutions import named_version
from db.runs import RunSummary, list_runs
from db.status import JobStatus

BUDGET_S = 6.0  # for all replies; a page waits for the answer
LOOKED_AT = 200  # finished runs, newest first
OPENED = 5  # of those that had the principle, until the replies of one can be read
WHAT_MAKES_SOME = (
    "A finished run of a version that has this principle leaves some. Check, on the Train page, asks the base now, "
    "and shows some of its replies with what the check of the chosen version says of them."
)


@dataclass(frozen=True, kw_only=True)
class TrialRun:
    """The run whose replies a check is tried on."""

    run: int
    constitution: str
    version: int  # number of the one that was trained
    principles: int  # that the constitution has
    changed: bool  # whether the principle says something else by now


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of trying a check."""

    run: TrialRun | None  # None: nothing was tried
    tried: Tried | None
    problem: str  # why nothing was tried, and what to do; empty where something was


def try_on_stored(studio: Studio, principle: Principle, check: Check) -> Trial:
    """Try a check of a principle: on replies of a run that had the principle by its identity, else one with the same texts.

    Raises:
        BusyError: Files of others are being judged.
    """
    refused: list[str] = []
    for summary, position in _runs_with(studio, principle):
        if len(refused) == OPENED:
            break
        try:
            constitution, answered = finished_replies(studio, summary.run.id)
        except StudioError as error:
            refused.append(str(error))
            continue
        tried = try_check(constitution, position, answered.replies, check, BUDGET_S)
        return Trial(run=_told(summary, constitution, principle, position), tried=tried, problem="")
    begins = f"The replies of a run that had this principle cannot be read. {refused[0]}" if refused else "No replies are stored for this principle."
    return Trial(run=None, tried=None, problem=f"{begins} {WHAT_MAKES_SOME}")


def _told(summary: RunSummary, constitution: Constitution, principle: Principle, position: int) -> TrialRun:
    then = constitution.principles
    return TrialRun(
        run=summary.run.id,
        constitution=summary.constitution_name,
        version=summary.version_number,
        principles=len(then),
        changed=_texts(then[position]) != _texts(principle),
    )


def _runs_with(studio: Studio, principle: Principle) -> Iterator[tuple[RunSummary, int]]:
    """The finished runs that had a principle, and its place in what was trained: by its identity first, then by its texts, newest first."""
    with in_words(), studio.sessions.read() as session:
        runs = list_runs(session, status=JobStatus.FINISHED, limit=LOOKED_AT, results=False)
        versions = {version: constitution_of(named_version(session, version)) for version in {each.run.version_id for each in runs}}
    of_text = [each for each in runs if not control_of(each.run)]
    read = [(each, found) for each in of_text if not isinstance(found := versions[each.run.version_id], Unreadable)]
    yield from _found(read, lambda one: bool(principle.id) and one.id == principle.id)
    yield from _found(read, lambda one: (not principle.id or one.id != principle.id) and _texts(one) == _texts(principle))


def _found(read: Sequence[tuple[RunSummary, Constitution]], wanted: Callable[[Principle], bool]) -> Iterator[tuple[RunSummary, int]]:
    for summary, constitution in read:
        position = next((i for i, one in enumerate(constitution.principles) if wanted(one)), None)
        if position is not None:
            yield summary, position


def _texts(principle: Principle) -> tuple[str, str]:
    return squash(principle.statement), squash(principle.antithesis)
