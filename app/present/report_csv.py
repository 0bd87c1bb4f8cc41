"""The lines of a report as CSV: one for each measure and arm."""

import csv
import io

from core.measure.rows import rows
from core.measure.values import Report

HEADS = ("group", "measure", "arm", "value", "low", "high", "n", "split")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with these


def report_csv(report: Report) -> str:
    """Every figure of `rows`, in full precision; empty cells are what could not be measured, and no line what has no meaning for an arm."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADS)
    for row in rows(report):
        for arm, figure in row.cells.items():
            if figure is not None:
                writer.writerow((row.group, _plain(row.label), arm, figure.value, figure.low, figure.high, figure.n, report.split))
    return out.getvalue()


def _plain(text: str) -> str:
    """A person's text as text, whatever a spreadsheet makes of its first character."""
    return f"'{text}" if text.startswith(FORMULA) else text
