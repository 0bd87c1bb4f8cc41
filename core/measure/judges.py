"""Who says whether a reply follows a principle. Imports no torch.

Whoever counts compliance asks a judge; which one is settled by the one table below, so that all count alike.
"""

import time
from collections.abc import Sequence
from typing import Protocol

from core.constitution.checks import Check, complies
from core.constitution.principles import Constitution, Principle
from core.constitution.text import answer
from core.measure.values import Cell, Outcome


class Judge(Protocol):
    """Anything that says whether a response follows a principle: a program, a model, a person."""

    @property
    def name(self) -> str:
        """As outcomes and reports name it."""

    def can_judge(self, principle: Principle) -> bool:
        """Whether it has what it needs to judge replies by this principle."""

    def reads(self, cell: Cell) -> bool:
        """Whether it judges the replies of an arm under a side; of others it says nothing."""

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        """Its outcome on one response."""


class CheckJudge:
    """The program that a principle names as its check."""

    name = "check"

    def can_judge(self, principle: Principle) -> bool:
        """Whether the principle has a check."""
        return principle.check is not None

    def reads(self, cell: Cell) -> bool:
        """Whatever there is."""
        return True

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


PATTERN_S = 3.0  # for one pattern on all replies of a measurement


class Patient:
    """A judge that searches with a pattern, for so long in all: the replies that it does not get to are unjudged, so that no measurement hangs on one."""

    def __init__(self, judge: Judge, most_s: float = PATTERN_S) -> None:
        self.judged_by, self.left_s = judge, most_s
        self.name = judge.name

    def can_judge(self, principle: Principle) -> bool:
        """As the judge itself."""
        return self.judged_by.can_judge(principle)

    def reads(self, cell: Cell) -> bool:
        """As the judge itself."""
        return self.judged_by.reads(cell)

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        """The judge's outcome, until its time is over."""
        if self.left_s <= 0:
            return Outcome(follows=None, why=f"{principle.check} took too long on other replies: it is out of time", by=self.name)
        began = time.monotonic()
        outcome = self.judged_by.judge(principle, query, response)
        self.left_s -= max(0.0, time.monotonic() - began - ORDINARY_S)
        return outcome


ORDINARY_S = 0.005  # what a harmless pattern takes of a long reply, and more; only the time above it counts
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
    """The first judge that can judge replies by a principle: one for all replies of a measurement, so that shares compare."""
    judge = next((judge for judge in judges if judge.can_judge(principle)), None)
    return Patient(judge) if judge is not None and principle.check is not None and principle.check.name == "regex" else judge


def follows_each(constitution: Constitution, queries: Sequence[str], replies: Sequence[str]) -> list[tuple[int, bool]]:
    """Which reply, and whether it follows a principle, for each principle and reply as far as that can be judged."""
    judged = [(principle, judge) for principle in constitution.principles if (judge := judge_of(principle)) is not None]
    found = [(i, judge.judge(principle, *asked).follows) for principle, judge in judged for i, asked in enumerate(zip(queries, replies, strict=True))]
    return [(i, follows) for i, follows in found if follows is not None]
