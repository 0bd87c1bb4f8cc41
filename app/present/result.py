"""The result a run ends with, as a page: verdicts in words, then the figures they rest on. Reads the plain data of the run's row.

Nothing here judges: verdict and sentence come with the data. A mark and a word say each verdict; colour only repeats it, and
green is kept for what a check on the text found to be followed, never for mutual information.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.present.text import count, escape
from core.statistics import Figure
from core.verdicts import Verdict

SIDES = ("statement", "antithesis")
MARKS = {  # mark, tone
    Verdict.FOLLOWED: ("✓", "good"),
    Verdict.ALREADY: ("=", ""),
    Verdict.BOTH_SIDES: ("≈", "problem"),
    Verdict.REVERSED: ("⇄", "problem"),
    Verdict.NOT_FOLLOWED: ("✕", "problem"),
    Verdict.UNCHECKED: ("?", ""),
    Verdict.NO_EFFECT: ("○", ""),
    Verdict.UNMEASURED: ("–", ""),
}
DROPPED = {"empty": "a response was empty", "equal": "two responses were the same", "loop": "a response was a loop", "refusal": "a response was a refusal"}
UNREADABLE = '<p class="cs-problem">This result was written by another version of the studio, so it cannot be shown here. Its run.json has it.</p>'


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    label: str
    base: Figure | None  # None: has no meaning for the base
    aligned: Figure
    form: str  # percent, or the number of digits


def result_html(data: Mapping[str, Any]) -> str:
    """Verdicts and table. A person's titles are escaped; the data may be years old, so its shape is not trusted."""
    try:
        return _intro(data) + _verdicts(data["principles"]) + _table(data) + _dropped(data.get("dropped_queries") or {})
    except (KeyError, TypeError, ValueError, AttributeError):
        return UNREADABLE


def _intro(data: Mapping[str, Any]) -> str:
    n = int(data["n_queries"])
    return (
        f'<p class="cs-lede">Measured on {count(n, "held-out query", "held-out queries")} that training never saw, each answered once under all '
        "statements and once under all antitheses, by the base and by the aligned model with the same seeds.</p>"
    )


def _verdicts(principles: Sequence[Mapping[str, Any]]) -> str:
    return f'<ol class="cs-verdicts">{"".join(_verdict(row) for row in principles)}</ol>'


def _verdict(row: Mapping[str, Any]) -> str:
    verdict = Verdict(row["verdict"])
    mark, tone = MARKS[verdict]
    differences = (("aligned − base", _figure(row["change"])), ("statement − antithesis", _figure(row["separation"])))
    facts = [f"{label} {points(figure)}" for label, figure in differences if figure.n]
    told = f'<p class="cs-quiet cs-number">{" · ".join(facts)}</p>' if facts else ""
    return (
        f'<li class="cs-finding" data-tone="{tone}">'
        f'<p class="cs-finding-word"><span class="cs-finding-mark" aria-hidden="true">{mark}</span>{escape(verdict.value)}</p>'
        f'<div><h3>{escape(row["title"])}</h3><p class="cs-finding-says">{escape(row["sentence"])}</p>{told}</div></li>'
    )


def _table(data: Mapping[str, Any]) -> str:
    groups = (("Can the two sides be told apart?", _apart(data)), ("Is each principle followed?", _followed(data)), ("What else changed?", _effects(data)))
    body = "".join(_group(title, rows) for title, rows in groups if rows)
    return (
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Figures, base against aligned"><table class="cs-result">'
        '<caption>Held-out queries; 95% intervals in smaller type; n counts queries.</caption><thead><tr><th scope="col">Measure</th>'
        f'<th scope="col">Base</th><th scope="col">Aligned</th><th scope="col">n</th></tr></thead>{body}</table></div>'
    )


def _apart(data: Mapping[str, Any]) -> list[Row]:
    base, aligned = data["base"], data["aligned"]
    return [
        Row(
            label=f"MI bound, nats (cap log n = {float(data['cap_nats']):.3f})",
            base=_figure(base["mi_bound_nats"]),
            aligned=_figure(aligned["mi_bound_nats"]),
            form="3",
        ),
        Row(label="Attribution accuracy (guessing: 50%)", base=_figure(base["attribution"]), aligned=_figure(aligned["attribution"]), form="percent"),
    ]


def _followed(data: Mapping[str, Any]) -> list[Row]:
    return [
        Row(label=f"{row['title']} ({row['check']}), under the {side}", base=_figure(row["base"][side]), aligned=_figure(row["aligned"][side]), form="percent")
        for row in data["principles"]
        if row["check"] is not None
        for side in SIDES
    ]


def _effects(data: Mapping[str, Any]) -> list[Row]:
    base, aligned = data["base"], data["aligned"]
    rows = []
    for key, label, form in (("words", "Words a reply", "1"), ("repetition", "Repeated four-word runs", "percent")):
        rows += [Row(label=f"{label}, under the {side}", base=_figure(base[key][side]), aligned=_figure(aligned[key][side]), form=form) for side in SIDES]
    for key, label in (
        ("loops", "Replies that loop"),
        ("empty", "Empty replies"),
        ("refusals", "Refusals"),
        ("mentions", "Replies that talk about their principles"),
    ):
        before, after = _figure(base[key]), _figure(aligned[key])
        if before.value or after.value:
            rows.append(Row(label=label, base=before, aligned=after, form="percent"))
    return [*rows, Row(label="KL to the base, nats a token", base=None, aligned=_figure(aligned["kl_nats"]), form="3")]


def _group(title: str, rows: Sequence[Row]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(row.label)}</th><td>{cell(row.base, row.form) if row.base is not None else ""}</td>'
        f"<td>{cell(row.aligned, row.form)}</td><td>{row.aligned.n}</td></tr>"
        for row in rows
    )
    return f'<tbody><tr class="cs-result-group"><th scope="rowgroup" colspan="4">{escape(title)}</th></tr>{lines}</tbody>'


def cell(figure: Figure, form: str) -> str:
    """A value with its interval in smaller type; words where nothing could be measured."""
    if figure.value is None:
        return '<span class="cs-quiet">not measured</span>'
    value = number(figure.value, form)
    if figure.low is None or figure.high is None:
        return value
    low, high = number(figure.low, form).removesuffix("%"), number(figure.high, form)
    return f'{value} <small class="cs-interval">{low} to {high}</small>'


def number(value: float, form: str) -> str:
    """A number in a row's form, with a real minus sign and no negative zero."""
    text = f"{100 * value:.0f}" if form == "percent" else f"{value:.{int(form)}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−") + ("%" if form == "percent" else "")


def points(figure: Figure) -> str:
    """A difference of two shares: `+38 points (20 to 54)`."""
    if figure.value is None:
        return "not measured"
    value = number(figure.value, "percent").removesuffix("%")
    signed = value if value.startswith(("−", "0")) else f"+{value}"
    if figure.low is None or figure.high is None:
        return f"{signed} points"
    low, high = (number(end, "percent").removesuffix("%") for end in (figure.low, figure.high))
    return f"{signed} points ({low} to {high})"


def _dropped(dropped: Mapping[str, Any]) -> str:
    if not dropped:
        return ""
    reasons = "; ".join(f"{int(n)} because {DROPPED.get(str(reason), str(reason))}" for reason, n in dropped.items())
    return f'<p class="cs-quiet">Left out of training: {escape(reasons)}.</p>'


def _figure(data: Mapping[str, Any]) -> Figure:
    figure = Figure(**data)
    for value in (figure.value, figure.low, figure.high):
        if value is not None and not isinstance(value, int | float):
            raise TypeError(f"a figure holds {value!r}")
    return figure
