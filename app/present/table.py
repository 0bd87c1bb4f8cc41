"""A report, or several seeds' reports as one, as lines for a terminal."""

from collections.abc import Sequence

from app.present.text import count
from core.constitution.principles import SIDES
from core.measure.extremes import extreme_says, extreme_title
from core.measure.remarks import CUT, answer_lines, cut_note, family_note, worst_replies
from core.measure.rows import PERCENT, POINTS, judged_by, rows, scenarios_say
from core.measure.series import Series, left_out_says, median_says
from core.measure.standings import standing
from core.measure.statistics import Figure, Pooled
from core.measure.tracing import traced_says
from core.measure.values import PrincipleFigures, Report

DIGITS = {PERCENT: 2, POINTS: 2}  # of shares and their differences; other rows say theirs


def report_lines(report: Report) -> list[str]:
    """A table with a column for each arm, which constitution replies are traced to, then the sentences for each principle."""
    on = count(report.n_queries, f"{report.split} query", f"{report.split} queries")
    lines = [f"Result on {on}, with 95% intervals", "", *_table(report), *_confusions(report), ""]
    for principle in report.principles:
        lines += [sentence for sentence in (principle.sentence, principle.control, scenarios_say(principle)) if sentence]
        lines.append(f"  {judged_by(principle)}")
        lines += _in_a_word(principle)
        lines += [f"  {asked} {answer}{f'; {needs}' if needs else ''}" for asked, answer, needs in answer_lines(report, principle)]
    worst = [f"  {reply.query!r}: {reply.text!r}{f' ({CUT})' if reply.cut else ''}" for reply in worst_replies(report)]
    return [*lines, *(["", "The replies that answer worst", *worst] if worst else []), *filter(None, [cut_note(report), family_note(report)])]


def _in_a_word(principle: PrincipleFigures) -> list[str]:
    """What came out, and the replies that a reader should see first; of a report without verdicts nothing."""
    if principle.verdict is None:
        return []
    shown = [f"  {extreme_title(each)}, to {each.query!r}: {each.text!r} ({extreme_says(each).rstrip('.')})" for each in principle.extremes]
    return [f"  In a word: {standing(principle).value}", *shown]


def _table(report: Report) -> list[str]:
    arms = [figures.arm.key for figures in report.arms]
    table, group = [["", *arms, "n"]], ""
    for row in rows(report):
        if row.group != group:
            group = row.group
            table.append([group])
        digits = DIGITS[row.form] if row.form in DIGITS else int(row.form)
        table.append([f"  {row.label}", *(number(figure, digits) if figure is not None else "" for figure in row.cells.values()), str(row.n)])
    return _aligned(table)


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Columns under each other; a line of one cell is a heading."""
    widths = [max(len(line[i]) for line in table if len(line) > 1) for i in range(len(table[0]))]
    return ["  ".join([f"{line[0]:<{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=False))]).rstrip() for line in table]


def series_lines(series: Series) -> list[str]:
    """The means over seeds, below each the values with the seeds and the spread between them, then the sentences."""
    order = ", ".join(map(str, series.seeds))
    head = f"Result over {len(series.seeds)} seeds ({order}): means with 95% intervals; below each the values in that order, and the standard deviation"
    said = [principle.sentence for principle in series.principles]
    return [head, "", *_series_table(series), "", *said, *filter(None, [left_out_says(series.left_out), median_says(series.median), series.note])]


def _series_table(series: Series) -> list[str]:
    table, group = [["", *series.arms, "seeds"]], ""
    for row in series.rows:
        if row.group != group:
            group = row.group
            table.append([group])
        digits, cells = DIGITS[row.form] if row.form in DIGITS else int(row.form), list(row.cells.values())
        seeds = min(pooled.mean.n for pooled in cells if pooled is not None)
        table.append([f"  {row.label}", *(number(pooled.mean, digits) if pooled is not None else "" for pooled in cells), str(seeds)])
        table.append(["", *(_by_seed(pooled, digits) if pooled is not None else "" for pooled in cells), ""])
    return _aligned(table)


def _by_seed(pooled: Pooled, digits: int) -> str:
    values = " ".join("–" if figure.value is None else f"{figure.value:.{digits}f}" for figure in pooled.by_seed)
    return values if pooled.sd is None else f"{values}, sd {pooled.sd:.{digits}f}"


def _confusions(report: Report) -> list[str]:
    """Of two constitutions the attribution says as much, so there is nothing here then."""
    if len(report.sides) <= len(SIDES):
        return []
    if report.traced:
        return ["", traced_says(report)]
    alone = {f"A{i}": f"antithesis of “{principle.title}” alone" for i, principle in enumerate(report.principles, 1)}
    names = {"S": "all statements", "A": "all antitheses", **alone}
    traced = {figures.arm.key: figures.confusion for figures in report.arms if figures.confusion}
    lines = ["", "Replies by the constitution they were written under (rows) and traced to (columns); [traced to its own]"]
    for arm, counts in traced.items():
        cells = [[f"[{n}]" if written == column else str(n) for column, n in enumerate(row)] for written, row in enumerate(counts)]
        table = [list(names), *cells]
        width = max(len(cell) for row in table for cell in row)
        stub = max(map(len, (*traced, *names)))
        told = [f"{head:<{stub}}  {' '.join(f'{cell:>{width}}' for cell in row)}" for head, row in zip((arm, *names), table, strict=True)]
        lines += ["", told[0], *(f"{row}  {says}" for row, says in zip(told[1:], names.values(), strict=True))]
    return lines


def number(figure: Figure, digits: int = 3) -> str:
    """A figure with its interval; a dash when it could not be measured."""
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}–{figure.high:.{digits}f})"
