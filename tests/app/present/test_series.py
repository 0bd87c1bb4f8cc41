"""Everything that shows a series shows the same lines: page, terminal, JSON and CSV."""

import csv
import html
import io
import re
from dataclasses import replace

import pytest

from app.present.report_csv import SERIES_HEADS, series_csv
from app.present.series import pooled_cell, pooled_html, series_list_html
from app.present.table import DIGITS, number, series_lines
from app.services.series import SeriesRun, SeriesView
from core.measure.series import Series, median_says, pool, series_rows_to_data
from core.runs.results import RunResult
from db.status import JobStatus
from tests.app.planting import HOSTILE
from tests.app.results import capitals, complying, principle, result, result_of_two, senseless


def pooled(*results: RunResult, **more: object) -> Series:
    return pool({seed: each.report for seed, each in enumerate(results)}, **more)  # type: ignore[arg-type]


def view(series: Series) -> SeriesView:
    runs = tuple(SeriesRun(run=10 + seed, seed=seed, status=JobStatus.FINISHED) for seed in series.seeds)
    return SeriesView(runs=runs, result=series, use=10 + series.median.seed, says=median_says(series.median))


def page(series: Series) -> str:
    """As it reads: without the isolation of names."""
    return re.sub("</?bdi>", "", pooled_html(view(series)))


SHOWN = [
    pooled(complying(0.9), complying(0.5, "no effect found"), complying(0.7)),
    pooled(result_of_two(capitals()), result_of_two(capitals())),
    pooled(result(), senseless()),
]


@pytest.mark.parametrize("series", SHOWN, ids=["three", "two principles", "senseless"])
def test_page_terminal_json_and_csv_show_every_line_and_every_figure(series: Series) -> None:
    shown, terminal = page(series), series_lines(series)
    table, data = list(csv.DictReader(io.StringIO(series_csv(series)))), series_rows_to_data(series)
    for row in series.rows:
        line = next(part for part in shown.split("<tr>") if part.startswith(f'<th scope="row">{html.escape(row.label)}</th>'))
        told = next(part for part in terminal if part.startswith(f"  {row.label}  "))
        for arm, cell in row.cells.items():
            plain = [entry for entry in data if (entry["group"], entry["measure"], entry["arm"]) == (row.group, row.label, arm)]
            assert len(plain) == (cell is not None)
            if cell is None:
                continue
            assert f"<td>{pooled_cell(series, cell, row.form)}</td>" in line
            assert number(cell.mean, DIGITS[row.form] if row.form in DIGITS else int(row.form)) in told
            (written,) = [entry for entry in table if (entry["group"], entry["measure"], entry["arm"]) == (row.group, row.label, arm)]
            assert (written["mean"], written["seeds"], written["split"]) == (
                "" if cell.mean.value is None else repr(cell.mean.value),
                str(cell.mean.n),
                "held-out",
            )
            by_seed = [written[f"seed {seed}"] for seed in series.seeds]
            assert by_seed == ["" if figure.value is None else repr(figure.value) for figure in cell.by_seed]
    assert shown.count('<th scope="row">') == len(series.rows)
    assert len(table) == len(data)
    for each in series.principles:
        assert html.escape(each.sentence) in shown
        assert each.sentence in terminal
    for told_once in (median_says(series.median), series.note):
        assert html.escape(told_once) in shown
        assert told_once in terminal


def test_a_cell_has_the_mean_its_interval_every_seed_with_the_median_marked_and_the_spread() -> None:
    """Of 0.9, 0.5 and 0.7: mean 0.7, standard deviation 0.2, and 4.3027 * 0.2 / sqrt(3) = 0.497."""
    series = SHOWN[0]
    cell = next(row.cells["sami"] for row in series.rows if row.label.endswith("under the statement"))
    assert pooled_cell(series, cell, "percent") == (
        '70% <small class="cs-interval">20 to 100%</small><small class="cs-by-seed">90 · 50 · <b>70</b>, sd 20</small>'
    )
    assert pooled_cell(series, None, "percent") == ""
    alone = next(row.cells["sami-alone"] for row in series.rows if row.label.startswith("Relevance"))
    assert alone is None or pooled_cell(series, alone, "3") == '<span class="cs-quiet">not measured</span>'


def test_the_list_leads_to_every_run_with_its_state_and_marks_the_median_and_this_one() -> None:
    listed = series_list_html(view(SHOWN[0]), 10)
    assert '<strong aria-current="page">Seed 0</strong> (this run)' in listed
    assert '<a href="./run?id=11">Seed 1</a>' in listed
    assert listed.count("median: the adapter to use") == 1
    assert (
        '<li><a href="./run?id=12">Seed 2</a> <span class="cs-run-status" data-status="finished"><span aria-hidden="true">✓</span> finished</span> · <strong>'
        in listed
    )
    waiting = SeriesView(runs=(SeriesRun(run=1, seed=None, status=JobStatus.QUEUED),), result=None, use=None, says="Wait.")
    assert "Run 1" in series_list_html(waiting, 2) and "Wait." in series_list_html(waiting, 2)
    assert pooled_html(waiting) == ""


def test_what_was_left_out_is_said_and_a_title_is_shown_not_run() -> None:
    hostile = result(principle(HOSTILE, "followed", "Says."))
    series = pooled(hostile, hostile, left_out={2: "stopped"})
    assert "2 of 3 runs have finished" in pooled_html(replace(view(series), runs=(*view(series).runs, SeriesRun(run=9, seed=2, status=JobStatus.STOPPED))))
    assert "Not in the figures: seed 2 (stopped)." in page(series)
    assert "Not in the figures: seed 2 (stopped)." in series_lines(series)
    assert "<script" not in pooled_html(view(series))
    assert "<img" not in pooled_html(view(series))


def test_a_csv_has_a_column_for_each_seed_and_its_texts_are_no_formulas() -> None:
    formula = result(principle("=HYPERLINK(1)", "followed", "Says."))
    text = series_csv(pooled(formula, formula))
    assert text.partition("\n")[0] == ",".join([*SERIES_HEADS, "seed 0", "seed 1"])
    assert "'=HYPERLINK(1) (max_words: 20), under the statement" in {row["measure"] for row in csv.DictReader(io.StringIO(text))}
