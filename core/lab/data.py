"""Records of probes as plain data, and back. Imports no torch."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from core.lab.values import LabRow, LabTable, Line, Measured, ProbeRecord, ProbeResult, Upshot
from core.measure.readers import ReaderFigures
from core.measure.statistics import Figure


def record_to_data(record: ProbeRecord) -> dict[str, Any]:
    """Plain JSON data."""
    return asdict(record)


def record_from_data(data: Mapping[str, Any]) -> ProbeRecord:
    """The inverse of `record_to_data`.

    Raises:
        ValueError: Data of another form.
    """
    try:
        result = _result(data["result"]) if data["result"] is not None else None
        return ProbeRecord(
            key=str(data["key"]), result=result, why=str(data["why"]), readers=tuple(map(str, data["readers"])), duration_s=float(data["duration_s"])
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no record of a probe: {error!r}") from error


def _result(data: Mapping[str, Any]) -> ProbeResult:
    return ProbeResult(
        upshot=Upshot(data["upshot"]),
        said=str(data["said"]),
        rows=tuple(map(_row, data["rows"])),
        tables=tuple(map(_table, data["tables"])),
        sentences=tuple(map(str, data["sentences"])),
        lines=tuple(map(_line, data.get("lines", ()))),
    )


def _row(data: Mapping[str, Any]) -> LabRow:
    found: dict[str, Any] = {item.name: _measured(data[item.name]) for item in fields(LabRow) if item.type is Measured}
    named: dict[str, Any] = {name: str(data[name]) for name in ("principle", "arm", "key", "against")}
    return LabRow(cap_nats=float(data["cap_nats"]), **named, **found)


def _measured(data: Mapping[str, Any]) -> Measured:
    return Measured(figure=Figure(**data["figure"]), why=str(data["why"]), by=str(data["by"]))


def _line(data: Mapping[str, Any]) -> Line:
    told = data["figures"]
    figures = ReaderFigures(
        accuracy=Figure(**told["accuracy"]),
        bound_nats=Figure(**told["bound_nats"]),
        chance=float(told["chance"]),
        cap_nats=float(told["cap_nats"]),
        read=int(told["read"]),
        failed={str(why): int(cards) for why, cards in told["failed"].items()},
    )
    return Line(principle=str(data["principle"]), arm=str(data["arm"]), reader=str(data["reader"]), figures=figures)


def _table(data: Mapping[str, Any]) -> LabTable:
    return LabTable(
        title=str(data["title"]),
        heads=tuple(map(str, data["heads"])),
        rows=tuple(tuple(map(str, row)) for row in data["rows"]),
        note=str(data["note"]),
    )
