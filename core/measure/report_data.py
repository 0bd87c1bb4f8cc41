"""A report as plain data, and back: as a run's row and `run.json` keep it. Imports no torch."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from core.errors import ConfigError
from core.measure.questions import QUESTIONS, Answer, Question
from core.measure.statistics import UNMEASURED, Figure
from core.measure.values import SENSE, ArmFigures, Cell, Change, Extreme, OwnScenarios, PrincipleFigures, Report, SenseChange, WorstReply
from core.measure.verdicts import Verdict
from core.methods.arms import arm_from_data, arm_to_data


def report_to_data(report: Report) -> dict[str, Any]:
    """Plain JSON data, as kept in a run's row. What is written for people has its lines too: `core.measure.rows.rows_to_data`."""
    data = {name: value for name, value in asdict(report).items() if name != "traced" or value}  # traced among all: as it was before there was a choice
    return data | {
        "arms": [asdict(figures) | {"arm": arm_to_data(figures.arm)} for figures in report.arms],
        "principles": [_principle_to_data(figures) for figures in report.principles],
    }


def _principle_to_data(figures: PrincipleFigures) -> dict[str, Any]:
    """What a principle has not got is left out, as before there was any."""
    data = asdict(figures)
    absent = {name for name in ("flips", "pull", "scenarios") if not getattr(figures, name)}
    return {name: value for name, value in data.items() if name not in absent}


def report_from_data(data: Mapping[str, Any]) -> Report:
    """The inverse of `report_to_data`, whatever stands beside it. A null in place of a figure is one that was not measured.

    Raises:
        ValueError: Data of another form.
    """
    try:
        report = Report(
            n_queries=int(data["n_queries"]),
            split=str(data["split"]),
            sides=tuple(map(str, data["sides"])),
            traced=tuple(map(str, data.get("traced", ()))),
            cap_nats=float(data["cap_nats"]),
            read_among=int(data.get("read_among", 0)),
            arms=tuple(map(_arm_from_data, data["arms"])),
            principles=tuple(map(_principle_from_data, data["principles"])),
            sense=tuple(map(_sense_from_data, data.get("sense", ()))),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, ConfigError) as error:
        raise ValueError(f"this is no report: {error!r}") from error
    _require_whole(report)
    return report


def _require_whole(report: Report) -> None:
    """Raise ValueError where parts of a report do not belong together."""
    keys, n = {figures.arm.key for figures in report.arms}, len(report.among)
    named = [cell.arm for principle in report.principles for change in principle.changes for cell in (change.before, change.after)]
    named += [change.arm for change in report.sense]
    if not set(named) <= keys:
        raise ValueError(f"changes of {', '.join(sorted(set(named) - keys))}, which the report has not")
    if not set(report.traced) <= set(report.sides):
        raise ValueError(f"replies traced among {', '.join(report.traced)}, which are not all sides of the report")
    if any([len(row) for row in figures.confusion] not in ([], [n] * n) for figures in report.arms):
        raise ValueError(f"a confusion of other than {n} constitutions")


def _arm_from_data(data: Mapping[str, Any]) -> ArmFigures:
    known = {name: data.get(name) if name in SENSE else data[name] for name in (item.name for item in fields(ArmFigures) if item.type is Figure)}
    plain: dict[str, Any] = {name: _figure(figure) for name, figure in known.items()}
    by_side: dict[str, Any] = {name: _figures(data[name]) for name in ("words", "repetition")}
    return ArmFigures(arm=arm_from_data(data["arm"]), confusion=tuple(tuple(map(int, row)) for row in data["confusion"]), **by_side, **plain)


def _sense_from_data(data: Mapping[str, Any]) -> SenseChange:
    figures = {item.name: _figure(data[item.name]) for item in fields(SenseChange) if item.type is Figure}
    return SenseChange(arm=str(data["arm"]), worst=tuple(map(_worst_from_data, data.get("worst", ()))), **figures)


def _worst_from_data(data: Mapping[str, Any]) -> WorstReply:
    numbers = {name: _number(data[name]) for name in ("relevance_nats", "surprise_nats", "echo")}
    cut = data.get("cut")
    return WorstReply(query=str(data["query"]), text=str(data["text"]), cut=bool(cut) if cut is not None else None, **numbers)


def _principle_from_data(data: Mapping[str, Any]) -> PrincipleFigures:
    return PrincipleFigures(
        title=str(data["title"]),
        check=data["check"],
        judge=data["judge"],
        compliance={str(arm): _figures(by_side) for arm, by_side in data["compliance"].items()},
        mi_bound_nats=_figures(data["mi_bound_nats"]),
        attribution=_figures(data["attribution"]),
        base_attribution=_figures(data["base_attribution"]),
        changes=tuple(
            Change(name=str(row["name"]), before=Cell(**row["before"]), after=Cell(**row["after"]), figure=_figure(row["figure"])) for row in data["changes"]
        ),
        verdict=Verdict(data["verdict"]) if data["verdict"] is not None else None,
        sentence=str(data["sentence"]),
        flips=_figures(data.get("flips", {})),
        pull={str(arm): _figures(by_habit) for arm, by_habit in data.get("pull", {}).items()},
        questions=tuple(map(_question_from_data, data.get("questions", ()))),
        control=str(data["control"]),
        extremes=tuple(map(_extreme_from_data, data.get("extremes", ()))),
        scenarios=_scenarios_from_data(data["scenarios"]) if "scenarios" in data else None,
    )


def _scenarios_from_data(data: Mapping[str, Any]) -> OwnScenarios:
    return OwnScenarios(
        written=int(data["written"]),
        n_queries=int(data["n_queries"]),
        compliance={str(arm): _figures(by_side) for arm, by_side in data["compliance"].items()},
        sentence=str(data["sentence"]),
    )


def _extreme_from_data(data: Mapping[str, Any]) -> Extreme:
    return Extreme(
        kind="best" if data["kind"] == "best" else "worst",
        query=str(data["query"]),
        text=str(data["text"]),
        follows=bool(data["follows"]) if data["follows"] is not None else None,
        relevance_nats=_number(data["relevance_nats"]),
        among=int(data["among"]),
        ended=bool(data["ended"]) if data.get("ended") is not None else None,
    )


def _question_from_data(data: Mapping[str, Any]) -> Question:
    if data["name"] not in QUESTIONS:
        raise TypeError(f"a question is one of {', '.join(QUESTIONS)}, not {data['name']!r}")
    return Question(
        name=str(data["name"]),
        answer=Answer(data["answer"]),
        contrary=bool(data["contrary"]),
        p_corrected=_number(data["p_corrected"]),
        more_queries=int(data["more_queries"]) if data["more_queries"] is not None else None,
    )


def _number(data: Any) -> float | None:
    return float(data) if data is not None else None


def _figures(data: Mapping[str, Any]) -> dict[str, Figure]:
    return {str(key): _figure(figure) for key, figure in data.items()}


def _figure(data: Mapping[str, Any] | None) -> Figure:
    if data is None:
        return UNMEASURED
    figure = Figure(**data)
    if not all(number is None or isinstance(number, int | float) for number in (figure.value, figure.low, figure.high)) or not isinstance(figure.n, int):
        raise TypeError(f"a figure holds {figure!r}")
    return figure
