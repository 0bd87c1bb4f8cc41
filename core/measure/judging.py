"""What the judges say of replies that exist already, and what can be told of each without a model. Imports no torch."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.budget import Limit, each
from core.constitution.contrasts import asked_stances
from core.constitution.principles import SIDES, Constitution, Principle, squash
from core.constitution.reading.replies import Reply
from core.constitution.text import ends_with_question, language, refuses, repetition, sentences, words
from core.errors import BusyError, OverBudgetError, ReplyError
from core.measure.judges import JUDGES, Judge, Patient, judge_of
from core.measure.statistics import clustered_share, share
from core.measure.values import NO_SIDE, Outcome

NOBODY = Outcome(follows=None, why="the principle has no check", by="nobody")
TOO_LONG = Outcome(follows=None, why="the time for judging was over", by="nobody")
TOO_SLOW = Outcome(follows=None, why="the time for this reply was over: what was asked of it before took too long", by="nobody")
OVER = Outcome(follows=None, why="the time for patterns that take too long was over: none is tried any more", by="nobody")
REPLY_S = 4.0  # for all that is asked of one reply; what is asked after that says nothing
LOST_S = 5.0  # on patterns that were given up, for all of them and all replies: whoever asked is told of them within ten seconds
JUDGING = Limit(what="Judging a reply", seconds=8.0, remedy="Shorten the reply, or write a simpler check.")
MOST_HELD_UP = 20  # replies over which a process had to be ended; then the others are given up


@dataclass(frozen=True, kw_only=True, slots=True)
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
class JudgedReply:
    """What is found of one reply."""

    outcomes: tuple[RowOutcome, ...]  # in the order of the principles
    facts: RowFacts | None = None  # None where its time was over before
    reached: bool = True  # whether it was looked at


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


def judge_replies(constitution: Constitution, replies: Sequence[Reply], judges: Sequence[Judge] = JUDGES) -> Judged:
    """Judge replies by the principles that they name, or by all.

    Totals are over replies under the statements, or under nothing. Replies with an antithesis in their prompt were asked for the contrary, so
    they are judged, and not counted. Every reply is one observation (Wilson); where several counted replies answer the same query,
    they count for as many as their spread between queries says (`clustered_share`).

    Raises:
        ReplyError: A principle or a side that the constitution has not.
    """
    return _gathered(constitution, replies, list(judge_each(constitution, replies, judges)))


def judge_within(constitution: Constitution, replies: Sequence[Reply], within_s: float = math.inf, judges: Sequence[Judge] = JUDGES) -> Judged:
    """The same in a child process: a reply that hangs, or eats memory, is unjudged with the reason, and the others are judged.

    Args:
        constitution: Whose principles they are judged by.
        replies: Of one file.
        within_s: Seconds for all of them; those that are not reached by then are unjudged.
        judges: As `judge_replies`.

    Raises:
        ReplyError: As `judge_replies`; nothing is judged then.
        BusyError: The child judges for others, and did for as long as one can wait.
    """
    for _ in _wanted(constitution, replies):
        continue
    found: list[JudgedReply] = []
    ends, held_up = time.monotonic() + within_s, 0
    while len(found) < len(replies) and held_up < MOST_HELD_UP and time.monotonic() < ends:
        try:
            with closing(each(JUDGING, judge_each, constitution, replies[len(found) :], judges)) as rows:
                for row in rows:
                    found.append(row)
                    if time.monotonic() > ends:
                        break
        except OverBudgetError as error:
            held_up += 1
            found += _unjudged(constitution, [replies[len(found)]], replace(TOO_LONG, why=str(error)))
        except BusyError:  # somebody took the child while a new one was made
            if not found:
                raise
    over = replace(TOO_LONG, why=f"judging was given up after {held_up} replies that held it up") if held_up >= MOST_HELD_UP else TOO_LONG
    rest = _unjudged(constitution, replies[len(found) :], over)
    return _gathered(constitution, replies, [*found, *(replace(row, reached=False) for row in rest)])


def judge_each(constitution: Constitution, replies: Sequence[Reply], judges: Sequence[Judge] = JUDGES) -> Iterator[JudgedReply]:
    """Judge one reply after the other.

    Raises:
        ReplyError: As `judge_replies`.
    """
    chosen = [judge_of(principle, judges) for principle in constitution.principles]
    lost_s = 0.0
    for reply, positions in zip(replies, _wanted(constitution, replies), strict=True):
        ends = time.monotonic() + REPLY_S
        outcomes = []
        for i in positions:
            principle, judge, began = constitution.principles[i], chosen[i], time.monotonic()
            outcome = _asked(judge, principle, reply, over=TOO_SLOW if began > ends else OVER if lost_s > LOST_S and isinstance(judge, Patient) else None)
            if outcome.follows is None and isinstance(judge, Patient):
                lost_s += time.monotonic() - began
            outcomes.append(_row_outcome(reply, principle, outcome))
        yield JudgedReply(outcomes=tuple(outcomes), facts=facts_of(reply) if time.monotonic() < ends else None)


def _asked(judge: Judge | None, principle: Principle, reply: Reply, over: Outcome | None) -> Outcome:
    if judge is None:
        return NOBODY
    return over or judge.judge(principle, reply.query or "", reply.response)


def _row_outcome(reply: Reply, principle: Principle, outcome: Outcome) -> RowOutcome:
    return RowOutcome(row=reply.row, principle=principle.title, **asdict(outcome))


def _unjudged(constitution: Constitution, replies: Sequence[Reply], outcome: Outcome) -> Iterator[JudgedReply]:
    for reply, positions in zip(replies, _wanted(constitution, replies), strict=True):
        yield JudgedReply(outcomes=tuple(_row_outcome(reply, constitution.principles[i], outcome) for i in positions))


def _gathered(constitution: Constitution, replies: Sequence[Reply], found: Sequence[JudgedReply]) -> Judged:
    """Totals and notes of what was found, reply by reply."""
    of: dict[str, list[RowOutcome]] = {principle.title: [] for principle in constitution.principles}
    for row in found:
        for outcome in row.outcomes:
            of[outcome.principle].append(outcome)
    counted = {reply.row: reply for reply in replies if reply.side in (None, "statement", NO_SIDE)}
    return Judged(
        outcomes=tuple(outcome for row in found for outcome in row.outcomes),
        rows=tuple(row.facts for row in found if row.facts is not None),
        totals={title: _total(outcomes, counted) for title, outcomes in of.items()},
        notes=(*_notes(replies, counted, [[o.row for o in outcomes] for outcomes in of.values()]), *_notes_on_time(replies, found)),
    )


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


def _wanted(constitution: Constitution, replies: Iterable[Reply]) -> Iterator[Sequence[int]]:
    """Positions of the principles that each reply is judged by. A title comes before a number that is written the same."""
    principles = constitution.principles
    sides = {None, NO_SIDE, *asked_stances(len(principles))}
    by_title: dict[str, list[int]] = {}
    for i, principle in enumerate(principles):
        for name in {principle.title, f" {squash(principle.title)}"}:  # a blank before it: another kind of key
            by_title.setdefault(name, []).append(i)
    for reply in replies:
        given = reply.principle
        if reply.side not in sides:
            raise ReplyError(f"The side in row {reply.row} is {reply.side!r:.60}; known are {', '.join(SIDES)} and {NO_SIDE}. Correct it, or leave it out.")
        if given is None:
            yield range(len(principles))
            continue
        titled = by_title.get(given) or by_title.get(f" {squash(given)}") if isinstance(given, str) else None
        yield titled or _numbered(constitution, reply)


def _numbered(constitution: Constitution, reply: Reply) -> Sequence[int]:
    number = str(reply.principle).strip()
    if number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(constitution.principles):
        return [int(number) - 1]
    titles = ", ".join(f"“{p.title}”" for p in constitution.principles)
    raise ReplyError(f"The principle in row {reply.row} is {reply.principle!r:.80}; the constitution has {titles}. Name one, or its number from 1 on.")


def _total(outcomes: Iterable[RowOutcome], counted: dict[int, Reply]) -> Total:
    mine = [outcome for outcome in outcomes if outcome.row in counted]
    judged = [(counted[outcome.row].query, outcome.follows) for outcome in mine if outcome.follows is not None]
    clusters: dict[object, list[bool]] = {}
    for i, (query, follows) in enumerate(judged):
        clusters.setdefault(i if query is None else query, []).append(follows)
    figure = share([follows for _, follows in judged]) if len(clusters) == len(judged) else clustered_share(list(clusters.values()))
    return Total(follows=sum(follows for _, follows in judged), n=len(judged), unjudged=len(mine) - len(judged), low=figure.low, high=figure.high)


def _notes(replies: Sequence[Reply], counted: dict[int, Reply], rows_of: Iterable[Sequence[int]]) -> Iterable[str]:
    """What a total alone would not tell. `rows_of` holds the rows that each principle judged."""
    if len(counted) < len(replies):
        left_out = len(replies) - len(counted)
        yield f"{left_out:,} of {len(replies):,} replies had an antithesis in their prompt: they are judged, and not counted in the totals."
    sides = {reply.side for reply in replies}
    if NO_SIDE in sides and sides & {None, "statement"}:
        yield "The totals count replies with and without the constitution in their prompt together. Judge them in two files to see them apart."
    if 0 < (own := sum(reply.scenario for reply in counted.values())) < len(counted):
        yield f"{own:,} of the {len(counted):,} counted replies are to scenarios, the others to held-out queries. Judge them in two files to see them apart."
    queries = [[counted[row].query for row in rows if row in counted and counted[row].query is not None] for rows in rows_of]
    if any(len(set(each)) < len(each) for each in queries):
        yield "Several replies answer one query: the intervals allow for how alike those are."


def _notes_on_time(replies: Sequence[Reply], found: Sequence[JudgedReply]) -> Iterable[str]:
    late = [reply.row for reply, row in zip(replies, found, strict=True) if row.reached and row.facts is None]
    if late:
        some = ", ".join(f"{row:,}" for row in late[:5]) + (f" and {len(late) - 5:,} more" if len(late) > 5 else "")
        yield f"{len(late):,} of {len(replies):,} replies took too long and are unjudged, or judged in part; each outcome says why. Rows: {some}."
    looked_at = sum(row.reached for row in found)
    if looked_at < len(replies):
        yield f"The time was over after {looked_at:,} of {len(replies):,} replies; the others are unjudged. Judge them in parts, or with the command."
