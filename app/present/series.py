"""The runs of a series as HTML: those that differ in their seed alone, and what they come to together. Nothing here judges."""

from collections.abc import Sequence

from app.present.figures import cell, number
from app.present.result import MARKS
from app.present.runs import STATUS_MARKS
from app.present.text import count, escape, isolated
from app.services.series import SeriesRun, SeriesView
from core.measure.rows import PERCENT, POINTS
from core.measure.series import Series, SeriesPrinciple, SeriesRow, left_out_says, median_says
from core.measure.statistics import Figure, Pooled


def series_list_html(view: SeriesView, here: int) -> str:
    """Every run of the series with its state, for the page of one of them."""
    lines = "".join(_run(each, here, view.use) for each in view.runs)
    says = '<a href="#seeds">What they come to</a>' if view.result is not None else escape(view.says)
    return (
        f'<nav class="cs-seeds" aria-label="Runs of this series"><p>One of {len(view.runs)} runs that differ in their seed alone. '
        f'<span class="cs-quiet">{says}</span></p><ol>{lines}</ol></nav>'
    )


def _run(each: SeriesRun, here: int, use: int | None) -> str:
    name = f"Seed {each.seed}" if each.seed is not None else f"Run {each.run}"
    shown = f'<strong aria-current="page">{name}</strong> (this run)' if each.run == here else f'<a href="./run?id={each.run}">{name}</a>'
    state = (
        f'<span class="cs-run-status" data-status="{each.status.value}"><span aria-hidden="true">{STATUS_MARKS[each.status]}</span> {each.status.value}</span>'
    )
    mark = " · <strong>median: the adapter to use</strong>" if each.run == use else ""
    return f"<li>{shown} {state}{mark}</li>"


def pooled_html(view: SeriesView) -> str:
    """What the finished runs come to; empty while there is nothing to pool."""
    series = view.result
    if series is None:
        return ""
    median = f'<div class="cs-notice"><p>{escape(median_says(series.median))} <a href="./run?id={view.use}">Run {view.use}</a></p></div>'
    return (
        f'<h2 id="seeds">Over {len(series.seeds)} seeds</h2>{_intro(series, len(view.runs))}'
        f'<ol class="cs-verdicts">{"".join(map(_finding, series.principles))}</ol>{median}{_table(series)}'
        f'<p class="cs-quiet cs-family">{escape(series.note)}</p>'
        f'<p class="cs-actions cs-downloads"><a href="./compare?run={view.use}">Compare replies of the median seed</a>'
        f'<a href="./runs/{view.use}/adapter.zip" download>Adapter to use (zip)</a>'
        f'<a href="./runs/{view.use}/series.json" download>All seeds (JSON)</a><a href="./runs/{view.use}/series.csv" download>All seeds (CSV)</a></p>'
    )


def _intro(series: Series, asked: int) -> str:
    least, most = min(series.n_queries), max(series.n_queries)
    queries = count(least, "held-out query", "held-out queries") if least == most else f"{least} to {most} held-out queries"
    left_out = f" {left_out_says(series.left_out)}" if series.left_out else ""
    return (
        f'<p class="cs-lede">What training gives, and not one draw of it: {len(series.seeds)} of {asked} runs have finished, each with queries, replies and a '
        f"beginning of its own, measured on {queries}.{escape(left_out)}</p>"
    )


def _finding(principle: SeriesPrinciple) -> str:
    tones = {MARKS[verdict][1] if verdict is not None else "" for verdict in principle.verdicts}
    tone = next(iter(tones)) if len(tones) == 1 else ""
    marks = "".join(f'<span class="cs-finding-mark">{MARKS[verdict][0] if verdict is not None else "–"}</span>' for verdict in principle.verdicts)
    return (
        f'<li class="cs-finding" data-tone="{tone}"><p class="cs-finding-word" aria-hidden="true">{marks}</p><div><h3 dir="auto">{escape(principle.title)}</h3>'
        f'<p class="cs-finding-says">{isolated(principle.sentence, principle.title)}</p></div></li>'
    )


def _table(series: Series) -> str:
    groups = dict.fromkeys(row.group for row in series.rows)
    body = "".join(_group(series, title, [row for row in series.rows if row.group == title]) for title in groups)
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in series.arms.values())
    order = ", ".join(map(str, series.seeds))
    return (
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Figures over all seeds"><table class="cs-result cs-pooled">'
        f"<caption>Means over seeds with 95% intervals; n counts seeds. Below each: the values with the seeds {order}, that of the adapter to use in bold, and "
        'the standard deviation (sd) between them.</caption><thead><tr><th scope="col">Measure</th>'
        f'{heads}<th scope="col">n</th></tr></thead>{body}</table></div>'
    )


def _group(series: Series, title: str, lines: Sequence[SeriesRow]) -> str:
    titles = [principle.title for principle in series.principles]
    body = "".join(f'<tr><th scope="row">{isolated(row.label, *titles)}</th>{_cells(series, row)}</tr>' for row in lines)
    return f'<tbody><tr class="cs-result-group"><th scope="rowgroup" colspan="{len(series.arms) + 2}">{escape(title)}</th></tr>{body}</tbody>'


def _cells(series: Series, row: SeriesRow) -> str:
    cells = "".join(f"<td>{pooled_cell(series, pooled, row.form)}</td>" for pooled in row.cells.values())
    return f"{cells}<td>{min(pooled.mean.n for pooled in row.cells.values() if pooled is not None)}</td>"


def pooled_cell(series: Series, pooled: Pooled | None, form: str) -> str:
    """The mean with its interval, and below it the value with each seed and the spread between them."""
    if pooled is None:
        return ""
    if not pooled.values:
        return cell(pooled.mean, form)
    values = [_value(figure, form) for figure in pooled.by_seed]
    marked = " · ".join(f"<b>{value}</b>" if seed == series.median.seed else value for seed, value in zip(series.seeds, values, strict=True))
    spread = f", sd {_spread(pooled.sd, form)}" if pooled.sd is not None else ""
    return f'{cell(pooled.mean, form)}<small class="cs-by-seed">{marked}{spread}</small>'


def _value(figure: Figure, form: str) -> str:
    """A seed's value as short as it can be: shares and their differences in points."""
    if figure.value is None:
        return "–"
    return number(figure.value, PERCENT if form == POINTS else form).removesuffix("%")


def _spread(sd: float, form: str) -> str:
    return number(sd, PERCENT if form == POINTS else form).removesuffix("%")
