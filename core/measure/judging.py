"""What the judges say of replies that exist already, and what can be told of each without a model. Imports no torch."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.contrasts import asked_stances
from core.constitution.principles import SIDES, Constitution, squash
from core.constitution.reading.replies import Reply, ReplyFile, read_replies
from core.constitution.text import ends_with_question, language, refuses, repetition, sentences, words
from core.errors import ReplyError
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.statistics import clustered_share, share
from core.measure.values import NO_SIDE, Outcome

NOBODY = Outcome(follows=None, why="the principle has no check", by="nobody")
TOO_LONG = Outcome(follows=None, why="the time for judging was over", by="nobody")


@dataclass(frozen=True, kw_only=True)
class RowOutcome:
    """What is found of one reply and one principle."""

    row: int
    principle: str  # its title
    follows: bool | None
    why: str
    by: str


@dataclass(frozen=True, kw_only=True)
class RowFacts:
    """What can be told of one reply without a judge."""

    row: int
    words: int
    sentences: int
    language: str | None  # ISO 639-1; None: too short or too mixed to tell
    refuses: bool
    repetition: float  # share of four-word runs that have stood in the reply before
    ends_with_question: bool


@dataclass(frozen=True, kw_only=True)
class Total:
    """How many replies follow one principle."""

    follows: int
    n: int  # replies that were judged
    unjudged: int
    low: float | None  # 95% interval of follows / n; None where nothing was judged
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All that is said of a file of replies."""

    outcomes: tuple[RowOutcome, ...]  # row by row, in the order of the principles
    rows: tuple[RowFacts, ...]
    totals: dict[str, Total]  # by title, of every principle
    notes: tuple[str, ...]  # what the totals leave out or mix


def judge_replies(
    constitution: Constitution, replies: Sequence[Reply], judges: Sequence[Judge] = JUDGES, time_is_up: Callable[[], bool] = lambda: False
) -> Judged:
    """Judge replies by the principles that they name, or by all.

    Totals are over replies under the statements, or under nothing. Replies with an antithesis in their prompt were asked for the contrary, so
    they are judged, and not counted. Every reply is one observation (Wilson); where several counted replies answer the same query,
    they count for as many as their spread between queries says (`clustered_share`).

    Raises:
        ReplyError: A principle or a side that the constitution has not.
    """
    wanted = [_wanted(constitution, reply) for reply in replies]
    found: dict[int, list[RowOutcome]] = {i: [] for i in range(len(constitution.principles))}  # by position of the principle
    facts: list[RowFacts] = []
    chosen = [judge_of(principle, judges) for principle in constitution.principles]
    for reply, positions in zip(replies, wanted, strict=True):
        over = time_is_up()
        for i in positions:
            principle, judge = constitution.principles[i], chosen[i]
            outcome = TOO_LONG if over else NOBODY if judge is None else judge.judge(principle, reply.query or "", reply.response)
            found[i].append(RowOutcome(row=reply.row, principle=principle.title, **asdict(outcome)))
        if not over:
            facts.append(facts_of(reply))
    counted = {reply.row: reply for reply in replies if reply.side in (None, "statement", NO_SIDE)}
    return Judged(
        outcomes=tuple(sorted((outcome for outcomes in found.values() for outcome in outcomes), key=lambda outcome: outcome.row)),
        rows=tuple(facts),
        totals={constitution.principles[i].title: _total(outcomes, counted) for i, outcomes in found.items()},
        notes=tuple(_notes(replies, counted, [[o.row for o in outcomes] for outcomes in found.values()], len(facts))),
    )


def judge_data(alive: Callable[[], None], constitution: Constitution, data: bytes, filename: str, within_s: float) -> tuple[ReplyFile, Judged]:
    """Read a file of replies, and judge those of them that can be judged in `within_s` seconds.

    Args:
        alive: Called again and again while it goes on.
        constitution: Whose principles they are judged by.
        data: The file.
        filename: Its ending says how it is read.
        within_s: Replies that are not reached by then are unjudged.

    Raises:
        FileError: Not readable as rows.
        ReplyError: As `read_replies` and `judge_replies`.
    """
    file = read_replies(data, filename)
    ends = time.monotonic() + within_s

    def time_is_up() -> bool:
        alive()
        return time.monotonic() > ends

    return file, judge_replies(constitution, file.replies, time_is_up=time_is_up)


def facts_of(reply: Reply) -> RowFacts:
    """What can be told of a reply without a judge."""
    text = reply.response
    return RowFacts(
        row=reply.row,
        words=len(words(text)),
        sentences=len(sentences(text)),
        language=language(text),
        refuses=refuses(text),
        repetition=repetition(text),
        ends_with_question=ends_with_question(text),
    )


def judged_to_data(judged: Judged) -> dict[str, Any]:
    """Plain JSON data. The notes are for people."""
    return {
        "outcomes": [asdict(outcome) for outcome in judged.outcomes],
        "rows": [asdict(row) for row in judged.rows],
        "totals": {title: asdict(total) for title, total in judged.totals.items()},
    }


def _wanted(constitution: Constitution, reply: Reply) -> Sequence[int]:
    """Positions of the principles that a reply is judged by. A title comes before a number that is written the same."""
    principles, given = constitution.principles, reply.principle
    if reply.side not in (None, NO_SIDE, *asked_stances(len(principles))):
        raise ReplyError(f"The side in row {reply.row} is {reply.side!r:.60}; known are {', '.join(SIDES)} and {NO_SIDE}. Correct it, or leave it out.")
    if given is None:
        return range(len(principles))
    for same in (str, squash):
        found = [i for i, p in enumerate(principles) if isinstance(given, str) and same(p.title) == same(given)]
        if found:
            return found
    number = str(given).strip()
    if number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(principles):
        return [int(number) - 1]
    titles = ", ".join(f"“{p.title}”" for p in principles)
    raise ReplyError(f"The principle in row {reply.row} is {given!r:.80}; the constitution has {titles}. Name one, or its number from 1 on.")


def _total(outcomes: Iterable[RowOutcome], counted: dict[int, Reply]) -> Total:
    mine = [outcome for outcome in outcomes if outcome.row in counted]
    judged = [(counted[outcome.row].query, outcome.follows) for outcome in mine if outcome.follows is not None]
    clusters: dict[object, list[bool]] = {}
    for i, (query, follows) in enumerate(judged):
        clusters.setdefault(i if query is None else query, []).append(follows)
    figure = share([follows for _, follows in judged]) if len(clusters) == len(judged) else clustered_share(list(clusters.values()))
    return Total(follows=sum(follows for _, follows in judged), n=len(judged), unjudged=len(mine) - len(judged), low=figure.low, high=figure.high)


def _notes(replies: Sequence[Reply], counted: dict[int, Reply], rows_of: Iterable[Sequence[int]], looked_at: int) -> Iterable[str]:
    """What a total alone would not tell. `rows_of` holds the rows that each principle judged."""
    if len(counted) < len(replies):
        left_out = len(replies) - len(counted)
        yield f"{left_out:,} of {len(replies):,} replies had an antithesis in their prompt: they are judged, and not counted in the totals."
    sides = {reply.side for reply in replies}
    if NO_SIDE in sides and sides & {None, "statement"}:
        yield "The totals count replies with and without the constitution in their prompt together. Judge them in two files to see them apart."
    queries = [[counted[row].query for row in rows if row in counted and counted[row].query is not None] for rows in rows_of]
    if any(len(set(each)) < len(each) for each in queries):
        yield "Several replies answer one query: the intervals allow for how alike those are."
    if looked_at < len(replies):
        yield f"The time was over after {looked_at:,} of {len(replies):,} replies; the others are unjudged. Judge them in parts, or with the command."
