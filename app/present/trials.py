"""A check tried on stored replies: in sentences for who listens, in lines for a terminal, and as HTML for the page."""

from app.present.sides import ANTITHESIS, SHOWN_SIDES, STATEMENT
from app.present.text import count, escape
from app.present.trainability import meter_html
from app.services.trials import Trial, TrialRun
from core.runs.trials import Tried, TriedArm, TriedReplies, TriedReply, TriedSide

ALIKE = {
    "all": "Tells nothing apart: all pass, under the statement and under the antithesis.",
    "none": "Tells nothing apart: none passes, neither under the statement nor under the antithesis.",
}
GROUPS = {True: "Pass", False: "Do not pass", None: "Could not be judged"}
EMPTY = "(empty)"


def trial_sentences(trial: Trial) -> list[str]:
    """What came of it, each arm in a sentence."""
    if trial.run is None or trial.tried is None:
        return [trial.problem]
    return [f"{_source(trial.run)}.", *(_arm_sentence(arm) for arm in trial.tried.arms)]


def trial_lines(trial: Trial) -> list[str]:
    """The same for a terminal, with the replies that are shown."""
    lines = trial_sentences(trial)
    for group in trial.tried.shown if trial.tried is not None else ():
        lines += ["", f"{_group_says(group)}:"]
        lines += [f"  [{_where(reply)}] {_one_line(reply.query)} -> {_one_line(reply.text)}" for reply in group.replies]
    return lines


def trial_html(trial: Trial, check: str) -> str:
    """What the panel below a check holds; `check` is what the check says, as a sentence."""
    says = f'<p class="cs-trial-check" dir="auto">{escape(check)}</p>'
    if trial.run is None or trial.tried is None:
        return f"{says}<p>{escape(trial.problem)}</p>"
    return f"{says}{_source_html(trial.run)}{''.join(map(_arm_html, trial.tried.arms))}{_shown_html(trial.tried)}"


def _source(run: TrialRun) -> str:
    return f"Tried on the held-out replies of run {run.run} of “{run.constitution}”{_more(run)}"


def _source_html(run: TrialRun) -> str:
    link, name = f'<a href="./run?id={run.run}">run {run.run}</a>', f"<bdi>{escape(run.constitution)}</bdi>"
    return f'<p class="cs-quiet">Tried on the held-out replies of {link} of “{name}”{_more(run)}; 95% intervals.</p>'


def _more(run: TrialRun) -> str:
    since = "; the principle has other texts by now" if run.changed else ""
    alone = "; under the antithesis means of this principle alone" if run.principles > 1 else ""
    return f", version {run.version}{since}{alone}"


def _arm_sentence(arm: TriedArm) -> str:
    sides = [_passes(arm.statement, STATEMENT.under), _passes(arm.antithesis, ANTITHESIS.under)]
    more = [*([_unjudged(arm)] if _unjudged(arm) else []), *([ALIKE[arm.alike]] if arm.alike else [])]
    return " ".join([f"{arm.title}: {', '.join(sides)}.", *more])


def _passes(side: TriedSide, under: str) -> str:
    if side.figure.value is None or side.figure.low is None or side.figure.high is None:
        return f"{under} nothing could be judged"
    return f"{under} {side.passes} of {side.figure.n} pass ({side.figure.value:.0%}, {100 * side.figure.low:.0f} to {side.figure.high:.0%})"


def _unjudged(arm: TriedArm) -> str:
    """How many could not be judged; empty where all could."""
    parts = [f"{side.unjudged} {under}" for side, under in ((arm.statement, STATEMENT.under), (arm.antithesis, ANTITHESIS.under)) if side.unjudged]
    return f"Could not be judged: {' and '.join(parts)}." if parts else ""


def _arm_html(arm: TriedArm) -> str:
    sides = {STATEMENT.name: arm.statement, ANTITHESIS.name: arm.antithesis}
    meters = "".join(_side_html(sides[shown.name], shown.sign, shown.under) for shown in SHOWN_SIDES)
    alike = f'<p class="cs-trial-alike">{ALIKE[arm.alike]}</p>' if arm.alike else ""
    unjudged = f'<p class="cs-quiet">{_unjudged(arm)}</p>' if _unjudged(arm) else ""
    return f'<div class="cs-trial-arm"><p class="cs-found-title">{escape(arm.title)}</p><dl class="cs-meters">{meters}</dl>{alike}{unjudged}</div>'


def _side_html(side: TriedSide, sign: str, under: str) -> str:
    if side.figure.value is None:
        return f'<div><dt><span class="cs-sign" aria-hidden="true">{sign}</span>{under}</dt><dd>nothing could be judged</dd></div>'
    return meter_html(side.figure, sign, f"{under}, {side.passes} of {side.figure.n} pass")


def _shown_html(tried: Tried) -> str:
    groups = "".join(map(_group_html, tried.shown))
    return f'<details class="cs-fold" data-fold="trial"><summary>Replies, a few of each</summary>{groups}</details>' if groups else ""


def _group_html(group: TriedReplies) -> str:
    replies = "".join(map(_reply_html, group.replies))
    return f'<p class="cs-found-shown">{_group_says(group)}</p><ul class="cs-found-replies">{replies}</ul>'


def _group_says(group: TriedReplies) -> str:
    return f"{GROUPS[group.follows]}: {len(group.replies)} of {count(group.of, 'reply', 'replies')}"


def _reply_html(reply: TriedReply) -> str:
    return (
        f'<li><p class="cs-quiet">{escape(_where(reply))}</p><p class="cs-quiet" dir="auto">{escape(reply.query)}</p>'
        f'<p dir="auto">{escape(reply.text) or EMPTY}</p></li>'
    )


def _where(reply: TriedReply) -> str:
    under = STATEMENT.under if reply.side == STATEMENT.name else ANTITHESIS.under
    return f"{reply.arm}, {under}"


def _one_line(text: str) -> str:
    return " ".join(text.split()) or EMPTY
