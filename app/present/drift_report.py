"""A drift matrix as one HTML file that stands by itself: no script, nothing fetched, light and dark, and made to be printed."""

from collections.abc import Sequence

from app.present.drift import HEADS, beside_rows, cell_text, cells_of, group_title, heads_of, matrix_rows, share_rows
from app.present.heatmap import Band, Tile, heatmap_svg
from app.present.lab_parts import paragraphs, table_html
from app.present.lab_style import STYLE
from app.present.text import count, escape
from core.engine.adapter_card import named_for_others
from core.lab.drift.matrix import BESIDE, Cell, DriftFound
from core.lab.drift.plan import NOTHING, Row, names_of
from core.lab.drift.says import ALARM, family_says, said_of

HEAT = """
.heat { display: block; } .heat text { fill: var(--quiet); font: 12px system-ui, sans-serif; }
.heat .value { fill: var(--ink); font-weight: 600; } .heat .up { fill: var(--mark); } .heat .down { fill: var(--fall); } .heat .none { fill: none; }
.heat .frame { fill: none; stroke: var(--line); } .heat .own { stroke: var(--ink); stroke-dasharray: 4 3; }
.heat .alarm { stroke: var(--ink); stroke-width: 2.5; }
:root { --fall: #a4481f; } @media (prefers-color-scheme: dark) { :root { --fall: #f0a27c; } }
blockquote { margin: 0.25rem 0 0.75rem; padding-left: 0.75rem; border-left: 3px solid var(--line); white-space: pre-wrap; }
@media print { :root { --fall: #000; } .heat { max-width: 100%; height: auto; } }
"""
KEY = (
    "Points by which the share that follows changed, over the base under the same prompt; where a text stands in the prompt and nothing is trained, over "
    "the base alone. A dashed frame, and “own” in the table: what the row was trained for, or has in its prompt. A thick "
    "frame and an exclamation mark: an alarm. A dash: could not be measured."
)


def drift_html(found: DriftFound) -> str:
    """The whole document."""
    plan = found.plan
    title = f"What else changed? {', '.join(names_of(plan.constitutions))}"
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>{STYLE}{HEAT}</style>'
    )
    about = f"Model {escape(named_for_others(plan.model).id)}, {count(len(plan.held_out), 'held-out query', 'held-out queries')}, seed {plan.config.seed}."
    parts = (f'<h1 dir="auto">{escape(title)}</h1><p class="quiet">{about} Intervals are 95 %.</p>', drift_parts(found))
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>'


def drift_parts(found: DriftFound) -> str:
    """All sections, the answer first."""
    return "".join((_answer(found), _matrix(found), _reader(found), _beside(found), _examples(found)))


def _answer(found: DriftFound) -> str:
    said = said_of(found)
    return (
        f'<section><h2>The answer</h2><p class="quiet">The strongest alarm first, then what was trained for, then what could not be measured.</p>'
        f"{_listed('alarms', said.alarms)}{_under('What was trained for', said.own)}{_under('What could not be measured', said.unmeasured)}"
        f"{_under('Do the replies still answer?', said.answers)}{_under('What changes without that training', said.beside)}</section>"
    )


def _listed(kind: str, items: Sequence[str]) -> str:
    return f'<ul class="{kind}">{"".join(f"<li dir=auto>{escape(item)}</li>" for item in items)}</ul>' if items else ""


def _alarms(items: Sequence[str]) -> str:
    told = (f"<li dir=auto>{f'<strong>{escape(item)}</strong>' if item.startswith(ALARM) else escape(item)}</li>" for item in items)
    return f'<ul class="alarms">{"".join(told)}</ul>'


def _under(title: str, items: Sequence[str]) -> str:
    return f"<h3>{title}</h3>{_listed('quietly', items)}" if items else ""


def _matrix(found: DriftFound) -> str:
    matrix, bands = found.checks, [_band(found, row) for row in found.rows if row.against]
    columns = "".join(f"<li dir=auto>{escape(column.label)}</li>" for column in found.columns)
    drawing = heatmap_svg(bands, len(found.columns), "drift")
    return (
        "<section><h2>What changed, by the checks</h2><figure>"
        f'<div class="wide" tabindex="0" role="region" aria-label="The changes, drawn">{drawing}</div>'
        f"<figcaption>{escape(KEY)}</figcaption></figure><ol>{columns}</ol>"
        f"{table_html('The same as a table', heads_of(found), matrix_rows(found, matrix))}<p class=quiet>{escape(family_says(matrix))}</p>"
        f"{table_html('The shares that follow', heads_of(found), share_rows(found, matrix))}</section>"
    )


def _band(found: DriftFound, row: Row) -> Band:
    tiles = [Tile(value=cell.change.value, own=cell.own, alarm=cell.alarm, title=_tile_title(found, cell)) for cell in cells_of(found.checks, row)]
    prompt = "no text" if row.in_prompt == NOTHING else f"with {row.in_prompt}"
    return Band(label=f"{'the base' if row.trained_on == NOTHING else row.trained_on}, {prompt}", tiles=tiles)


def _tile_title(found: DriftFound, cell: Cell) -> str:
    return f"{found.column(cell.column).label}, {found.row(cell.row).label}: {cell_text(cell)}"


def _reader(found: DriftFound) -> str:
    matrix, heads = found.reader, heads_of(found)
    said = (
        "The untrained base, which sees query and reply alone, picks the likeliest text among all statements and antitheses. A cell says how much more often "
        "that is the principle’s statement than for the base’s replies under the same prompt. It is no judge of whether a principle is followed."
    )
    return (
        f"<section><h2>What changed, by the reader from outside</h2>{paragraphs([said])}"
        f"{table_html('How often each statement is picked: the change', heads, matrix_rows(found, matrix))}"
        f"<p class=quiet>{escape(family_says(matrix))}</p>{table_html('How often each statement is picked', heads, share_rows(found, matrix))}</section>"
    )


def _beside(found: DriftFound) -> str:
    note = "Value; change over the base under the same prompt, query by query. Intervals hold each by itself and are not corrected."
    groups = "; ".join(dict.fromkeys(group_title(row.group) for row in found.rows))
    return (
        f"<section><h2>Whether replies still answer, and their form</h2>{table_html('Beside the checks', (*HEADS, *BESIDE.values()), beside_rows(found))}"
        f"<p class=quiet>{escape(note)} Rows, in this order: {escape(groups)}.</p></section>"
    )


def _examples(found: DriftFound) -> str:
    if not found.examples:
        return ""
    told = "".join(
        f"<h3 dir=auto>{escape(found.column(each.column).label)}, {escape(found.row(each.row).label)}</h3><p dir=auto>{escape(each.query)}</p>"
        f"<p class=quiet>The base with the same prompt</p><blockquote dir=auto>{escape(each.before)}</blockquote>"
        f"<p class=quiet>Trained</p><blockquote dir=auto>{escape(each.after)}</blockquote>"
        for each in found.examples
    )
    return f"<section><h2>Replies behind the alarms</h2>{paragraphs(['Of each alarm the first replies that changed as it says.'])}{told}</section>"
