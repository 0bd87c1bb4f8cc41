"""Marks: what people say of replies, arm and side hidden, and the judge that answers from them. Imports no torch.

A mark is known by what the person saw, never by where the reply came from: replies that read alike have the same marks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.constitution.principles import Principle
from core.measure.cards import Deals, identity, shown_hash
from core.measure.judges import CheckJudge, Judge
from core.measure.values import Cell, Outcome

MARKS_BY = "marks by "  # how the name of a judge begins that is people
NAMED = 4  # people whose names stand in the judge's; of more the number


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What one person says of one reply and one principle."""

    principle: str  # as `identity` knows it
    query: str
    shown: str  # sha256 of what the person saw, as `shown_hash` gives it
    who: str
    follows: bool | None  # None: cannot tell


def listed(names: Sequence[str]) -> str:
    """`Ada`, `Ada and Bob`, `Ada, Bob and Cleo`; of many the number."""
    if len(names) > NAMED:
        return f"{len(names)} people"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


class MarkJudge:
    """The people who marked replies by one principle. Where two of them disagree, or one cannot tell, nothing is judged.

    Deals count as wholes: a share of what happens to be marked so far would be read again after every mark, and shown as soon as it is high.
    """

    def __init__(self, principle: str, marks: Iterable[Mark], deals: Deals, cells: Collection[Cell]) -> None:
        """Of the marks, those of its cards, which `deals` are; `cells` is what they were dealt from."""
        self.principle, self.cells = principle, cells
        self.by_shown: dict[str, list[Mark]] = {}
        there = {card.shown for deal in deals for card in deal}
        for mark in marks:
            if mark.principle == principle and mark.shown in there:
                self.by_shown.setdefault(mark.shown, []).append(mark)
        cards = [card for deal in deals if all(card.shown in self.by_shown for card in deal) for card in deal]
        self.counted = {card.shown for card in cards}
        given = [mark for those in self.by_shown.values() for mark in those]
        self.people = sorted({mark.who for mark in given}, key=lambda name: (name.casefold(), name))
        self.name = f"{MARKS_BY}{listed(self.people)}"
        self.queries = {card.query for card in cards} - {card.query for card in cards if self._agreed(card.shown).follows is None}

    def can_judge(self, principle: Principle) -> bool:
        """Whether people have marked a whole deal of replies by this principle."""
        return bool(self.counted) and identity(principle) == self.principle

    def reads(self, cell: Cell) -> bool:
        """Whether people are asked about the replies of an arm under a side: what they were not asked about, they judged nothing of."""
        return cell in self.cells

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        """What all who marked it agree on. An empty reply is no card: it follows nothing, as for a program, on the queries of which all others were judged."""
        if not response and query in self.queries:
            return Outcome(follows=False, why="the reply is empty", by=self.name)
        return self._agreed(shown_hash(principle, query, response))

    def _agreed(self, shown: str) -> Outcome:
        given = sorted(self.by_shown[shown] if shown in self.counted else (), key=lambda mark: mark.who)
        if not given:
            return Outcome(follows=None, why="nobody has marked it, or not yet all that was dealt with it", by=self.name)
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


def judges_with(marks: Sequence[Mark], deals: Mapping[str, Deals], cells: Collection[Cell], models: Sequence[Judge] = ()) -> tuple[Judge, ...]:
    """Who may judge where people have marked replies, or models were asked: a program first, then people, each principle by those who marked it,
    then models.

    Args:
        marks: Of everybody.
        deals: The cards of each principle, by its identity.
        cells: What they were dealt from.
        models: Those that may be used, the one to be asked first before the others.
    """
    people = (MarkJudge(principle, marks, deals.get(principle, ()), cells) for principle in dict.fromkeys(mark.principle for mark in marks))
    return (RunnableCheck(), *people, *models, CheckJudge())
