"""Everything that shows a report shows the same lines: page, terminal, JSON and CSV."""

import csv
import dataclasses
import html
import io
import json
import re

import pytest

from app.present.figures import cell
from app.present.report_csv import HEADS, report_csv
from app.present.result import result_html
from app.present.table import DIGITS, number, report_lines
from core.measure.report_data import report_from_data, report_to_data
from core.measure.rows import rows, rows_to_data
from core.runs.results import RunResult, run_result_from_data, run_result_to_data
from tests.app.planting import HOSTILE
from tests.app.results import NONSENSE, capitals, earlier, principle, report, result, result_of_two, senseless

RESULTS = [result(), result(capitals()), result_of_two(capitals()), earlier(result()), senseless()]


def page(view):
    """The page as it reads: without the isolation of names, which test_direction looks at."""
    return re.sub("</?bdi>", "", result_html(view))


@pytest.mark.parametrize("shown", RESULTS, ids=["one", "capitals", "two", "earlier", "senseless"])
def test_page_terminal_json_and_csv_show_every_line_and_every_figure(shown: RunResult) -> None:
    found = rows(shown.report)
    shown_page, terminal = page(shown), report_lines(shown.report)
    table = list(csv.DictReader(io.StringIO(report_csv(shown.report))))
    data = rows_to_data(shown.report)
    assert found
    for row in found:
        line = next(part for part in shown_page.split("<tr>") if part.startswith(f'<th scope="row">{html.escape(row.label)}</th>'))
        told = next(part for part in terminal if part.startswith(f"  {row.label}  "))
        for arm, figure in row.cells.items():
            written = [line for line in table if (line["group"], line["measure"], line["arm"]) == (row.group, row.label, arm)]
            if figure is None:
                assert written == []
                continue
            assert f"<td>{cell(figure, row.form)}</td>" in line
            assert number(figure, DIGITS[row.form] if row.form in DIGITS else int(row.form)) in told
            (only,) = written
            (plain,) = [entry for entry in data if (entry["group"], entry["measure"], entry["arm"]) == (row.group, row.label, arm)]
            assert [plain[name] for name in ("value", "low", "high", "n", "split")] == [*dataclasses.astuple(figure), "held-out"]
            assert (only["value"], only["n"], only["split"]) == ("" if figure.value is None else repr(figure.value), str(figure.n), "held-out")
    assert shown_page.count('<th scope="row">') - 4 * shown_page.count('<table class="cs-confusion">') == len(found)
    assert len(table) == sum(figure is not None for row in found for figure in row.cells.values())
    assert len(data) == len(table)
    told_all = json.loads(json.dumps({**report_to_data(shown.report), "rows": data}))
    assert report_from_data(told_all) == report_from_data({name: value for name, value in told_all.items() if name != "rows"})
    assert rows(report_from_data(told_all)) == found
    assert run_result_from_data(json.loads(json.dumps(run_result_to_data(shown)))) == shown


def test_a_csv_has_a_head_and_its_texts_are_no_formulas() -> None:
    text = report_csv(report(principle("=HYPERLINK(1)", "followed", "Says."), principle(f'{HOSTILE}, "quoted"', "followed", "Says.")))
    assert text.partition("\n")[0] == ",".join(HEADS)
    measures = {row["measure"] for row in csv.DictReader(io.StringIO(text))}
    assert "'=HYPERLINK(1) (max_words: 20), under the statement" in measures
    assert f'{HOSTILE}, "quoted" (max_words: 20), under the statement' in measures


def test_a_terminal_has_the_three_questions_the_family_and_the_worst_replies() -> None:
    told = report_lines(senseless().report)
    assert "  Is it followed more than by the prompted base? shown" in told
    assert "  Do the replies still answer? shown to be absent" in told
    assert f"  'Why 0?': {NONSENSE!r} (cut at the token limit)" in told and f"  'Why 1?': {NONSENSE!r}" in told
    assert told[-1].startswith("A claim that is “shown” is corrected over the 2 comparisons")
    old = report_lines(earlier(result()).report)
    assert old[-1] == "  Do the replies still answer? not measured"
