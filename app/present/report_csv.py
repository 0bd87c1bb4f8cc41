"""The lines of a report, or of a series of them, as CSV: one for each measure and arm."""

import csv
import io

from core.measure.rows import rows_to_data
from core.measure.series import Series, series_rows_to_data
from core.measure.values import Report

HEADS = ("group", "measure", "arm", "value", "low", "high", "n", "split")
SERIES_HEADS = ("group", "measure", "arm", "mean", "low", "high", "cut", "seeds", "sd", "least", "most", "split")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with these


def report_csv(report: Report) -> str:
    """Every figure of `rows_to_data`; empty cells are what could not be measured."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**figure, "measure": _plain(figure["measure"])} for figure in rows_to_data(report))
    return out.getvalue()


def series_csv(series: Series) -> str:
    """Every figure of `series_rows_to_data`, with a column for each seed."""
    out = io.StringIO()
    columns = [f"seed {seed}" for seed in series.seeds]
    writer = csv.DictWriter(out, [*SERIES_HEADS, *columns], lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for line in series_rows_to_data(series):
        values = dict(zip(columns, (figure["value"] for figure in line["by_seed"]), strict=True))
        writer.writerow({**line, **values, "measure": _plain(line["measure"]), "split": line.get("split", series.split)})
    return out.getvalue()


def _plain(text: str) -> str:
    """A person's text as text, whatever a spreadsheet makes of its first character."""
    return f"'{text}" if text.startswith(FORMULA) else text
