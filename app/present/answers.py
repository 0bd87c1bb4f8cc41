"""The three questions behind each verdict, with what each answer rests on, and the replies that answer worst."""

from collections.abc import Iterable

from app.present.figures import points, signed
from app.present.text import escape
from core.measure.questions import ANSWERS, DEPENDS, QUESTIONS, ROSE
from core.measure.remarks import CUT, answer_lines, worst_replies
from core.measure.values import OVER_PROMPT, TEXT, Change, PrincipleFigures, Report, WorstReply, roles
from core.methods.arms import inner_title

BEHIND = {OVER_PROMPT: ROSE, TEXT: DEPENDS}  # the question that a change of the judged arm answers


def answers_html(report: Report, principle: PrincipleFigures) -> str:
    """Each question with its answer and figures; what else was compared stands below. An older report has comparisons, and the third unmeasured."""
    trained = roles([figures.arm for figures in report.arms]).trained
    facts: dict[str, list[str]] = {name: [] for name in QUESTIONS}
    others: list[str] = []
    for change in principle.changes:
        own = principle.questions and trained is not None and change.after.arm == trained.key and change.name in BEHIND
        if change.figure.n:
            (facts[BEHIND[change.name]] if own else others).append(f"{_difference(report, change)} {points(change.figure)}")
    facts[ANSWERS] = _sense(report, trained.key) if trained is not None else []
    told = {QUESTIONS[name]: each for name, each in facts.items()}
    lines = "".join(_answer(asked, answer, [*told[asked], *([needs] if needs else [])]) for asked, answer, needs in answer_lines(report, principle))
    listed = f'<dl class="cs-answers">{lines}</dl>' if lines else ""
    return listed + (f'<p class="cs-quiet cs-number">{escape(" · ".join(others))}</p>' if others else "")


def _answer(asked: str, answer: str, facts: Iterable[str]) -> str:
    told = " · ".join(facts)
    figures = f' <span class="cs-quiet cs-number">{escape(told)}</span>' if told else ""
    return f"<div><dt>{escape(asked)}</dt><dd><strong>{escape(answer)}</strong>{figures}</dd></div>"


def _difference(report: Report, change: Change) -> str:
    """`aligned with the constitution − base with the constitution`, or of one arm `statement − antithesis`."""
    if change.before.arm == change.after.arm:
        return f"{change.after.side} − {'its antithesis alone' if change.before.side == 'flip' else change.before.side}"
    titles = {figures.arm.key: inner_title(figures.arm) for figures in report.arms}
    return f"{titles[change.after.arm]} − {titles[change.before.arm]}"


def _sense(report: Report, arm: str) -> list[str]:
    """What the third answer rests on: the arm beside the control."""
    for change in report.sense:
        if change.arm == arm:
            relevance, surprise = signed(change.relevance_nats, 2, "nats"), signed(change.surprise_nats, 2, "nats a token")
            return [f"relevance {relevance}", f"surprise {surprise}", f"repeated runs {points(change.echo)}"]
    return []


def worst_html(report: Report) -> str:
    """The three replies that answer worst, where replies no longer answer; nothing else."""
    replies = worst_replies(report)
    if not replies:
        return ""
    listed = "".join(_worst(reply) for reply in replies)
    return f'<section class="cs-worst"><h3>The replies that answer worst</h3>{listed}</section>'


def _worst(reply: WorstReply) -> str:
    measured = (("relevance {:.2f} nats", reply.relevance_nats), ("surprise {:.2f} nats a token", reply.surprise_nats), ("{:.0%} repeated", reply.echo))
    told = " · ".join([*(words.format(value).replace("-", "−") for words, value in measured if value is not None), *([CUT] if reply.cut else [])])
    return (
        f'<div class="cs-sample"><p class="cs-sample-query" dir="auto">{escape(reply.query)}</p><p class="cs-text" dir="auto">{escape(reply.text)}</p>'
        f'<p class="cs-quiet cs-number">{escape(told)}</p></div>'
    )
