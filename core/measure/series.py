"""A series: finished runs that differ in their seed alone, pooled. It says what the recipe gives, not what one draw of it gave. No model.

What is pooled are the lines of the runs' own reports (core.measure.rows), so that page, terminal, CSV and JSON have them alike. Verdicts
are not pooled: each is that of its run, and the sentences only count them.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.measure.rows import PERCENT, POINTS, Row, every_row
from core.measure.statistics import LEVEL, MOST_SEEDS, UNMEASURED, Figure, Pooled, over_seeds
from core.measure.values import PrincipleFigures, Report, roles
from core.measure.verdicts import Verdict
from core.methods.arms import arm_title

RANGES = {PERCENT: (0.0, 1.0), POINTS: (-1.0, 1.0)}  # of what an interval is cut to; other lines have none
COMPLIANCE, BOUND, NOTHING = "compliance", "MI bound", "nothing"  # what a median is taken by


@dataclass(frozen=True, kw_only=True)
class SeriesRow:
    """One line: a measure of each arm, with every seed."""

    group: str
    label: str
    form: str  # as in `Row`
    cells: Mapping[str, Pooled | None]  # by arm key; None: has no meaning for this arm
    split: str = ""  # as in `Row`


@dataclass(frozen=True, kw_only=True)
class SeriesPrinciple:
    """What the runs say of one principle."""

    title: str
    verdicts: tuple[Verdict | None, ...]  # in the order of the seeds
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Median:
    """Whose adapter is the one to use: not that of the best draw, which would be chosen for its luck."""

    seed: int
    by: str  # COMPLIANCE: mean share that follows under the statements, with the constitution; BOUND; NOTHING: nothing could be measured
    value: float | None
    among: int  # seeds it is the median of


@dataclass(frozen=True, kw_only=True)
class Series:
    """Several runs as one result."""

    seeds: tuple[int, ...]  # that finished, rising
    left_out: Mapping[int, str] = field(default_factory=dict)  # seeds whose run did not finish, and what became of it
    n_queries: tuple[int, ...]  # measured, in the order of the seeds
    split: str  # held-out, always
    arms: Mapping[str, str]  # titles by key, in the order in which they are shown
    principles: tuple[SeriesPrinciple, ...]
    rows: tuple[SeriesRow, ...]
    median: Median
    note: str  # with what verdicts are corrected, and what the intervals hold


def pool(reports: Mapping[int, Report], left_out: Mapping[int, str] | None = None) -> Series:
    """The result of a series.

    Args:
        reports: Of the runs that finished, by seed, at least two: on the same constitution, queries, model and settings but for the seed.
        left_out: The other seeds that were asked for, each with what became of its run, in words.

    Raises:
        ValueError: Fewer than two, more than `MOST_SEEDS`, or reports on other principles or arms.
    """
    if not 2 <= len(reports) <= MOST_SEEDS:
        raise ValueError(f"a series has from 2 to {MOST_SEEDS} finished runs, got {len(reports)}")
    seeds = tuple(sorted(reports))
    each = [reports[seed] for seed in seeds]
    if len({(_titles(report), tuple(f.arm.key for f in report.arms), report.sides, report.traced) for report in each}) > 1:
        raise ValueError(f"the runs with seeds {', '.join(map(str, seeds))} are not on the same principles and arms")
    return Series(
        seeds=seeds,
        left_out=dict(sorted((left_out or {}).items())),
        n_queries=tuple(report.n_queries for report in each),
        split=each[0].split,
        arms={f.arm.key: arm_title(f.arm) for f in each[0].arms},
        principles=tuple(_principle(seeds, each, i) for i in range(len(each[0].principles))),
        rows=_rows(each),
        median=median_of(reports),
        note=_note(each),
    )


def _titles(report: Report) -> tuple[str, ...]:
    return tuple(principle.title for principle in report.principles)


def median_of(reports: Mapping[int, Report]) -> Median:
    """The seed that stands in the middle by mean compliance over the principles that could be judged with every seed.

    Compliance is that of the arm that was trained, under the statements and with the constitution in its prompt. Where no principle
    could be judged it is the attribution bound of that arm. Of an even number it is the lower of the two in the middle; of seeds that
    are equal the lowest.
    """
    for by, values in ((COMPLIANCE, _compliance(reports)), (BOUND, _bounds(reports))):
        if values:
            middle = sorted(values.values())[(len(values) - 1) // 2]
            return Median(seed=min(seed for seed, value in values.items() if value == middle), by=by, value=middle, among=len(values))
    return Median(seed=min(reports), by=NOTHING, value=None, among=len(reports))


def _compliance(reports: Mapping[int, Report]) -> dict[int, float]:
    """Empty where no principle could be judged with every seed."""
    found = {seed: [_followed(report, principle).value for principle in report.principles] for seed, report in reports.items()}
    judged = [i for i, values in enumerate(zip(*found.values(), strict=True)) if None not in values]
    return {seed: math.fsum(values[i] or 0.0 for i in judged) / len(judged) for seed, values in found.items()} if judged else {}


def _followed(report: Report, principle: PrincipleFigures) -> Figure:
    trained = roles([figures.arm for figures in report.arms]).trained
    return principle.compliance[trained.key]["statement"] if trained is not None and principle.judge is not None else UNMEASURED


def _bounds(reports: Mapping[int, Report]) -> dict[int, float]:
    found = {}
    for seed, report in reports.items():
        trained = roles([figures.arm for figures in report.arms]).trained
        bound = next((figures.mi_bound_nats.value for figures in report.arms if figures.arm == trained), None)
        if bound is not None:
            found[seed] = bound
    return found


def _rows(each: Sequence[Report]) -> tuple[SeriesRow, ...]:
    """The lines that one of the reports shows. A report of an earlier version may lack some, which are then unmeasured with its seed."""
    by_report = [_numbered(every_row(report)) for report in each]
    keys = dict.fromkeys(key for lines in by_report for key in lines)
    found = []
    for key in keys:
        lines = [lines.get(key) for lines in by_report]
        first = next(line for line in lines if line is not None)
        if not all(line is None or line.hidden for line in lines):
            cells = {arm: _pooled(lines, arm, first.form) for arm in first.cells}
            found.append(SeriesRow(group=first.group, label=first.label, form=first.form, cells=cells, split=first.split))
    return tuple(found)


def _numbered(lines: Sequence[Row]) -> dict[tuple[str, str, int], Row]:
    """Lines by what they are; principles may have the same title."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for line in lines:
        seen[line.group, line.label] += 1
        found[line.group, line.label, seen[line.group, line.label]] = line
    return found


def _pooled(lines: Sequence[Row | None], arm: str, form: str) -> Pooled | None:
    cells = [line.cells.get(arm) if line is not None else None for line in lines]
    if all(cell is None for cell in cells):
        return None
    return over_seeds([cell if cell is not None else UNMEASURED for cell in cells], *RANGES.get(form, ()))


def _principle(seeds: Sequence[int], each: Sequence[Report], position: int) -> SeriesPrinciple:
    principles = [report.principles[position] for report in each]
    verdicts = tuple(principle.verdict for principle in principles)
    title = principles[0].title
    sentence = f"“{title.strip()}”: {_counted(seeds, verdicts)}.{_shares(each, principles)}{_on_scenarios(each, principles)}"
    return SeriesPrinciple(title=title, verdicts=verdicts, sentence=sentence)


def _counted(seeds: Sequence[int], verdicts: Sequence[Verdict | None]) -> str:
    """`followed with 2 of 3 seeds (0, 2); with seed 1: no effect found`: how often each was said, and no more."""
    order = [*Verdict, None]
    said = {verdict: [seed for seed, other in zip(seeds, verdicts, strict=True) if other == verdict] for verdict in order if verdict in verdicts}
    told = []
    for verdict, those in said.items():
        word, listed = verdict.value if verdict is not None else "no verdict", ", ".join(map(str, those))
        if len(said) == 1:
            told.append(f"{word}, with {f'all {len(seeds)}' if len(seeds) > 2 else 'both'} seeds ({listed})")
        elif len(those) == 1:
            told.append(f"with seed {listed}: {word}")
        else:
            told.append(f"with {len(those)} of {len(seeds)} seeds ({listed}): {word}")
    return "; ".join(told)


def _shares(each: Sequence[Report], principles: Sequence[PrincipleFigures]) -> str:
    """How often replies comply; nothing where none could be judged."""
    told = _comply(each[0], principles, [principle.compliance for principle in principles])
    return f" Under the statement, replies {told}." if told else ""


def _on_scenarios(each: Sequence[Report], principles: Sequence[PrincipleFigures]) -> str:
    """The same of replies to its own test scenarios; nothing where none were measured, or nobody judged them."""
    own = [principle.scenarios for principle in principles]
    counts = sorted({scenarios.n_queries for scenarios in own if scenarios is not None})
    told = _comply(each[0], principles, [scenarios.compliance if scenarios is not None else {} for scenarios in own])
    if not told:
        return ""
    which = "scenario" if counts == [1] else f"{' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} scenarios"
    return f" On its own {which}, which no verdict rests on, they {told}."


def _comply(report: Report, principles: Sequence[PrincipleFigures], compliance: Sequence[Mapping[str, Mapping[str, Figure]]]) -> str:
    """`comply in 88% …; before training in 12% …`, of what each run says; empty where none could be judged."""
    parts = roles([figures.arm for figures in report.arms])
    if parts.control is None or parts.trained is None or principles[0].judge is None:
        return ""
    shares = ([by_arm.get(arm.key, {}).get("statement", UNMEASURED) for by_arm in compliance] for arm in (parts.trained, parts.control))
    after, before = (over_seeds(figures, 0.0, 1.0) for figures in shares)
    if not after.values or not before.values:
        return ""
    when = "before training" if parts.trained.artifact is not None else "with the prompt alone"
    return f"comply in {_share(after)}; {when} in {_share(before)}"


def _share(pooled: Pooled) -> str:
    mean, least, most = pooled.mean, f"{min(pooled.values):.0%}", f"{max(pooled.values):.0%}"
    interval = f" ({mean.low:.0%} to {mean.high:.0%})" if mean.low is not None and mean.high is not None else ""
    judged, n = len(pooled.values), len(pooled.by_seed)
    if judged < n:
        return f"{mean.value:.0%}{interval if judged > 1 else ''} with the {judged} of {n} seeds that were judged"
    return f"{mean.value:.0%} on average{interval}, {f'with the seeds from {least} to {most}' if least != most else 'with every seed alike'}"


def _note(each: Sequence[Report]) -> str:
    families = sorted({sum(q.p_corrected is not None for principle in report.principles for q in principle.questions) for report in each} - {0})
    counted = " or ".join(map(str, families))
    comparisons = f"the {counted} comparison{'' if families == [1] else 's'} of its own run (Holm, {LEVEL:.0%} for all of them)" if families else "nothing"
    return (
        f"Each verdict is that of one run, corrected over {comparisons}; nothing is corrected over the seeds: verdicts are counted, not tested together. "
        f"That {len(each)} of {len(each)} seeds agree would leave open that up to {1 - LEVEL ** (1 / len(each)):.0%} of all seeds do not. "
        "The interval of a mean takes the seeds as draws (Student’s t) and is at least as wide as their own intervals make it; that of a share is "
        "cut at 0% and 100%. It holds by itself."
    )


def median_says(median: Median) -> str:
    """Which seed's adapter is the one to use, and why."""
    if median.value is None:
        return f"The adapter to use is that of seed {median.seed}, the lowest: nothing was measured by which one of them would be in the middle."
    middle = "the median" if median.among % 2 else "the lower" if median.among == 2 else "the lower of the two in the middle"
    by = f"mean compliance under the statements ({median.value:.0%})" if median.by == COMPLIANCE else f"MI bound ({median.value:.3f} nats)"
    return f"The adapter to use is that of seed {median.seed}: of {median.among} it is {middle} by {by}."


def why_not_pooled(finished: Collection[int]) -> str:
    """Why there is no result of a series of which only these seeds have finished."""
    done = f"Only the run with seed {next(iter(finished))} has finished" if finished else "No run of the series has finished"
    return f"{done}: what other seeds give can be said when at least two have."


def left_out_says(left_out: Mapping[int, str]) -> str:
    """Which seeds are not in the figures, and why."""
    return f"Not in the figures: {'; '.join(f'seed {seed} ({why})' for seed, why in left_out.items())}." if left_out else ""


def series_to_data(series: Series) -> dict[str, Any]:
    """Plain JSON data, in full precision: nulls are what could not be measured. `by_seed`, `verdicts` and `n_queries` are in the order of `seeds`."""
    return {
        "seeds": list(series.seeds),
        "left_out": [{"seed": seed, "why": why} for seed, why in series.left_out.items()],
        "n_queries": list(series.n_queries),
        "split": series.split,
        "arms": dict(series.arms),
        "median": {**asdict(series.median), "says": median_says(series.median)},
        "principles": [asdict(principle) for principle in series.principles],
        "rows": series_rows_to_data(series),
        "note": series.note,
    }


def series_rows_to_data(series: Series) -> list[dict[str, Any]]:
    """Every line and arm. A line that was not measured on the series' split names its own."""
    return [
        {"group": row.group, "measure": row.label, "arm": arm, **_pooled_to_data(cell), **({"split": row.split} if row.split else {})}
        for row in series.rows
        for arm, cell in row.cells.items()
        if cell is not None
    ]


def _pooled_to_data(cell: Pooled) -> dict[str, Any]:
    mean, values = cell.mean, cell.values
    return {
        "mean": mean.value,
        "low": mean.low,
        "high": mean.high,
        "cut": cell.cut,
        "seeds": mean.n,
        "sd": cell.sd,
        "least": min(values, default=None),
        "most": max(values, default=None),
        "by_seed": [asdict(figure) for figure in cell.by_seed],
    }
