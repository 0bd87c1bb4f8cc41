"""The lines of a report, listed once: page, terminal, JSON and CSV show these and no others. Imports no torch."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.constitution.principles import SIDES
from core.measure.statistics import Figure
from core.measure.values import NO_SIDE, OVER_PROMPT, WEIGHTS, ArmFigures, PrincipleFigures, Report, roles
from core.methods.arms import inner_title

PERCENT, POINTS = "percent", "points"  # a share, and a difference of shares


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: a measure of each arm."""

    group: str  # the question that it belongs to
    label: str
    cells: Mapping[str, Figure | None]  # by arm key, of every arm in order; None: has no meaning for this arm
    form: str  # percent, points, or the number of digits

    @property
    def n(self) -> int:
        """The fewest queries that one of its figures rests on."""
        return min(figure.n for figure in self.cells.values() if figure is not None)


def rows(report: Report) -> tuple[Row, ...]:
    """Every line there is to show of a report, group by group.

    Left out are what no arm of an older report has measured, and side effects that nobody shows.
    """
    return (*_apart(report), *_apart_alone(report), *_followed(report), *_in_the_weights(report), *_effects(report))


def rows_to_data(report: Report) -> list[dict[str, Any]]:
    """Every figure of `rows` as plain JSON data, in full precision: nulls are what could not be measured, and no entry what has no meaning for an arm."""
    return [
        {
            "group": row.group,
            "measure": row.label,
            "arm": arm,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "n": figure.n,
            "split": report.split,
        }
        for row in rows(report)
        for arm, figure in row.cells.items()
        if figure is not None
    ]


def _several(report: Report) -> bool:
    return len(report.sides) > len(SIDES)


def _prompted(report: Report, value: Callable[[ArmFigures], Figure], *, control: bool = True) -> dict[str, Figure | None]:
    """A figure of each arm with the constitution; the control's own reading of its replies is no second finding."""
    known = roles([figures.arm for figures in report.arms]).control
    return {f.arm.key: value(f) if f.arm.in_prompt and (control or f.arm != known) else None for f in report.arms}


def _apart(report: Report) -> Iterator[Row]:
    """Telling the constitutions apart."""
    group = f"Can the {'constitutions' if _several(report) else 'two sides'} be told apart?"
    guessing = f"guessing: {1 / len(report.sides):.0%}"
    lines = (
        (f"MI bound, nats (cap log n = {report.cap_nats:.3f})", "3", _prompted(report, lambda f: f.mi_bound_nats)),
        ("MI bound from summed instead of mean token log-probabilities, nats", "3", _prompted(report, lambda f: f.mi_bound_summed_nats)),
        (f"Attribution accuracy ({guessing})", PERCENT, _prompted(report, lambda f: f.attribution)),
        (f"Attribution when the base reads the replies ({guessing})", PERCENT, _prompted(report, lambda f: f.base_attribution, control=False)),
        ("MI bound when the base reads the replies, nats", "3", _prompted(report, lambda f: f.base_mi_bound_nats, control=False)),
    )
    return _measured(group, lines)


def _apart_alone(report: Report) -> Iterator[Row]:
    """Each principle's statement against its antithesis while the others keep their statements."""
    if not _several(report):
        return
    group = "Can each principle alone be told apart from its antithesis?"
    for principle in report.principles:

        def of(figures: Mapping[str, Figure], *, control: bool = True) -> dict[str, Figure | None]:
            return {key: figures.get(key) if cell is not None else None for key, cell in _prompted(report, lambda f: f.attribution, control=control).items()}

        lines = (
            (f"{principle.title}: MI bound, nats (cap log 2 = 0.693)", "3", of(principle.mi_bound_nats)),
            (f"{principle.title}: attribution (guessing: 50%)", PERCENT, of(principle.attribution)),
            (f"{principle.title}: attribution when the base reads the replies", PERCENT, of(principle.base_attribution, control=False)),
        )
        yield from _measured(group, lines)


def _measured(group: str, lines: tuple[tuple[str, str, dict[str, Figure | None]], ...]) -> Iterator[Row]:
    for label, form, cells in lines:
        if any(figure is not None and figure.n for figure in cells.values()):
            yield Row(group=group, label=label, cells=cells, form=form)


def _followed(report: Report) -> Iterator[Row]:
    """Compliance with the constitution in the prompt."""
    under = {
        "statement": "under the statement",
        "flip": "under its antithesis alone",
        "antithesis": "under all antitheses" if _several(report) else "under the antithesis",
    }
    for principle in report.principles:
        for side, words in under.items():
            cells = {f.arm.key: principle.compliance.get(f.arm.key, {}).get(side) for f in report.arms}
            if principle.judge is not None and any(figure is not None for figure in cells.values()):
                yield Row(group="Is each principle followed?", label=f"{_judged(principle)}, {words}", cells=cells, form=PERCENT)


def _in_the_weights(report: Report) -> Iterator[Row]:
    """Compliance with the statements in the prompt beside that of arms without any, and what each differs by from the control."""
    parts = roles([figures.arm for figures in report.arms])
    if parts.control is None or parts.alone is None:
        return
    group = "Was it worth it over prompting, and is it in the weights?"
    for principle in report.principles:
        if principle.judge is None:
            continue
        given = {f.arm.key: principle.compliance.get(f.arm.key, {}).get("statement" if f.arm.in_prompt else NO_SIDE) for f in report.arms}
        yield Row(group=group, label=f"{_judged(principle)}, each arm with its own prompt", cells=given, form=PERCENT)
        differences = {change.after.arm: change.figure for change in principle.changes if change.name in (OVER_PROMPT, WEIGHTS)}
        cells = {f.arm.key: differences.get(f.arm.key) for f in report.arms}
        if any(figure is not None for figure in cells.values()):
            yield Row(group=group, label=f"{principle.title}: difference from {inner_title(parts.control)}, same queries", cells=cells, form=POINTS)


def _judged(principle: PrincipleFigures) -> str:
    return f"{principle.title} ({principle.check if principle.check is not None else principle.judge})"


def _effects(report: Report) -> Iterator[Row]:
    """What else changed."""
    group = "What else changed?"
    sides = [*((side, f"under the {side}") for side in SIDES), (NO_SIDE, "without the constitution")]
    for label, form, value in (("Words a reply", "1", lambda f: f.words), ("Repeated four-word runs", PERCENT, lambda f: f.repetition)):
        for side, words in sides:
            cells = {f.arm.key: value(f).get(side) for f in report.arms}
            if any(figure is not None for figure in cells.values()):
                yield Row(group=group, label=f"{label}, {words}", cells=cells, form=form)
    for label, of in (
        ("Replies that loop", lambda f: f.loops),
        ("Empty replies", lambda f: f.empty),
        ("Refusals", lambda f: f.refusals),
        ("Replies that talk about their principles", lambda f: f.mentions),
    ):
        shares = {f.arm.key: of(f) for f in report.arms}
        if any(figure.value for figure in shares.values()):
            yield Row(group=group, label=label, cells=shares, form=PERCENT)
    yield from _measured(
        group,
        (
            ("How unlikely the base finds the replies, nats a token", "3", _prompted(report, lambda f: f.base_surprise_nats)),
            ("KL(policy || base), nats a token", "3", _prompted(report, lambda f: f.kl_policy_base_nats, control=False)),
        ),
    )
