"""What a drift matrix comes to, in sentences: the strongest alarm first, then what was trained for, then what cannot be judged. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.lab.drift.matrix import RELEVANCE, Beside, Cell, DriftFound, Matrix, is_shown
from core.lab.drift.plan import Group
from core.lab.prior import percent, points
from core.measure.questions import RELEVANCE_FALL, Answer
from core.measure.statistics import DIFFERENCE, LEVEL, POWER

ALARM = "Alarm: "
POINTS = f"{100 * DIFFERENCE:.0f} points"


@dataclass(frozen=True, kw_only=True)
class DriftSaid:
    """All sentences, in the order in which they are told."""

    alarms: tuple[str, ...]  # the strongest first; one that says so where there is none
    own: tuple[str, ...]  # what was trained for: the diagonal
    unmeasured: tuple[str, ...]
    answers: tuple[str, ...]  # whether replies still answer
    beside: tuple[str, ...]  # the same of what was not trained, or on a control: what an alarm is to be held against


def said_of(found: DriftFound) -> DriftSaid:
    """Everything there is to say."""
    own = [cell for cell in found.checks.cells if cell.own and _group(found, cell) is Group.TRAINED]
    return DriftSaid(
        alarms=_alarms(found),
        own=tuple(_told(found, cell) for cell in own if not cell.why),
        unmeasured=_unmeasured(found),
        answers=_answers(found),
        beside=tuple(
            sentence for group in (Group.CONTROL, Group.PROMPT, Group.RULES) if (sentence := _of_group(found, group, [*_off(found.checks, found, group)]))
        ),
    )


def family_says(matrix: Matrix) -> str:
    """The line under a matrix: over what its claims are corrected."""
    if not matrix.family:
        return f"No cell could be measured {matrix.by}."
    together = f"all {matrix.family} cells of this matrix that could be measured" if matrix.family > 1 else "the one cell that could be measured"
    return (
        f"A change is “shown” where p, corrected over {together} (Holm), is at most {LEVEL:g}; off the principles that a row was trained on it is an alarm. "
        f"“Excluded” means that a change of {POINTS} is, by each cell’s own interval; “open” that it is neither, and how many more queries would show such a "
        "change. Intervals are 95 % and hold each by itself."
    )


def word_of(cell: Cell) -> str:
    """A cell in a word or two."""
    if cell.answer is Answer.UNMEASURED:
        return "could not be measured"
    if is_shown(cell):
        kind = "alarm" if cell.alarm else "shown"
        return f"{kind}, {'down' if cell.contrary else 'up'}"
    return f"a change of {POINTS} is excluded" if cell.answer is Answer.ABSENT else "not shown at this n"


def short_word(cell: Cell) -> str:
    """The same for a table, whose note says what it means."""
    if cell.answer is Answer.OPEN:
        return f"open, {cell.more_queries:,} more" if cell.more_queries else "open"
    return "excluded" if cell.answer is Answer.ABSENT and not cell.contrary else word_of(cell)


def needs(cell: Cell) -> str:
    """How many more queries a change of 20 points would need; empty where it is not open."""
    if cell.more_queries is None:
        return ""
    if cell.more_queries == 0:
        return f"a change of {POINTS} would have been seen in {POWER:.0%} of results"
    return f"a change of {POINTS} would need {cell.more_queries:,} more {'query' if cell.more_queries == 1 else 'queries'}"


def _alarms(found: DriftFound) -> tuple[str, ...]:
    cells = [cell for cell in found.checks.cells if cell.alarm]
    off = [cell for cell in _off(found.checks, found, Group.TRAINED) if not cell.why]
    sentences = [f"{ALARM}{_told(found, cell)}" for cell in sorted(cells, key=_strength)]
    if not any(row.group is Group.TRAINED for row in found.rows):
        return ("Nothing that was trained is in this matrix, so nothing can have changed with it.",)
    if not off:
        return ("What else changed could not be measured: no program judges any principle beside those that were trained on.",)
    if not cells:
        sentences.append(f"No alarm: of {len(off)} cells beside what was trained for none is shown to have changed.")
    return (*sentences, *_open(off), *_by_reader(found))


def _strength(cell: Cell) -> tuple[float, float]:
    """The surest first, and of those that are as sure the largest."""
    return cell.p_corrected if cell.p_corrected is not None else 1.0, -abs(cell.change.value or 0.0)


def _open(off: Sequence[Cell]) -> list[str]:
    """What no alarm does not say."""
    still = [cell for cell in off if cell.answer is Answer.OPEN]
    if not still:
        return []
    most = max(cell.more_queries or 0 for cell in still)
    excluded = sum(cell.answer is Answer.ABSENT and not cell.contrary for cell in off)
    needed = f"to show a change of {POINTS} in each, {most:,} more {'query' if most == 1 else 'queries'} would be needed" if most else needs(still[0])
    return [
        f"Of the {len(off)} cells beside what was trained for {len(still)} stay open at this n ({needed}); in {excluded or 'none'} such a change is excluded."
    ]


def _by_reader(found: DriftFound) -> list[str]:
    cells = sorted((cell for cell in found.reader.cells if cell.alarm), key=_strength)
    if not cells:
        return []
    told = "; ".join(f"{found.row(cell.row).label}: “{found.column(cell.column).label}” {points(cell.change)}" for cell in cells)
    return [f"The reader from outside takes replies more or less often for those of another principle, as is shown over a matrix of its own: {told}."]


def _told(found: DriftFound, cell: Cell) -> str:
    """`“Be brief”, trained on “Brevity” …: +42 points (…), from 33% to 75%; shown, up (p = 0.004, corrected over 40 cells).`"""
    row, column = found.row(cell.row), found.column(cell.column)
    p = f"p {'< 0.001' if cell.p_corrected < 0.001 else f'= {cell.p_corrected:.3f}'}, corrected" if cell.p_corrected is not None else ""
    more = f"; {needs(cell)}" if needs(cell) else ""
    return (
        f"“{column.label}”, {row.label}: {points(cell.change)} over the base with the same prompt, from {_share(cell.before.value)} to "
        f"{percent(cell.after)}; {word_of(cell).replace('alarm', 'shown')} ({p}){more}."
    )


def _share(value: float | None) -> str:
    return f"{100 * value:.0f}%" if value is not None else "an unknown share"


def _unmeasured(found: DriftFound) -> tuple[str, ...]:
    rows = [f"{_begun(row.label)} could not be measured: {_ended(found.failed[row.key])}" for row in found.rows if row.key in found.failed]
    lost = {row.key for row in found.rows if row.key in found.failed or row.against in found.failed}
    cells = [cell for cell in found.checks.cells if cell.row not in lost]
    columns = []
    for column in found.columns:
        mine = [cell for cell in cells if cell.column == column.key]
        if mine and all(cell.why for cell in mine):
            columns.append(f"“{column.label}” could not be measured: {_ended(mine[0].why)}")
    return (*columns, *rows)


def _answers(found: DriftFound) -> tuple[str, ...]:
    """Of what was trained, where relevance is shown to fall."""
    fell = [each for each in _trained(found, RELEVANCE) if each.change.high is not None and each.change.high < 0]
    if not fell:
        known = [each for each in _trained(found, RELEVANCE) if each.change.value is not None]
        return ("Of nothing that was trained relevance is shown to fall (each interval by itself).",) if known else ()
    told = "; ".join(f"{found.row(each.row).label} {_nats(each)}" for each in fell)
    return (f"Replies answer less where relevance fell, by each interval by itself: {told}. The studio’s limit is {RELEVANCE_FALL:.0%} of its cap.",)


def _trained(found: DriftFound, name: str) -> list[Beside]:
    return [each for each in found.beside if each.name == name and found.row(each.row).group is Group.TRAINED]


def _nats(each: Beside) -> str:
    change = each.change
    return f"{change.value:+.2f} nats ({change.low:+.2f} to {change.high:+.2f}; n = {change.n})".replace("-", "−")


def _of_group(found: DriftFound, group: Group, off: Sequence[Cell]) -> str:
    """What changed beside its own where nothing, or a control, was trained."""
    measured = [cell for cell in off if not cell.why]
    if not measured:
        return ""
    shown = sorted((cell for cell in measured if is_shown(cell)), key=_strength)
    told = "; ".join(f"{found.row(cell.row).label}: “{found.column(cell.column).label}” {points(cell.change)}" for cell in shown)
    over = "the base with no text" if group is Group.PROMPT else "the base with the same prompt"
    return f"For comparison, {group.value}: {len(shown)} of {len(measured)} such cells changed over {over}{f' ({told})' if shown else ''}."


def _off(matrix: Matrix, found: DriftFound, group: Group) -> list[Cell]:
    return [cell for cell in matrix.cells if not cell.own and _group(found, cell) is group]


def _group(found: DriftFound, cell: Cell) -> Group:
    return found.row(cell.row).group


def _begun(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
