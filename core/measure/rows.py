"""The lines of a report, listed once: page, terminal, JSON and CSV show these and no others. Imports no torch."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.constitution.checks import check_sentence, read_check
from core.constitution.principles import SIDES
from core.errors import ConstitutionError
from core.measure.judges import CheckJudge
from core.measure.marks import MARKS_BY
from core.measure.statistics import Figure
from core.measure.values import AGREES, DISAGREES, NO_SIDE, OVER_PROMPT, WEIGHTS, ArmFigures, PrincipleFigures, Report, SenseChange, roles
from core.methods.arms import inner_title

PROGRAM = CheckJudge.name
_KAPPA = re.compile(r", κ [^,]* with people on \d+ cards$")  # behind the name of a model
PERCENT, POINTS = "percent", "points"  # a share, and a difference of shares
SCENARIOS = "scenarios"  # the split of what was measured on a principle's own test scenarios
FOLLOWED = "Is each principle followed?"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: a measure of each arm."""

    group: str  # the question that it belongs to
    label: str
    cells: Mapping[str, Figure | None]  # by arm key, of every arm in order; None: has no meaning for this arm
    form: str  # percent, points, or the number of digits
    split: str = ""  # on which it was measured; empty: on the report's
    hidden: bool = False  # nothing to show: no arm has measured it, or it is a side effect that none shows

    @property
    def n(self) -> int:
        """The fewest queries that one of its figures rests on."""
        return min(figure.n for figure in self.cells.values() if figure is not None)


def rows(report: Report) -> tuple[Row, ...]:
    """Every line there is to show of a report, group by group.

    Left out are what no arm of an older report has measured, and side effects that nobody shows.
    """
    return tuple(row for row in every_row(report) if not row.hidden)


def every_row(report: Report) -> tuple[Row, ...]:
    """The same with those that are hidden: reports on the same constitution, arms and settings have the same lines."""
    return (
        *(*_apart(report), *_apart_alone(report), *_followed(report), *_in_the_weights(report)),
        *(*_text_or_habit(report), *_sense(report), *_effects(report)),
    )


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
            "split": row.split or report.split,
        }
        for row in rows(report)
        for arm, figure in row.cells.items()
        if figure is not None
    ]


def _several(report: Report) -> bool:
    return len(report.sides) > len(SIDES)


def _what_is_traced(report: Report) -> str:
    if report.traced:
        return "all statements and all antitheses"
    return "the constitutions" if _several(report) else "the two sides"


def _prompted(report: Report, value: Callable[[ArmFigures], Figure], *, control: bool = True) -> dict[str, Figure | None]:
    """A figure of each arm with the constitution; the control's own reading of its replies is no second finding."""
    known = roles([figures.arm for figures in report.arms]).control
    return {f.arm.key: value(f) if f.arm.in_prompt and (control or f.arm != known) else None for f in report.arms}


def _apart(report: Report) -> Iterator[Row]:
    """Telling the constitutions apart."""
    group = f"Can {_what_is_traced(report)} be told apart?"
    guessing = f"guessing: {1 / len(report.among):.0%}"
    lines = (
        (f"MI bound, nats (cap log {'2' if report.traced else 'n'} = {report.cap_nats:.3f})", "3", _prompted(report, lambda f: f.mi_bound_nats)),
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
        yield Row(group=group, label=label, cells=cells, form=form, hidden=not any(figure is not None and figure.n for figure in cells.values()))


def _followed(report: Report) -> Iterator[Row]:
    """Compliance with the constitution in the prompt."""
    under = {
        "statement": "under the statement",
        "flip": "under its antithesis alone",
        "antithesis": "under all antitheses" if _several(report) else "under the antithesis",
    }
    for principle in report.principles:
        for side, words in under.items():
            cells = {f.arm.key: _asked(principle, principle.compliance.get(f.arm.key, {}).get(side)) for f in report.arms}
            if principle.judge is not None and any(figure is not None for figure in cells.values()):
                yield Row(group=FOLLOWED, label=f"{_judged(principle)}, {words}", cells=cells, form=PERCENT)
        yield from _on_scenarios(report, principle, {**under, NO_SIDE: "without the constitution"})


def _on_scenarios(report: Report, principle: PrincipleFigures, under: Mapping[str, str]) -> Iterator[Row]:
    """Compliance on a principle's own test scenarios."""
    if principle.scenarios is None or principle.judge is None:
        return
    for side, words in under.items():
        cells = {f.arm.key: _asked(principle, principle.scenarios.compliance.get(f.arm.key, {}).get(side)) for f in report.arms}
        if any(figure is not None for figure in cells.values()):
            yield Row(group=FOLLOWED, label=f"{_judged(principle)}, on its own scenarios, {words}", cells=cells, form=PERCENT, split=SCENARIOS)


def _asked(principle: PrincipleFigures, figure: Figure | None) -> Figure | None:
    """A figure by a judge; nothing where people judged and were not asked, as they are of some sides and arms alone."""
    return figure if principle.judge == PROGRAM or (figure is not None and figure.n) else None


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
        if _asked(principle, given[parts.alone.key]) is not None:
            yield Row(group=group, label=f"{_judged(principle)}, each arm with its own prompt", cells=given, form=PERCENT)
        differences = {change.after.arm: change.figure for change in principle.changes if change.name in (OVER_PROMPT, WEIGHTS)}
        cells = {f.arm.key: _asked(principle, differences.get(f.arm.key)) for f in report.arms}
        if any(figure is not None for figure in cells.values()):
            yield Row(group=group, label=f"{principle.title}: difference from {inner_title(parts.control)}, same queries", cells=cells, form=POINTS)


def _text_or_habit(report: Report) -> Iterator[Row]:
    """Whether replies turn with the text, and how far the base's habit pulls at them."""
    group = "Is it the text, or the habit of the base?"
    for principle in report.principles:
        if principle.judge is None:
            continue
        name = _judged(principle)

        def of(figures: Mapping[str, Figure], principle: PrincipleFigures = principle) -> dict[str, Figure | None]:
            return {f.arm.key: _asked(principle, figures.get(f.arm.key)) for f in report.arms}

        yield from _measured(
            group,
            (
                (f"{name}, follows the statement and not the antithesis when the two are swapped", PERCENT, of(principle.flips)),
                (f"{name}, where the base without a constitution follows it too", PERCENT, of({arm: each[AGREES] for arm, each in principle.pull.items()})),
                (f"{name}, where the base without a constitution does not", PERCENT, of({arm: each[DISAGREES] for arm, each in principle.pull.items()})),
            ),
        )


def _judged(principle: PrincipleFigures) -> str:
    """With what judged it: `marks`, without the names of those who gave them, or a model without its kappa; else two seeds would be two measures."""
    judge = principle.judge or ""
    named = principle.check if judge == PROGRAM else "marks" if judge.startswith(MARKS_BY) else _KAPPA.sub("", judge)
    return f"{principle.title} ({named})"


def scenarios_say(principle: PrincipleFigures) -> str:
    """What its own scenarios show, as a sentence; empty where none were measured."""
    return principle.scenarios.sentence if principle.scenarios is not None else ""


def judged_by(principle: PrincipleFigures) -> str:
    """Who judged a principle, as a sentence."""
    if principle.judge is None:
        return "Judged by nobody."
    return f"Judged by its check: {_check_says(principle.check or '')}" if principle.judge == PROGRAM else f"Judged by {principle.judge}."


def _check_says(check: str) -> str:
    """A check of a report in the words that a person reads; as it is written where this studio has none for it."""
    with suppress(ConstitutionError):
        says = check_sentence(read_check(check, "a report"))
        return f"{says[0].lower()}{says[1:].removesuffix('.')}."
    return f"{check}."


def _sense(report: Report) -> Iterator[Row]:
    """Whether replies are answers to their queries: of every arm under the statements or without a constitution, and against the control."""
    group, m = "Do the replies still answer?", report.read_among

    def each(value: Callable[[ArmFigures], Figure]) -> dict[str, Figure | None]:
        return {f.arm.key: value(f) if value(f).n or f.arm.in_prompt else None for f in report.arms}

    yield from _measured(
        group,
        (
            (f"Relevance, nats (cap log m = {math.log(max(m, 1)):.3f})", "3", each(lambda f: f.relevance_nats)),
            (f"Own query likeliest among {m} (guessing: {1 / max(m, 1):.0%})", PERCENT, each(lambda f: f.own_query)),
            ("Cut at the token limit", PERCENT, each(lambda f: f.cut)),
            ("Four-word runs that stand in query or constitution", PERCENT, each(lambda f: f.echo)),
            ("Surprise of the base under the own prompt, nats a token", "3", each(lambda f: f.surprise_nats)),
            ("Perplexity for the base without the constitution", "1", each(lambda f: f.perplexity)),
        ),
    )
    control = roles([figures.arm for figures in report.arms]).control
    if control is None:
        return
    changes = {change.arm: change for change in report.sense}

    def over(value: Callable[[SenseChange], Figure]) -> dict[str, Figure | None]:
        return {f.arm.key: value(changes[f.arm.key]) if f.arm.key in changes else None for f in report.arms}

    than = f"difference from {inner_title(control)}, same queries"
    yield from _measured(
        group,
        (
            (f"Relevance, nats: {than}", "3", over(lambda change: change.relevance_nats)),
            (f"Surprise, nats a token: {than}", "3", over(lambda change: change.surprise_nats)),
            (f"Runs from query or constitution: {than}", POINTS, over(lambda change: change.echo)),
            (f"Cut: {than}", POINTS, over(lambda change: change.cut)),
        ),
    )


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
        yield Row(group=group, label=label, cells=shares, form=PERCENT, hidden=not any(figure.value for figure in shares.values()))
    yield from _measured(
        group,
        (
            ("How unlikely the base finds the replies, nats a token", "3", _prompted(report, lambda f: f.base_surprise_nats)),
            ("KL(policy || base), nats a token", "3", _prompted(report, lambda f: f.kl_policy_base_nats, control=False)),
        ),
    )
