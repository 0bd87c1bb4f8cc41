"""A drift matrix as lines for a terminal, and the cells of its tables."""

from app.present.lab import aligned
from app.present.text import count
from core.lab.drift.matrix import BESIDE, NO_OTHERS, SHARES, WORDS, Beside, Cell, DriftFound, Matrix
from core.lab.drift.plan import DriftPlan, Group, Row, columns_of, rows_of
from core.lab.drift.says import family_says, said_of, short_word
from core.lab.form import number
from core.lab.prior import percent, points

HEADS = ("Trained on", "Text in the prompt")


def forecast(plan: DriftPlan, seconds: float | None) -> str:
    """What will be asked, before it begins."""
    rows, columns = rows_of(plan), columns_of(plan.constitutions)
    minutes = "how long it takes is not known" if seconds is None else f"about {max(1.0, seconds / 60):.0f} min here"
    cells = sum(bool(row.against) for row in rows) * len(columns)
    asked = f"{count(len(rows), 'row')} of {count(len(plan.held_out), 'reply', 'replies')}, {count(len(columns), 'principle')}, {count(cells, 'cell')}"
    return f"{asked}; {minutes}, less what is in the folder already."


def drift_lines(found: DriftFound) -> list[str]:
    """The strongest alarm first, then what was trained for, then what cannot be judged, then the tables."""
    said = said_of(found)
    lines = [*said.alarms, "", *said.own]
    for more in (said.unmeasured, said.answers, said.beside):
        lines += ["", *more] if more else []
    for matrix in (found.checks, found.reader):
        lines += ["", f"Change of the share that follows, {matrix.by}", *aligned(heads_of(found), matrix_rows(found, matrix)), f"  {family_says(matrix)}"]
    return [*lines, "", "Whether replies still answer, and their form", *aligned((*HEADS, *BESIDE.values()), beside_rows(found))]


def heads_of(found: DriftFound) -> tuple[str, ...]:
    """Of a matrix as a table."""
    return (*HEADS, *(column.label for column in found.columns))


def matrix_rows(found: DriftFound, matrix: Matrix) -> list[tuple[str, ...]]:
    """A line for each row that is held against another."""
    return [(*row_heads(row), *(cell_text(cell) for cell in cells_of(matrix, row))) for row in found.rows if row.against]


def cells_of(matrix: Matrix, row: Row) -> list[Cell]:
    """A row's, in the order of the columns."""
    return [cell for cell in matrix.cells if cell.row == row.key]


def cell_text(cell: Cell) -> str:
    """`+42 points (+10 to +67; n = 12); own; shown, up`: own is what the row was trained for, or has in its prompt."""
    if cell.why:
        return f"could not be measured: {cell.why}"
    return "; ".join([points(cell.change), *(["own"] if cell.own else []), short_word(cell)])


def share_rows(found: DriftFound, matrix: Matrix) -> list[tuple[str, ...]]:
    """The shares that changes are of: a line for each row, the base alone too."""
    lines = []
    for row in found.rows:
        mine = [percent(cell.after) for cell in cells_of(matrix, row)] if row.against else _base_shares(found, matrix, row)
        lines.append((*row_heads(row), *mine))
    return lines


def _base_shares(found: DriftFound, matrix: Matrix, base: Row) -> list[str]:
    held = next((row for row in found.rows if row.against == base.key), None)
    return [percent(cell.before) for cell in cells_of(matrix, held)] if held is not None else []


def row_heads(row: Row) -> tuple[str, str]:
    """What was trained, and what stands in the prompt."""
    return row.trained_on, row.in_prompt


def beside_rows(found: DriftFound) -> list[tuple[str, ...]]:
    """A line for each row: the value and its change over the base under the same prompt."""
    return [(*row_heads(row), *(beside_text(each) for each in found.beside if each.row == row.key)) for row in found.rows]


def beside_text(each: Beside) -> str:
    """`12.5 (10.1 to 15.2; n = 24), −9.3 (−12.0 to −6.1)`."""
    if each.value.value is None:
        return f"could not be measured: {each.why}"
    is_share = each.name in SHARES
    value = percent(each.value) if is_share else number(each.value, ".1f" if each.name == WORDS else ".2f")
    if each.change.value is None:
        return value if each.why == NO_OTHERS else f"{value}; its change could not be measured: {each.why}"
    return f"{value}; {points(each.change) if is_share else number(each.change, '+.1f' if each.name == WORDS else '+.2f')}"


def group_title(group: Group) -> str:
    """A kind of row, as a head."""
    return f"{group.value[:1].upper()}{group.value[1:]}"
