"""The verdict on trainability as lines for a terminal and as HTML for the pages.

A mark and a word say each verdict; colour only repeats it. Every share stands beside its bar, so the bars are for the eye alone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.present.sides import ANTITHESIS, STATEMENT
from app.present.text import count, escape, isolated
from core.measure.marked import marks_says
from core.measure.statistics import Figure
from core.runs.links import PrincipleLink, ShownReplies, Trainability

if TYPE_CHECKING:  # it loads the database, which the command line never does
    from app.services.checking import CheckView
    from app.services.kept_checks import CheckFound

WORDS = {"go": "go", "weak": "weak, no link is shown", "no-go": "no-go", "unjudged": "cannot be judged yet"}
MARKS = {"go": "✓", "weak": "≈", "no-go": "✕", "unjudged": "·"}  # as the verdicts of a result have them
MEANINGS = {
    "go": "The base already does it, and more often than under the antithesis, by more than chance would give. A run has something to make more of.",
    "weak": "A run begins, and may make a link or learn something else.",
    "no-go": "A run would stop here, before any training, unless told under Advanced to train anyway.",
    "unjudged": "A run begins. Whether its replies follow is known once a person has marked them, or a check is added.",
}
BY_MARKS = "A run begins all the same: the check that it begins with hears programs alone, and these replies were marked by people."
ANYWAY = "A run would begin all the same, since the form says to train even where there is no link."


def overall_words(found: Trainability) -> str:
    """The word for all principles together; weak says how many have a link, where some do."""
    shown = sum(link.verdict == "go" for link in found.principles)
    if found.verdict == "weak" and shown:
        return f"weak, a link is shown for {shown} of {count(len(found.principles), 'principle')}"
    return WORDS[found.verdict]


def trainability_lines(trainability: Trainability) -> list[str]:
    """The verdict, the reason for each principle, and what to mind."""
    return [f"Before training: {overall_words(trainability)}.", *(link.reason for link in trainability.principles), *trainability.notes]


def reply_lines(trainability: Trainability) -> list[str]:
    """The replies that were judged, one a line, under what was found of them."""
    lines = []
    for link in trainability.principles:
        for group in link.shown:
            lines += ["", f"{link.title}, {_found(group)}:"]
            lines += [f"  {_one_line(reply.query)} -> {_one_line(reply.text)}" for reply in group.replies]
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "(empty)"


def _found(group: ShownReplies) -> str:
    """What was found of some replies, and how many of all there were are shown."""
    side = STATEMENT.under if group.side == "statement" else ANTITHESIS.under
    says = {True: "follows the statement", False: "does not follow the statement", None: "could not be judged"}[group.follows]
    return f"{side}, {says}: {len(group.replies)} of {count(group.of, 'reply', 'replies')}"


def check_html(told: "CheckFound") -> str:
    """The verdict of a check on the Train page, with what people said of its replies and the way to say more."""
    problem = f'<div class="cs-notice cs-notice-problem"><p role="alert">{escape(told.problem)}</p></div>' if told.problem else ""
    return problem + trainability_html(told.found, _meaning(told), _ways(told))


def _meaning(told: "CheckFound") -> str:
    """What a run would do: it knows nothing of marks."""
    if told.refused:
        return ANYWAY if told.anyway else MEANINGS["no-go"]
    return BY_MARKS if told.found.verdict == "no-go" else MEANINGS[told.found.verdict]


def _ways(told: "CheckFound") -> list[str]:
    """Below each principle how far people are with its replies, and the way to mark them; nothing of a check that is not kept."""
    if told.check is None:
        return []
    ways = []
    for number in range(1, len(told.found.principles) + 1):
        marks = told.marks[number - 1] if told.marks else None
        says = " ".join(marks_says(marks)) if marks is not None else ""
        link = f'<a href="./mark?check={told.check}&amp;principle={number}">{"Mark more replies" if marks is not None else "Mark replies"}</a>'
        ways.append(f'<p class="cs-quiet cs-found-marks">{isolated(says, *(marks.people if marks is not None else ()))} {link}</p>')
    return ways


def check_spoken(view: "CheckView") -> str:
    """What a screen reader says of a check: its tenths, not its every token."""
    if view.running:
        return view.note.partition(":")[0] + ("" if view.share is None else f", {10 * int(10 * view.share)}%")
    return f"Check finished: {overall_words(view.found)}." if view.found is not None else ""


def trainability_html(trainability: Trainability, meaning: str = "", ways: Sequence[str] = ()) -> str:
    """The verdict with what it rests on; `ways`: HTML below each principle."""
    verdict = trainability.verdict
    means = f'<p class="cs-found-meaning">{escape(meaning)}</p>' if meaning else ""
    several = len(trainability.principles) > 1
    below = ways or [""] * len(trainability.principles)
    links = "".join(_link(link, several, i, way) for i, (link, way) in enumerate(zip(trainability.principles, below, strict=True)))
    notes = "".join(f"<li>{escape(note)}</li>" for note in trainability.notes)
    return (
        f'<div class="cs-found" data-verdict="{escape(verdict)}">'
        f'<p class="cs-found-word">{_mark(verdict)}<span>Before training: <strong>{overall_words(trainability)}</strong></span></p>{means}'
        f'<ol class="cs-found-links">{links}</ol>{_facts(trainability)}{_wrapped("ul", "cs-found-notes", notes)}</div>'
    )


def _mark(verdict: str) -> str:
    return f'<span class="cs-found-mark" aria-hidden="true">{MARKS[verdict]}</span>'


def _wrapped(tag: str, name: str, inside: str) -> str:
    return f'<{tag} class="{name}">{inside}</{tag}>' if inside else ""


def _link(link: PrincipleLink, several: bool, position: int, below: str) -> str:
    verdict = link.verdict
    word = f'<span class="cs-found-verdict">{_mark(verdict)} {WORDS[verdict]}</span>' if several else ""
    shares = ((link.followed, STATEMENT), (link.followed_under_antithesis, ANTITHESIS))
    meters = "".join(meter_html(figure, side.sign, side.under) for figure, side in shares)
    return (
        f'<li data-verdict="{escape(verdict)}"><p class="cs-found-title"><span dir="auto">{escape(link.title)}</span>{word}</p>'
        f'{_wrapped("dl", "cs-meters", meters)}<p class="cs-found-reason">{isolated(link.reason, link.title, link.by)}</p>{below}{_shown(link, position)}</li>'
    )


def _shown(link: PrincipleLink, position: int) -> str:
    """The replies that were judged, folded; nothing of what was stored before they were kept."""
    if not link.shown:
        return ""
    groups = "".join(
        f'<p class="cs-found-shown">{_found(group).capitalize()}</p><ul class="cs-found-replies">'
        + "".join(
            f'<li><p class="cs-quiet" dir="auto">{escape(reply.query)}</p><p dir="auto">{escape(reply.text) or "(empty)"}</p></li>' for reply in group.replies
        )
        + "</ul>"
        for group in link.shown
    )
    return f'<details class="cs-fold" data-fold="judged-{position}"><summary>Replies that were judged, worst first</summary>{groups}</details>'


def meter_html(figure: Figure, sign: str, label: str) -> str:
    """One share on a scale from nothing to all, with its interval; nothing where none was measured."""
    value, low, high = figure.value, figure.low, figure.high
    if value is None or low is None or high is None:
        return ""
    return (
        f'<div><dt><span class="cs-sign" aria-hidden="true">{sign}</span>{label}</dt>'
        f'<dd><span class="cs-meter" aria-hidden="true" style="--at:{value:.4f};--low:{low:.4f};--high:{high:.4f}"></span>'
        f'<span class="cs-meter-value">{value:.0%} <small>{100 * low:.0f} to {high:.0%}</small></span></dd></div>'
    )


def _facts(trainability: Trainability) -> str:
    """What may mislead training although the principles are followed."""
    ours, theirs = trainability.words
    sides = ("all statements", "with the first antithesis") if len(trainability.principles) > 1 else ("the statement", "under the antithesis")
    telling = f"the longer one gives the side away in {trainability.length_tells:.0%} of pairs (50% is chance)"
    facts = [
        ("Words a reply", f"{ours:.0f} under {sides[0]}, {theirs:.0f} {sides[1]}; {telling}"),
        ("Cut at the token limit", f"{trainability.cut:.0%} of replies"),
        ("Same on both sides", f"{trainability.same:.0%} of pairs"),
        ("Rests on", f"{count(trainability.replies, 'reply', 'replies')} of the base; 95% intervals, a query counted once"),
    ]
    return _wrapped("dl", "cs-found-facts", "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts))
