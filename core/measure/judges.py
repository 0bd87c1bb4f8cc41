"""Who says whether a reply follows a principle. Imports no torch.

Whoever counts compliance asks a judge; which one is settled by the one table below, so that all count alike.
"""

from collections.abc import Sequence
from typing import Protocol

from core.constitution.checks import complies
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
        follows = complies(principle.check, response)
        cannot = "took too long" if principle.check.name == "regex" and answer(response).strip() else "cannot judge it"
        why = f"{principle.check} {cannot}" if follows is None else f"{principle.check} is {'' if follows else 'not '}met"
        return Outcome(follows=follows, why=why, by=self.name)


JUDGES: tuple[Judge, ...] = (CheckJudge(),)  # in the order in which they are asked


def judge_of(principle: Principle, judges: Sequence[Judge] = JUDGES) -> Judge | None:
    """The first judge that can judge replies by a principle: one for all replies, so that shares compare."""
    return next((judge for judge in judges if judge.can_judge(principle)), None)
