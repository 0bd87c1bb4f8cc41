"""Marks: what people say of replies, arm and side hidden, and the judge that answers from them. Imports no torch.

A mark is known by what the person saw, never by where the reply came from: replies that read alike have the same marks.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.constitution.principles import Principle
from core.measure.judges import CheckJudge, Judge
from core.measure.values import Outcome

NAMED = 4  # people whose names stand in the judge's; of more the number


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What one person says of one reply and one principle."""

    principle: str  # as `identity` knows it
    query: str
    shown: str  # sha256 of what the person saw, as `shown_hash` gives it
    who: str
    follows: bool | None  # None: cannot tell


def identity(principle: Principle) -> str:
    """What a principle is known by: its id; in a file that never saw a database its texts."""
    return principle.id or hashlib.sha256(json.dumps([principle.statement, principle.antithesis]).encode()).hexdigest()[:32]


def shown_hash(principle: Principle, query: str, response: str) -> str:
    """The sha256 of exactly what a card shows: the principle's statement and antithesis, the query and the reply, as a JSON list."""
    return hashlib.sha256(json.dumps([principle.statement, principle.antithesis, query, response]).encode()).hexdigest()


def listed(names: Sequence[str]) -> str:
    """`Ada`, `Ada and Bob`, `Ada, Bob and Cleo`; of many the number."""
    if len(names) > NAMED:
        return f"{len(names)} people"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


class MarkJudge:
    """The people who marked replies by one principle. Where two of them disagree, or one cannot tell, nothing is judged."""

    def __init__(self, principle: str, marks: Iterable[Mark]) -> None:
        self.principle = principle
        self.by_shown: dict[str, list[Mark]] = {}
        for mark in marks:
            if mark.principle == principle:
                self.by_shown.setdefault(mark.shown, []).append(mark)
        given = [mark for those in self.by_shown.values() for mark in those]
        self.people = sorted({mark.who for mark in given}, key=lambda name: (name.casefold(), name))
        self.queries = {mark.query for mark in given}
        self.name = f"marks by {listed(self.people)}"

    def can_judge(self, principle: Principle) -> bool:
        """Whether anybody has marked a reply by this principle."""
        return bool(self.by_shown) and identity(principle) == self.principle

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        """What all who marked it agree on. An empty reply is no card: it follows nothing, as for a program, on the queries of which others were marked."""
        if not response and query in self.queries:
            return Outcome(follows=False, why="the reply is empty", by=self.name)
        given = sorted(self.by_shown.get(shown_hash(principle, query, response), ()), key=lambda mark: mark.who)
        if not given:
            return Outcome(follows=None, why="nobody has marked it", by=self.name)
        said = {follows: listed([mark.who for mark in given if mark.follows is follows]) for follows in (True, False, None)}
        if said[None]:
            return Outcome(follows=None, why=f"{said[None]} cannot tell", by=self.name)
        if said[True] and said[False]:
            return Outcome(follows=None, why=f"{said[True]}: follows; {said[False]}: does not", by=self.name)
        return Outcome(follows=bool(said[True]), why=f"marked by {said[True] or said[False]}", by=self.name)


class RunnableCheck(CheckJudge):
    """A program, where the studio has it: a check of another version of the studio leaves the principle to people."""

    def can_judge(self, principle: Principle) -> bool:
        """Whether the check is one that can be run here."""
        return principle.check is not None and principle.check.kept is None


def judges_with(marks: Sequence[Mark]) -> tuple[Judge, ...]:
    """Who may judge where people have marked replies: a program first, then people, each principle by those who marked it."""
    people = (MarkJudge(principle, marks) for principle in dict.fromkeys(mark.principle for mark in marks))
    return (RunnableCheck(), *people, CheckJudge())
