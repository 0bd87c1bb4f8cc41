"""What a run's row keeps of its end: the report, with what training left out and how it went. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import StudioError
from core.measure.report_data import report_from_data, report_to_data
from core.measure.values import Report
from core.runs.balance import PrincipleBalance, balance_from_data, balance_to_data
from core.runs.links import Trainability, trainability_from_data, trainability_to_data


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """All that a page shows of a finished run besides its curves."""

    report: Report
    trainability: Trainability | None  # None: not known of an older run
    dropped: Mapping[str, int]  # queries left out of training, by reason
    balance: tuple[PrincipleBalance, ...]  # of the examples that were kept, over all iterations
    endings: tuple[Mapping[str, Any], ...]  # iterations that ended early, as `core.runs.endings.endings_data` gives them
    made: Mapping[str, Any] = field(default_factory=dict)  # as in `core.runs.records.RunRecord`
    duration_s: float | None  # of the attempt that finished; None: not known of an older run


def run_result_to_data(result: RunResult) -> dict[str, Any]:
    """Plain JSON data."""
    return {
        "report": report_to_data(result.report),
        "trainability": trainability_to_data(result.trainability) if result.trainability is not None else None,
        "dropped_queries": dict(result.dropped),
        "balance": balance_to_data(result.balance),
        "endings": [dict(ending) for ending in result.endings],
        **({"made": dict(result.made)} if result.made else {}),
        "duration_s": result.duration_s,
    }


def run_result_from_data(data: Mapping[str, Any]) -> RunResult:
    """The inverse of `run_result_to_data`.

    Raises:
        ValueError: Data of another form.
    """
    try:
        return RunResult(
            report=report_from_data(data["report"]),
            trainability=trainability_from_data(data["trainability"]) if data["trainability"] is not None else None,
            dropped={str(reason): int(n) for reason, n in data["dropped_queries"].items()},
            balance=balance_from_data(data["balance"]),
            endings=tuple({**ending, "says": str(ending["says"])} for ending in data["endings"]),
            made={**data["made"], "says": str(data["made"]["says"])} if data.get("made") else {},
            duration_s=data["duration_s"],
        )
    except (LookupError, TypeError, AttributeError, StudioError) as error:
        raise ValueError(f"this is no result of a run: {error!r}") from error
