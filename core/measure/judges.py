"""Who says whether a reply follows a principle. Imports no torch.

Whoever counts compliance asks a judge; which one is settled by the one table below, so that all count alike.
"""

from collections.abc import Sequence
from typing import Protocol

from core.constitution.checks import Check, complies
from core.constitution.principles import Principle
from core.constitution.text import answer
from core.measure.values import Outcome


class Judge(Protocol):
    """Anything that says whether a response follows a principle: a program, a model, a person."""

    @property
    def name(self) -> str:
        """As outcomes and reports name it."""

    def can_judge(self, principle: Principle) -> bool:
        """Whether it has what it needs to judge replies by this principle."""

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        """Its outcome on one response."""


class CheckJudge:
    """The program that a principle names as its check."""

    name = "check"

    def can_judge(self, principle: Principle) -> bool:
        """Whether the principle has a check."""
        return principle.check is not None

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        """An empty reply follows no principle: it counts as a miss, not as unjudged, so that collapsing into silence can never raise a share."""
        if principle.check is None:
            return Outcome(follows=None, why="the principle has no check", by=self.name)
        if not response:
            return Outcome(follows=False, why="the reply is empty", by=self.name)
        if (kept := principle.check.kept) is not None:
            return Outcome(follows=None, why=f"no program of this studio can judge it: {kept.why}", by=self.name)
        follows = complies(principle.check, response)
        if follows is None:
            return Outcome(follows=None, why=f"{principle.check} {_reason(principle.check, response)}", by=self.name)
        why = f"{principle.check} is {'' if follows else 'not '}met"
        return Outcome(follows=follows, why=why, by=self.name)


NOT_JUDGED = {
    "capital_letters": "most of its letters have no case",
    "lowercase": "most of its letters have no case",
    "language": "it is too short or too mixed to tell its language",
    "max_sentences": "its script does not mark where sentences end",
}


def _reason(check: Check, response: str) -> str:
    """Why a check says nothing of a reply."""
    if not answer(response).strip():
        return "cannot judge it: there is no answer in it"
    return f"cannot judge it: {NOT_JUDGED[check.name]}" if check.name in NOT_JUDGED else "took too long"


JUDGES: tuple[Judge, ...] = (CheckJudge(),)  # in the order in which they are asked


def judge_of(principle: Principle, judges: Sequence[Judge] = JUDGES) -> Judge | None:
    """The first judge that can judge replies by a principle: one for all replies, so that shares compare."""
    return next((judge for judge in judges if judge.can_judge(principle)), None)
