"""Beside each principle of a result: who judged it, how far those agree who marked, and the way to mark more."""

from collections.abc import Sequence

from app.present.text import escape, isolated
from app.services.marked import ModelHeard
from core.measure.asked_models import model_says
from core.measure.marked import MarksOf, marks_says
from core.measure.rows import judged_by
from core.measure.values import Report


def judging_html(run_id: int, report: Report, marks: Sequence[MarksOf | None], models: Sequence[ModelHeard]) -> list[str]:
    """A paragraph for each principle."""
    found = []
    for number, principle in enumerate(report.principles, 1):
        given = marks[number - 1] if marks else None
        of_models = [heard.says[number - 1] for heard in models]
        says = " ".join((judged_by(principle), *(marks_says(given) if given is not None else ()), *map(model_says, of_models)))
        names = (*(given.people if given is not None else ()), *(model.name for model in of_models))
        link = f'<a href="./mark?run={run_id}&amp;principle={number}">{"Mark more replies" if given is not None else "Mark replies"}</a>'
        found.append(f'<p class="cs-quiet cs-judged-by">{isolated(says, *names)} {link}</p>')
    return found


def marks_problem_html(problem: str) -> str:
    """Why the marks that there are do not count."""
    return f'<div class="cs-notice cs-notice-problem" role="alert"><p>{escape(problem)}</p></div>' if problem else ""
