"""The parts of what the laboratory found as HTML, alike on its page and in the file that is taken along. Everything that people and models wrote is escaped."""

from collections.abc import Sequence

from app.present.lab import HEADS, nats, row_cells
from app.present.scatter import Point, scatter_svg
from app.present.text import escape
from core.lab.lines import WHO_TITLE
from core.lab.prior import percent
from core.lab.probes import PROBES
from core.lab.results import LabResult, probe_of
from core.lab.values import Cell, LabRow, LabTable, Measured, ProbeRecord, cells_of

ACROSS, UP = "change of the bound, points of its cap", "change of compliance, points"
OVERVIEW = ("Probe", "Principle", "What was done", "Own bound, % of cap", "Reader’s bound, % of cap", "Compliance", "Relevance, nats")
RULE = (
    "The rule: “sufficient here” is said only where bound and compliance rise and fall together over at least 20 changes, by a rank correlation whose "
    "interval lies above zero, and where nothing has a bound of 80 % of its cap or more while compliance lies where chance puts it."
)


def about_html(found: LabResult) -> str:
    """What was examined, in a line, and that it is of a control."""
    about = found.about
    adapter = f"adapter {about.adapter_sha256[:12]}" if about.adapter_sha256 is not None else "no adapter"
    control = f'<p class="answer" role="note"><strong>{escape(about.control)}</strong></p>' if about.control else ""
    return f'<p class="quiet">Model {escape(about.model)}, {adapter}, {about.n_queries} held-out queries, seed {about.seed}. Intervals are 95 %.</p>{control}'


def verdict_html(found: LabResult) -> str:
    """The answer, what speaks against it with the strongest first, and what is missing."""
    verdict = found.verdict
    return (
        f'<section><h2>The verdict</h2><p class="answer">Mutual information: <strong>{escape(verdict.answer.value)}</strong></p>'
        f"{_list('What speaks against it, the strongest first', verdict.against)}{paragraphs(verdict.sentences)}"
        f"{_list('What is missing', verdict.missing)}<p class='quiet'>{RULE}</p></section>"
    )


def overview_html(found: LabResult) -> str:
    """All probes in one table: the four things that are held side by side."""
    if not found.records:
        return ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in OVERVIEW)
    body = "".join(map(_overview_rows, found.records))
    return (
        f'<section><h2>Bound, readers, compliance and relevance</h2><div class="wide" tabindex="0" role="region" aria-label="All probes"><table>'
        f"<caption>All probes</caption><thead><tr>{head}</tr></thead>{body}</table></div>"
        '<p class="quiet">Own bound: by what wrote the replies. Reader’s bound: by who is named. What comes by chance stands in the tables of each probe.</p>'
        "</section>"
    )


def _overview_rows(record: ProbeRecord) -> str:
    rows = record.result.rows if record.result is not None else ()
    name = escape(title_of(record))
    if not rows:
        said = f"{record.result.upshot.value.capitalize()}; its own tables say how." if record.result is not None else f"Could not be measured: {record.why}."
        why = escape(said)
        return f'<tbody><tr><th scope="row">{name}</th><td dir="auto" colspan="{len(OVERVIEW) - 1}">{why}</td></tr></tbody>'
    head = f'<th scope="rowgroup" rowspan="{len(rows)}">{name}</th>'
    lines = ("".join(f"<td dir=auto>{escape(cell)}</td>" for cell in _overview_cells(row)) for row in rows)
    return f"<tbody>{''.join(f'<tr>{head if not number else str()}{line}</tr>' for number, line in enumerate(lines))}</tbody>"


def _overview_cells(row: LabRow) -> tuple[str, ...]:
    by = f", {row.reader.by}" if row.reader.value is not None and row.reader.by else ""
    return row.principle, row.arm, _share(row.own, row.cap_nats), f"{_share(row.reader, row.cap_nats)}{by}", _share(row.compliance), nats(row.relevance)


def _share(found: Measured, whole: float = 1.0) -> str:
    return percent(found.figure, whole) if found.value is not None else f"could not be measured: {found.why}"


def principles_html(found: LabResult) -> str:
    """What each principle is for the model, and one line of it: the own reader, readers from outside, people, the program."""
    rows = [(each.principle, each.meaning.value, each.sentence) for each in found.principles]
    if not rows:
        return ""
    told = [table for record in found.records if record.result is not None for table in record.result.tables if table.title == WHO_TITLE]
    who = "".join(map(lab_table_html, told)) or '<p class="quiet">Who else can tell is known once the probe of readers was run.</p>'
    return (
        f"<section><h2>Principle by principle</h2>{table_html('What each principle is for the model', ('Principle', 'In a word', 'Why'), rows)}{who}</section>"
    )


def scatter_html(found: LabResult) -> str:
    """Changes of the bound against changes of compliance, with their table."""
    cells = cells_of(found.records)
    known = [(cell, x, y) for cell in cells if (x := cell.bound_change) is not None and (y := cell.compliance_change) is not None]
    if not known:
        return "<section><h2>Bound against compliance</h2><p>No change could be measured of both.</p></section>"
    points = [Point(x=100 * x, y=100 * y, group=_group(cell), title=f"{cell.principle}, {cell.arm}: {100 * x:+.0f}, {100 * y:+.0f}") for cell, x, y in known]
    rows = [(cell.principle, cell.arm, cell.before.arm, f"{100 * x:+.1f}", f"{100 * y:+.1f}") for cell, x, y in known]
    heads = ("Principle", "What was done", "Held against", "Change of the bound, points of its cap", "Change of compliance, points")
    return (
        f"<section><h2>Bound against compliance</h2><p>{escape(_correlation(found))}</p><figure>{scatter_svg(points, ('changes', ACROSS, UP))}<figcaption>"
        "Each mark is one principle under one method, setting or checkpoint. Where mutual information is sufficient, marks lie from below left to above right."
        f"</figcaption></figure>{table_html('The same as a table', heads, rows)}</section>"
    )


def _correlation(found: LabResult) -> str:
    figure = found.verdict.correlation
    if figure.value is None:
        return "A rank correlation could not be measured: there are too few changes, or all are alike in one of the two."
    interval = f" ({figure.low:.2f} to {figure.high:.2f})" if figure.low is not None and figure.high is not None else ", its interval not known"
    return f"Rank correlation {figure.value:.2f}{interval}, over {figure.n} changes."


def _group(cell: Cell) -> str:
    probe = PROBES.get(cell.probe)
    return probe.title if probe is not None else cell.probe


def title_of(record: ProbeRecord) -> str:
    """What a probe is called."""
    probe = probe_of(record)
    return probe.title if probe is not None else record.key


def came_out(record: ProbeRecord) -> str:
    """What became of its prediction, in a few words."""
    return record.result.upshot.value if record.result is not None else "could not be measured"


def probe_html(record: ProbeRecord) -> str:
    """What a probe predicted, and what came out of it."""
    probe, head = probe_of(record), ""
    if probe is not None:
        head = (
            f'<p class="quiet">{escape(probe.of.title)}: {escape(probe.of.paper)}</p><dl><dt>What it does</dt><dd>{escape(probe.asks)}</dd>'
            f"<dt>Predicted beforehand</dt><dd>{escape(probe.prediction)}</dd><dt>Would count against it</dt><dd>{escape(probe.against)}</dd></dl>"
        )
    if record.result is None:
        return f"{head}<p><strong>Could not be measured:</strong> {escape(record.why)}.</p>"
    result = record.result
    rows = table_html("Bounds, compliance and relevance", HEADS, [row_cells(row) for row in result.rows]) if result.rows else ""
    said = f'<p dir="auto"><strong>{escape(result.upshot.value.capitalize())}.</strong> {escape(result.said)}</p>{paragraphs(result.sentences)}'
    return f"{head}{said}{rows}{''.join(map(lab_table_html, result.tables))}"


def lab_table_html(table: LabTable) -> str:
    """A table of a probe's own."""
    note = f'<p class="quiet" dir="auto">{escape(table.note)}</p>' if table.note else ""
    return table_html(table.title, table.heads, table.rows) + note


def table_html(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that is wider than the window is scrolled by keyboard too."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row" dir="auto">{escape(row[0])}</th>{"".join(f"<td dir=auto>{escape(cell)}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}"><table><caption>{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def paragraphs(sentences: Sequence[str]) -> str:
    """One each."""
    return "".join(f'<p dir="auto">{escape(sentence)}</p>' for sentence in sentences)


def _list(title: str, items: Sequence[str]) -> str:
    return f"<h3>{title}</h3><ol>{''.join(f'<li dir=auto>{escape(item)}</li>' for item in items)}</ol>" if items else ""
