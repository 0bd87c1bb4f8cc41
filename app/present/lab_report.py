"""What the laboratory found, as one HTML file that stands by itself: no script, nothing fetched, light and dark, and made to be printed."""

from collections.abc import Sequence

from app.present.lab import HEADS, row_cells
from app.present.lab_style import STYLE
from app.present.scatter import Point, scatter_svg
from app.present.text import escape
from core.lab.probes import PROBES
from core.lab.results import LabResult, probe_of
from core.lab.values import Cell, LabTable, ProbeRecord, cells_of

ACROSS, UP = "change of the bound, points of its cap", "change of compliance, points"


def lab_html(found: LabResult) -> str:
    """The whole document."""
    about = found.about
    title = f"{about.constitution.name}: is mutual information sufficient here?"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>{STYLE}</style>'
    parts = (
        f'<h1 dir="auto">{escape(title)}</h1><p class="quiet">{_about(found)}</p>',
        _verdict(found),
        _principles(found),
        _scatter(cells_of(found.records)),
        *(_probe(record, number) for number, record in enumerate(found.records, 1)),
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>'


def _about(found: LabResult) -> str:
    about = found.about
    adapter = f"adapter {about.adapter_sha256[:12]}" if about.adapter_sha256 is not None else "no adapter"
    return f"Model {escape(about.model)}, {adapter}, {about.n_queries} held-out queries, seed {about.seed}. Intervals are 95 %."


def _verdict(found: LabResult) -> str:
    verdict = found.verdict
    return (
        f'<section><h2>The verdict</h2><p class="answer">Mutual information: <strong>{escape(verdict.answer.value)}</strong></p>'
        f"{_paragraphs(verdict.sentences)}{_list('What speaks against it, the strongest first', verdict.against)}"
        f"{_list('What is missing', verdict.missing)}<p class='quiet'>The rule: “sufficient here” is said only where bound and compliance rise and fall "
        "together over at least 20 changes, by a rank correlation whose interval lies above zero, and where nothing has a bound of 80 % of its cap or "
        "more while compliance lies where chance puts it.</p></section>"
    )


def _principles(found: LabResult) -> str:
    rows = [(each.principle, each.meaning.value, each.sentence) for each in found.principles]
    if not rows:
        return ""
    return f"<section><h2>Principle by principle</h2>{_table('What each principle is for the model', ('Principle', 'In a word', 'Why'), rows)}</section>"


def _scatter(cells: Sequence[Cell]) -> str:
    known = [(cell, x, y) for cell in cells if (x := cell.bound_change) is not None and (y := cell.compliance_change) is not None]
    if not known:
        return "<section><h2>Bound against compliance</h2><p>No change could be measured of both.</p></section>"
    points = [Point(x=100 * x, y=100 * y, group=_group(cell), title=f"{cell.principle}, {cell.arm}: {100 * x:+.0f}, {100 * y:+.0f}") for cell, x, y in known]
    rows = [(cell.principle, cell.arm, cell.before.arm, f"{100 * x:+.1f}", f"{100 * y:+.1f}") for cell, x, y in known]
    heads = ("Principle", "What was done", "Held against", "Change of the bound, points of its cap", "Change of compliance, points")
    return (
        f"<section><h2>Bound against compliance</h2><figure>{scatter_svg(points, ('changes', ACROSS, UP))}<figcaption>Each mark is one principle under one "
        "method, setting or checkpoint. Where mutual information is sufficient, marks lie from below left to above right.</figcaption></figure>"
        f"{_table('The same as a table', heads, rows)}</section>"
    )


def _group(cell: Cell) -> str:
    probe = PROBES.get(cell.probe)
    return probe.title if probe is not None else cell.probe


def _probe(record: ProbeRecord, number: int) -> str:
    probe = probe_of(record)
    head = f"<h2>Probe {number}: {escape(probe.title if probe is not None else record.key)}</h2>"
    if probe is not None:
        head += (
            f'<p class="quiet">{escape(probe.of.title)}: {escape(probe.of.paper)}</p><dl><dt>What it does</dt><dd>{escape(probe.asks)}</dd>'
            f"<dt>Predicted beforehand</dt><dd>{escape(probe.prediction)}</dd><dt>Would count against it</dt><dd>{escape(probe.against)}</dd></dl>"
        )
    if record.result is None:
        return f"<section>{head}<p><strong>Could not be measured:</strong> {escape(record.why)}.</p></section>"
    result = record.result
    rows = _table("Bounds, compliance and relevance", HEADS, [row_cells(row) for row in result.rows]) if result.rows else ""
    tables = "".join(map(_lab_table, result.tables))
    said = f"<p><strong>{escape(result.upshot.value.capitalize())}.</strong> {escape(result.said)}</p>{_paragraphs(result.sentences)}"
    return f"<section>{head}{said}{rows}{tables}</section>"


def _lab_table(table: LabTable) -> str:
    note = f'<p class="quiet">{escape(table.note)}</p>' if table.note else ""
    return _table(table.title, table.heads, table.rows) + note


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that is wider than the window is scrolled by keyboard too."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row" dir="auto">{escape(row[0])}</th>{"".join(f"<td dir=auto>{escape(cell)}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}"><table><caption>{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f'<p dir="auto">{escape(sentence)}</p>' for sentence in sentences)


def _list(title: str, items: Sequence[str]) -> str:
    return f"<h3>{title}</h3><ol>{''.join(f'<li dir=auto>{escape(item)}</li>' for item in items)}</ol>" if items else ""
