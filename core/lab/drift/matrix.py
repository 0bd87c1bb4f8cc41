"""From replies to the matrix: what changed of every principle under every arm, over the base under the same prompt. Imports no torch.

All cells that could be measured are one family: a change is shown where Holm's p over all of them is at most 5 %, so that it is the same
claim whether it stands on the diagonal or off it. Off the diagonal of what was trained it is an alarm.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.constitution.text import refuses, repetition, words
from core.lab.drift.plan import Column, DriftPlan, Group, Row, columns_of, is_own, rows_of
from core.lab.rows import NO_CHECK
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.questions import ROSE, Answer, Question, compare
from core.measure.readers import Reading
from core.measure.statistics import UNMEASURED, Figure, mean, paired_change, pairs_of, share

BY_CHECK, BY_READER = "by the checks", "by the reader from outside"
EXAMPLES = 2  # replies that are shown of an alarm
NO_OTHERS = "it is what others are held against"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What an arm replied to one query, with what was read of it."""

    query: str
    text: str
    ended: bool
    relevance_nats: float | None  # None: an empty reply
    reading: Reading  # which text the reader from outside takes it for: an option of `options_of`


Replies = Mapping[str, Sequence[Reply]]  # by the row's key; a row that could not be asked has none


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One principle under one row."""

    row: str
    column: str
    own: bool  # whether the row is about this principle
    alarm: bool  # whether it is shown to have changed under something that was trained on another
    before: Figure  # share of the replies of the base under the same prompt
    after: Figure  # and of the row's own
    change: Figure  # paired by query; difference of shares
    answer: Answer  # what may be said of a change
    contrary: bool  # whether a fall is shown
    p_corrected: float | None
    more_queries: int | None  # that a change of 20 points would need; None where that is not open
    why: str = ""  # why it could not be measured


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All cells by one way to judge, row by row."""

    by: str  # BY_CHECK or BY_READER
    cells: tuple[Cell, ...]
    family: int  # cells that could be measured, over which each is corrected


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Something else that is measured of a row's replies, and its change over the base under the same prompt."""

    row: str
    name: str  # one of `BESIDE`
    value: Figure
    change: Figure  # paired by query
    why: str = ""  # why it could not be measured


@dataclass(frozen=True, kw_only=True)
class Example:
    """A reply behind an alarm, with that of the base to the same query under the same prompt."""

    row: str
    column: str
    query: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class DriftFound:
    """What there is to say of all rows."""

    plan: DriftPlan
    rows: tuple[Row, ...]  # in the order in which they are shown
    columns: tuple[Column, ...]
    failed: Mapping[str, str]  # by the row's key, why it could not be asked
    checks: Matrix
    reader: Matrix
    beside: tuple[Beside, ...]
    examples: tuple[Example, ...]

    def row(self, key: str) -> Row:
        """By its key."""
        return next(row for row in self.rows if row.key == key)

    def column(self, key: str) -> Column:
        """By its key."""
        return next(column for column in self.columns if column.key == key)


Outcomes = Mapping[str, Sequence[bool | None]]  # by the row's key, of one principle, query by query; a row that could not be judged has none


def drift_of(plan: DriftPlan, replies: Replies, failed: Mapping[str, str], judges: Sequence[Judge] = JUDGES) -> DriftFound:
    """The matrix of checks, that of the reader, and what else is measured of the replies.

    Args:
        plan: What was asked of whom.
        replies: To the same queries in the same order, of each row that could be asked.
        failed: Why the others could not.
        judges: Who may judge.
    """
    rows, columns = shown_rows(plan), columns_of(plan.constitutions)
    judged = {column.key: _judged(column, replies, judges) for column in columns}
    picked = {column.key: _picked(_option(column, columns), replies) for column in columns}
    unjudged = {column.key: _why_unjudged(column, judges) for column in columns}
    checks = _matrix(BY_CHECK, plan, (rows, columns), judged, lambda row, column: _why(row, failed) or unjudged[column.key])
    return DriftFound(
        plan=plan,
        rows=rows,
        columns=columns,
        failed=failed,
        checks=checks,
        reader=_matrix(BY_READER, plan, (rows, columns), picked, lambda row, _: _why(row, failed) or "no reply could be read"),
        beside=tuple(each for row in rows for each in _beside(row, replies, _why(row, failed), _picks_own(row, columns, plan))),
        examples=tuple(each for cell in checks.cells if cell.alarm for each in _examples(cell, rows, replies, judged[cell.column])),
    )


def shown_rows(plan: DriftPlan) -> tuple[Row, ...]:
    """In the order in which rows are shown: what was trained first."""
    order = list(Group)
    return tuple(sorted(rows_of(plan), key=lambda row: order.index(row.group)))


def options_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """The texts that the reader chooses among: statement and antithesis of every principle, each once."""
    return tuple(dict.fromkeys(text for column in columns for text in (column.principle.statement, column.principle.antithesis)))


def _option(column: Column, columns: Sequence[Column]) -> int:
    return options_of(columns).index(column.principle.statement)


def _judged(column: Column, replies: Replies, judges: Sequence[Judge]) -> Outcomes:
    judge = judge_of(column.principle, judges)
    if judge is None:
        return {}
    return {row: [judge.judge(column.principle, reply.query, reply.text).follows for reply in each] for row, each in replies.items()}


def _picked(option: int, replies: Replies) -> Outcomes:
    return {row: [None if reply.reading.failure else reply.reading.pick == option for reply in each] for row, each in replies.items()}


def _picks_own(row: Row, columns: Sequence[Column], plan: DriftPlan) -> frozenset[int]:
    """The options that are statements of what a row is about."""
    return frozenset(_option(column, columns) for column in columns if is_own(row, column, plan.constitutions))


def _why(row: Row, failed: Mapping[str, str]) -> str:
    """Why nothing can be said of a row; empty where something can."""
    if row.key in failed:
        return failed[row.key]
    return f"the base under the same prompt could not be asked: {failed[row.against]}" if row.against in failed else ""


def _why_unjudged(column: Column, judges: Sequence[Judge]) -> str:
    if judge_of(column.principle, judges) is None:
        return NO_CHECK
    return f"the check ({column.principle.check}) can judge no pair of replies"


def _matrix(
    by: str, plan: DriftPlan, shape: tuple[Sequence[Row], Sequence[Column]], outcomes: Mapping[str, Outcomes], why: Callable[[Row, Column], str]
) -> Matrix:
    """`why` is told where a cell has no pair."""
    rows, columns = shape
    placed = [(row, column) for row in rows if row.against for column in columns]
    before = [outcomes[column.key].get(row.against, ()) for row, column in placed]
    after = [outcomes[column.key].get(row.key, ()) for row, column in placed]
    pairs = [pairs_of(one, two) if one and two else pairs_of((), ()) for one, two in zip(before, after, strict=True)]
    asked = compare([ROSE] * len(pairs), pairs)
    cells = [
        _cell(row, column, (one, two), question, why(row, column), is_own(row, column, plan.constitutions))
        for (row, column), one, two, question in zip(placed, before, after, asked, strict=True)
    ]
    return Matrix(by=by, cells=tuple(cells), family=sum(each.n > 0 for each in pairs))


def _cell(row: Row, column: Column, sides: tuple[Sequence[bool | None], Sequence[bool | None]], question: Question, why: str, own: bool) -> Cell:
    before, after = sides
    measured = question.answer is not Answer.UNMEASURED
    return Cell(
        row=row.key,
        column=column.key,
        own=own,
        alarm=row.group is Group.TRAINED and not own and is_shown(question),
        before=share(before),
        after=share(after),
        change=paired_change(before, after) if measured else UNMEASURED,
        answer=question.answer,
        contrary=question.contrary,
        p_corrected=question.p_corrected,
        more_queries=question.more_queries,
        why="" if measured else why,
    )


def is_shown(said: Question | Cell) -> bool:
    """Whether a change is shown, up or down."""
    return said.answer is Answer.SHOWN or said.contrary


RELEVANCE, WORDS, REFUSALS, REPETITION, CUT, PICKED = "relevance", "words", "refusals", "repetition", "cut", "own text picked"
BESIDE = {  # what else is measured, in the order in which it is shown: how it is told
    PICKED: "Own text picked by the reader",
    RELEVANCE: "Relevance, nats",
    WORDS: "Words",
    REFUSALS: "Refusals",
    REPETITION: "Repeated four-word runs",
    CUT: "Cut at the token limit",
}
SHARES = (PICKED, REFUSALS, CUT)  # of replies; the others are means
NO_OWN = "it is about no text"
_VALUES: dict[str, Callable[[Reply], float | None]] = {
    RELEVANCE: lambda reply: reply.relevance_nats,
    WORDS: lambda reply: float(len(words(reply.text))) if reply.text else None,
    REPETITION: lambda reply: repetition(reply.text) if reply.text else None,
}


def _beside(row: Row, replies: Replies, why: str, own: frozenset[int]) -> list[Beside]:
    found = []
    for name in BESIDE:
        after, before = replies.get(row.key, ()), replies.get(row.against, ())
        if name in SHARES:
            two, one = (_outcomes(name, each, own) for each in (after, before))
            value, change = share(two), paired_change(one, two) if one and two else UNMEASURED
        else:
            measure = _VALUES[name]
            value = mean([known for known in map(measure, after) if known is not None])
            change = _difference(measure, before, after)
        otherwise = why or (NO_OWN if name == PICKED and not own else "" if row.against else NO_OTHERS)
        found.append(Beside(row=row.key, name=name, value=value, change=change, why=otherwise or "no reply could be read"))
    return found


def _outcomes(name: str, replies: Sequence[Reply], own: frozenset[int]) -> list[bool | None]:
    if name == PICKED:
        return [None if reply.reading.failure or not own else reply.reading.pick in own for reply in replies]
    return [refuses(reply.text) if name == REFUSALS else not reply.ended for reply in replies]


def _difference(measure: Callable[[Reply], float | None], before: Sequence[Reply], after: Sequence[Reply]) -> Figure:
    found = [(measure(one), measure(two)) for one, two in zip(before, after, strict=True)] if before and after else []
    return mean([two - one for one, two in found if one is not None and two is not None])


def _examples(cell: Cell, rows: Sequence[Row], replies: Replies, outcomes: Outcomes) -> list[Example]:
    """The first replies that changed as the cell says."""
    against = next(row.against for row in rows if row.key == cell.row)
    wanted = (True, False) if cell.contrary else (False, True)
    pairs = zip(replies[against], replies[cell.row], outcomes[against], outcomes[cell.row], strict=True)
    turned = [(one, two) for one, two, before, after in pairs if (before, after) == wanted]
    return [Example(row=cell.row, column=cell.column, query=one.query, before=one.text, after=two.text) for one, two in turned[:EXAMPLES]]
