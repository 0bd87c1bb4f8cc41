"""What the laboratory found, as lines for a terminal."""

from collections.abc import Sequence

from core.lab.prior import percent
from core.lab.results import LabResult, probe_of
from core.lab.values import LabRow, Measured, ProbeRecord

HEADS = ("Arm", "Principle", "Own bound, % of cap", "by whole likelihoods", "Reader’s bound", "Compliance", "by chance", "Relevance, nats")


def lab_lines(found: LabResult) -> list[str]:
    """The verdict first, then each probe with what was predicted."""
    verdict = found.verdict
    lines = [found.about.control, ""] if found.about.control else []
    lines += [f"Mutual information: {verdict.answer.value}", "", *verdict.sentences]
    lines += ["", *(f"Against it: {said}" for said in verdict.against)] if verdict.against else []
    lines += [f"Missing: {said}" for said in verdict.missing]
    lines += ["", *(said.sentence for said in found.principles)]
    for record in found.records:
        lines += ["", *_probe(record)]
    return lines


def _probe(record: ProbeRecord) -> list[str]:
    probe = probe_of(record)
    head = [f"{probe.title} ({record.key}; {probe.of.title})", f"  Predicted: {probe.prediction}", f"  Against it: {probe.against}"] if probe else [record.key]
    if record.result is None:
        return [*head, f"  Could not be measured: {record.why}."]
    result = record.result
    said = [f"  {result.upshot.value.capitalize()}. {result.said}", *(f"  {sentence}" for sentence in result.sentences)]
    tables = [line for table in result.tables for line in ("", f"  {table.title}", *aligned(table.heads, table.rows), f"  {table.note}".rstrip())]
    return [*head, *said, "", *aligned(HEADS, [row_cells(row) for row in result.rows]), *tables]


def row_cells(row: LabRow) -> tuple[str, ...]:
    """A row of the laboratory as cells, in the order of `HEADS`."""
    shares = (_share(row.own, row.cap_nats), _share(row.own_summed, row.cap_nats), _share(row.reader, row.cap_nats))
    return row.arm, row.principle, *shares, _share(row.compliance), _share(row.floor), nats(row.relevance)


def _share(found: Measured, whole: float = 1.0) -> str:
    return percent(found.figure, whole) if found.value is not None else f"could not be measured: {found.why}"


def nats(found: Measured) -> str:
    """A figure in nats with its interval."""
    figure = found.figure
    if figure.value is None:
        return f"could not be measured: {found.why}"
    interval = f" ({figure.low:.2f} to {figure.high:.2f})" if figure.low is not None and figure.high is not None else ""
    return f"{figure.value:.2f}{interval}"


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table whose columns are as wide as their widest cell."""
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    return ["  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in (heads, *rows)]
