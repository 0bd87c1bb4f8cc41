"""The result a run ends with, as a page: verdicts in words, then the figures they rest on. Reads the plain data of the run's row.

Nothing here judges: verdict and sentence come with the data. A mark and a word say each verdict; colour only repeats it, and
green is kept for what a check on the text found to be followed, never for mutual information.
A figure that an older run has not measured is a row that its table has not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.present.balance import balance_html
from app.present.text import count, escape
from core.measure.statistics import Figure
from core.measure.verdicts import Verdict

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
DROPPED = {  # as core.methods.examples.DROP_REASONS, which this process cannot import: it brings torch
    "empty": "a response was empty",
    "equal": "two responses were the same",
    "loop": "a response was a loop",
    "refusal": "a response was a refusal",
    "quote": "a response recited its principle",
}
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
        parts = (
            _intro(data),
            _verdicts(data["principles"]),
            _table(data),
            confusion_html(data),
            _dropped(data.get("dropped_queries") or {}),
            balance_html(data.get("balance") or ()),
        )
        return "".join(parts)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return UNREADABLE


def _intro(data: Mapping[str, Any]) -> str:
    n = int(data["n_queries"])
    flips = " and once with each principle alone turned into its antithesis" if len(_sides(data)) > len(SIDES) else ""
    return (
        f'<p class="cs-lede">Measured on {count(n, "held-out query", "held-out queries")} that training never saw, each answered once under all '
        f"statements{', ' if flips else ' and '}once under all antitheses{flips}, by the base and by the aligned model with the same seeds.</p>"
    )


def _verdicts(principles: Sequence[Mapping[str, Any]]) -> str:
    return f'<ol class="cs-verdicts">{"".join(_verdict(row) for row in principles)}</ol>'


def _verdict(row: Mapping[str, Any]) -> str:
    verdict = Verdict(row["verdict"])
    mark, tone = MARKS[verdict]
    against = "its antithesis alone" if "flip" in row["aligned"] else "antithesis"
    differences = (("aligned − base", _figure(row["change"])), (f"statement − {against}", _figure(row["separation"])))
    facts = [f"{label} {points(figure)}" for label, figure in differences if figure.n]
    told = f'<p class="cs-quiet cs-number">{" · ".join(facts)}</p>' if facts else ""
    return (
        f'<li class="cs-finding" data-tone="{tone}">'
        f'<p class="cs-finding-word"><span class="cs-finding-mark" aria-hidden="true">{mark}</span>{escape(verdict.value)}</p>'
        f'<div><h3>{escape(row["title"])}</h3><p class="cs-finding-says">{escape(row["sentence"])}</p>{told}</div></li>'
    )


def _sides(data: Mapping[str, Any]) -> Sequence[str]:
    """What each query was answered under; older runs do not say, since it was always the same two."""
    sides: Sequence[str] = data.get("sides", SIDES)
    return sides


def _table(data: Mapping[str, Any]) -> str:
    several = len(_sides(data)) > len(SIDES)
    groups = (
        (f"Can the {'constitutions' if several else 'two sides'} be told apart?", _apart(data)),
        ("Can each principle alone be told apart from its antithesis?", _apart_alone(data) if several else []),
        ("Is each principle followed?", _followed(data)),
        ("What else changed?", _effects(data)),
    )
    body = "".join(_group(title, rows) for title, rows in groups if rows)
    return (
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Figures, base against aligned"><table class="cs-result">'
        '<caption>Held-out queries; 95% intervals in smaller type; n counts queries.</caption><thead><tr><th scope="col">Measure</th>'
        f'<th scope="col">Base</th><th scope="col">Aligned</th><th scope="col">n</th></tr></thead>{body}</table></div>'
    )


def _apart(data: Mapping[str, Any]) -> list[Row]:
    base, aligned = data["base"], data["aligned"]
    guessing = f"guessing: {1 / len(_sides(data)):.0%}"
    rows = [_row(f"MI bound, nats (cap log n = {float(data['cap_nats']):.3f})", base["mi_bound_nats"], aligned["mi_bound_nats"], "3")]
    if "mi_bound_summed_nats" in aligned:
        label = "MI bound from summed instead of mean token log-probabilities, nats"
        rows.append(_row(label, base["mi_bound_summed_nats"], aligned["mi_bound_summed_nats"], "3"))
    rows.append(_row(f"Attribution accuracy ({guessing})", base["attribution"], aligned["attribution"], "percent"))
    if "base_attribution" in aligned:
        rows.append(_row(f"Attribution when the base reads the aligned replies ({guessing})", None, aligned["base_attribution"], "percent"))
        rows.append(_row("MI bound when the base reads the aligned replies, nats", None, aligned["base_mi_bound_nats"], "3"))
    return rows


def _apart_alone(data: Mapping[str, Any]) -> list[Row]:
    """Each principle's statement against its antithesis while the others keep their statements."""
    rows = []
    for principle in data["principles"]:
        bound, traced = principle["mi_bound_nats"], principle["attribution"]
        rows.append(_row(f"{principle['title']}: MI bound, nats (cap log 2 = 0.693)", bound["base"], bound["aligned"], "3"))
        rows.append(_row(f"{principle['title']}: attribution (guessing: 50%)", traced["base"], traced["aligned"], "percent"))
        rows.append(_row(f"{principle['title']}: attribution when the base reads the aligned replies", None, principle["base_attribution"], "percent"))
    return rows


def _followed(data: Mapping[str, Any]) -> list[Row]:
    several = len(_sides(data)) > len(SIDES)
    under = {
        "statement": "under the statement",
        "flip": "under its antithesis alone",
        "antithesis": "under all antitheses" if several else "under the antithesis",
    }
    return [
        _row(f"{principle['title']} ({principle['check']}), {words}", principle["base"][side], principle["aligned"][side], "percent")
        for principle in data["principles"]
        if principle["check"] is not None
        for side, words in under.items()
        if side in principle["aligned"]
    ]


def _effects(data: Mapping[str, Any]) -> list[Row]:
    base, aligned = data["base"], data["aligned"]
    rows = []
    for key, label, form in (("words", "Words a reply", "1"), ("repetition", "Repeated four-word runs", "percent")):
        rows += [_row(f"{label}, under the {side}", base[key][side], aligned[key][side], form) for side in SIDES]
    for key, label in (
        ("loops", "Replies that loop"),
        ("empty", "Empty replies"),
        ("refusals", "Refusals"),
        ("mentions", "Replies that talk about their principles"),
    ):
        row = _row(label, base[key], aligned[key], "percent")
        if (row.base is not None and row.base.value) or row.aligned.value:
            rows.append(row)
    if "base_surprise_nats" in aligned:
        rows.append(_row("How unlikely the base finds the replies, nats a token", base["base_surprise_nats"], aligned["base_surprise_nats"], "3"))
    return [*rows, _row("KL to the base, nats a token", None, aligned["kl_nats"], "3")]


def _row(label: str, base: Mapping[str, Any] | None, aligned: Mapping[str, Any], form: str) -> Row:
    return Row(label=label, base=_figure(base) if base is not None else None, aligned=_figure(aligned), form=form)


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


def confusion_html(data: Mapping[str, Any]) -> str:
    """Which constitution replies are traced to, base and aligned. Of two constitutions the attribution above says as much."""
    sides = _sides(data)
    if len(sides) <= len(SIDES) or "confusion" not in data["aligned"]:
        return ""
    titles = [str(principle["title"]) for principle in data["principles"]]
    names = [("◆", "all statements"), ("◇", "all antitheses"), *((f"◇ {i}", f"antithesis of “{title}” alone") for i, title in enumerate(titles, 1))]
    tables = "".join(_confusion_table(policy, names, data[policy]["confusion"]) for policy in ("base", "aligned"))
    return (
        '<h3>Which constitution is a reply traced to?</h3><p class="cs-quiet">Replies, counted by the constitution they were written under and the one that '
        f'explains them best, by the model’s own likelihood. Framed in bold: traced to its own.</p><div class="cs-confusions">{tables}</div>'
    )


def _confusion_table(policy: str, names: Sequence[tuple[str, str]], counts: Sequence[Sequence[int]]) -> str:
    heads = "".join(f'<th scope="col"><span aria-hidden="true">{sign}</span><span class="cs-sr">{escape(name)}</span></th>' for sign, name in names)
    rows = "".join(
        f'<tr><th scope="row"><span class="cs-sign" aria-hidden="true">{sign}</span>{escape(name)}</th>{_counts(row, own)}</tr>'
        for own, ((sign, name), row) in enumerate(zip(names, counts, strict=True))
    )
    return (
        f'<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Traced constitutions, {policy}"><table class="cs-confusion">'
        f'<caption>{policy.capitalize()}</caption><thead><tr><th scope="col" rowspan="2">Written under</th><th scope="colgroup" colspan="{len(names)}">'
        f"Traced to</th></tr><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _counts(row: Sequence[int], own: int) -> str:
    return "".join(f'<td class="cs-own"><strong>{int(n)}</strong></td>' if stance == own else f"<td>{int(n)}</td>" for stance, n in enumerate(row))


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
