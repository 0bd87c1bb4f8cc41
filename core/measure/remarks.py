"""What is said beside the lines of a report: answers to the questions of a principle, the worst replies, what claims are corrected with. Imports no torch."""

from core.measure.questions import ANSWERS, ECHO_RISE, QUESTIONS, RELEVANCE_FALL, SURPRISE_RISE, Answer, Question
from core.measure.statistics import DIFFERENCE, LEVEL, POWER
from core.measure.values import PrincipleFigures, Report, WorstReply, roles

CUT = "cut at the token limit"  # beside a reply that had not ended


def answer_lines(report: Report, principle: PrincipleFigures) -> list[tuple[str, str, str]]:
    """The three questions of a principle: each with its answer and what that rests on, in words. An older report has the third alone, not measured."""
    if principle.verdict is None:
        return []
    if not principle.questions:
        return [(QUESTIONS[ANSWERS], Answer.UNMEASURED.value, "")]
    return [(QUESTIONS[question.name], _answer(question), _needs(question)) for question in principle.questions]


def worst_replies(report: Report) -> tuple[WorstReply, ...]:
    """The replies that a reader should see: the worst ones where those of the arm that was judged no longer answer."""
    trained = roles([figures.arm for figures in report.arms]).trained
    absent = any(question.name == ANSWERS and question.answer is Answer.ABSENT for principle in report.principles for question in principle.questions)
    return next((change.worst for change in report.sense if absent and trained is not None and change.arm == trained.key), ())


def cut_note(report: Report) -> str:
    """What it means that replies were cut; empty where none were."""
    if not any(figures.cut.value for figures in report.arms):
        return ""
    return (
        "A reply that is cut at the token limit (max_new_tokens) had not ended by itself: it is judged, traced and read as far as it goes, "
        "and might have gone on otherwise than it began."
    )


def _answer(question: Question) -> str:
    return f"{question.answer.value} (the contrary is shown)" if question.contrary else question.answer.value


def _needs(question: Question) -> str:
    if question.more_queries is None:
        return ""
    difference = f"a difference of {100 * DIFFERENCE:.0f} points"
    if question.more_queries == 0:
        return f"{difference} would have been seen in {POWER:.0%} of results"
    return f"about {question.more_queries:,} more {'query' if question.more_queries == 1 else 'queries'} would show {difference}"


def family_note(report: Report) -> str:
    """With what the claims of a report are corrected, and what its words mean. Empty for an older report, of which none were."""
    n = sum(question.p_corrected is not None for principle in report.principles for question in principle.questions)
    if not n:
        return ""
    together = f"the {n} comparisons behind the first two questions of all principles" if n > 1 else "the one comparison that could be made"
    return (
        f"A claim that is “shown” is corrected over {together} (Holm, {LEVEL:.0%} for all of them); “shown to be absent” excludes a difference of "
        f"{100 * DIFFERENCE:.0f} points, each by itself. Replies no longer answer where, beside the base with the same constitution and beyond chance, "
        f"relevance fell by more than {RELEVANCE_FALL:.0%} of its cap, surprise rose by more than {SURPRISE_RISE:g} nats a token, or repeated runs by "
        f"more than {100 * ECHO_RISE:.0f} points. Every interval in the table holds by itself."
    )
