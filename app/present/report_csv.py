"""The lines of a report as CSV: one for each measure and arm."""

import csv
import io

from core.measure.rows import rows_to_data
from core.measure.values import Report

HEADS = ("group", "measure", "arm", "value", "low", "high", "n", "split")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with these


def report_csv(report: Report) -> str:
    """Every figure of `rows_to_data`; empty cells are what could not be measured."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**figure, "measure": _plain(figure["measure"])} for figure in rows_to_data(report))
    return out.getvalue()


def _plain(text: str) -> str:
    """A person's text as text, whatever a spreadsheet makes of its first character."""
    return f"'{text}" if text.startswith(FORMULA) else text
