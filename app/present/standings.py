"""The answer, before any figure: for each principle one of five words, one sentence, and the best and the worst reply. Nothing here judges.

The words stand in `core.measure.standings`; a sign in a frame of its own shape says each of them a second time, and colour only repeats it.
"""

from collections.abc import Sequence

from app.present.text import count, escape, isolated
from core.measure.extremes import extreme_says, extreme_title
from core.measure.rows import scenarios_say
from core.measure.standings import MEANINGS, Standing, standing
from core.measure.values import Extreme, PrincipleFigures, Report, roles
from core.methods.arms import Arm, inner_title, trained_name

SIGNS = {Standing.FOLLOWED: "✓", Standing.FORM_ONLY: "◐", Standing.NO_RISE: "=", Standing.NOT_FOLLOWED: "✕", Standing.NOT_JUDGED: "?"}
MOST_CHARS = 600  # of a reply that is shown here; all of them can be downloaded
NO_VERDICT = "No verdict could be made: what was trained and what it is held against were not both measured."


def standing_html(found: Standing) -> str:
    """One word with its sign."""
    return (
        f'<span class="cs-standing" data-standing="{found.name.lower().replace("_", "-")}">'
        f'<span class="cs-standing-sign" aria-hidden="true">{SIGNS[found]}</span>{found.value}</span>'
    )


def answer_html(report: Report, judging: Sequence[str] = ()) -> str:
    """What came out for each principle, with the replies to read first.

    Args:
        report: On whose principles.
        judging: Who judged each, as `app.present.marks` says it; nothing where nobody can mark.
    """
    beside = judging or [""] * len(report.principles)
    items = "".join(_principle(*each) for each in zip(report.principles, beside, strict=True))
    return f'<h2 id="answer">{_heading(report)}</h2><ol class="cs-answer">{items}</ol>{_notes(report)}'


def _heading(report: Report) -> str:
    return "Is it followed?" if len(report.principles) == 1 else "Which principles are followed?"


def _principle(principle: PrincipleFigures, judging: str) -> str:
    found = standing(principle)
    finer = principle.verdict.value if principle.verdict is not None and principle.verdict.value != found.value else ""
    said = f'<span class="cs-quiet cs-finer">{escape(finer)}</span>' if finer else ""
    sentence = isolated(principle.sentence, principle.title) if principle.sentence else NO_VERDICT
    own = f'<p class="cs-finding-says">{escape(scenarios_say(principle))}</p>' if scenarios_say(principle) else ""
    replies = "".join(_extreme(each) for each in principle.extremes)
    beside = f'<div class="cs-extremes">{replies}</div>' if replies else ""
    return (
        f'<li class="cs-came-out"><p class="cs-came-out-word">{standing_html(found)}{said}</p><div><h3 dir="auto">{escape(principle.title)}</h3>'
        f'<p class="cs-finding-says">{sentence}</p>{own}{judging}{beside}</div></li>'
    )


def _extreme(extreme: Extreme) -> str:
    text = extreme.text if len(extreme.text) <= MOST_CHARS else f"{extreme.text[:MOST_CHARS].rsplit(' ', 1)[0]} …"
    reply = f'<p class="cs-text" dir="auto">{escape(text)}</p>' if text.strip() else '<p class="cs-quiet">(an empty reply)</p>'
    read = f" Relevance {extreme.relevance_nats:.2f} nats.".replace("-", "−") if extreme.relevance_nats is not None else ""
    return (
        f'<section class="cs-extreme" data-kind="{extreme.kind}"><h4 class="cs-label">{extreme_title(extreme)}</h4>'
        f'<p class="cs-extreme-query" dir="auto">{escape(extreme.query)}</p>{reply}'
        f'<p class="cs-quiet cs-number">{escape(extreme_says(extreme) + read)}</p></section>'
    )


def _notes(report: Report) -> str:
    """What the words mean that are used, and how the replies were chosen."""
    used = {standing(principle) for principle in report.principles}
    meanings = "; ".join(f"<b>{found.value}</b>, {MEANINGS[found]}" for found in Standing if found in used)
    trained = roles([figures.arm for figures in report.arms]).trained
    shown = trained is not None and any(principle.extremes for principle in report.principles)
    chosen = (
        f" Replies are {_whose(trained)} under the statements, to {count(report.n_queries, 'held-out query', 'held-out queries')}; "
        "relevance says how surely the base tells the query of a reply from others by the reply alone."
        if shown and trained is not None
        else ""
    )
    none = "" if shown else " No best and no worst reply was chosen for this result; all replies are below, as a file."
    return f'<p class="cs-quiet cs-answer-notes">What the words mean: {meanings}.{chosen}{none}</p>'


def _whose(arm: Arm) -> str:
    return f"the {escape(trained_name(arm))} model’s" if arm.artifact is not None else f"of {escape(inner_title(arm))}"
