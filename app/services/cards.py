"""Where somebody is with the cards of a run or a check. Neither arm nor side of a card leaves this module but to be stored.

Everybody is dealt the same cards in the same order, and how far one has come is which of them one has marked: nothing is lost with a page or a process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.constitution.principles import Constitution, Principle
from core.errors import ConfigError
from core.measure.cards import Card, Deals, dealt, dealt_together, expected_of, identity
from core.measure.values import Answered
from core.runs.checked import CheckedReplies, check_cards

FOLLOWS: Mapping[str, bool | None] = {"follows": True, "does not": False, "cannot tell": None}  # what somebody may say


@dataclass(frozen=True)
class Source:
    """Whose replies are marked: those of a run, or of a check before one; or those of two runs, mixed, by the text of one of them."""

    kind: Literal["run", "check"]
    id: int
    beside: int | None = None  # the other run, where the two are evidence for an amendment

    def __str__(self) -> str:
        """What its cards are dealt by, and what it is called."""
        return f"{self.kind} {self.id}" + (f" beside run {self.beside}" if self.beside is not None else "")

    @property
    def run(self) -> int | None:
        return self.id if self.kind == "run" else None

    @property
    def check(self) -> int | None:
        return self.id if self.kind == "check" else None


@dataclass(frozen=True, kw_only=True)
class MarkWish:
    """What somebody marks."""

    principle: int | None = None  # from 1 on; None: the first that no program judges and that they have not marked
    deals: int = 1  # how many deals of cards they want at least


@dataclass(frozen=True, kw_only=True)
class PrincipleToMark:
    """One principle, and how far somebody has come with it."""

    number: int
    title: str
    check: str | None  # the program that judges it, where there is one
    done: int
    total: int  # cards of the deals that they were given


@dataclass(frozen=True, kw_only=True)
class CardShown:
    """All that is told of a card."""

    card: str  # what it is known by: the sha256 of what is seen
    query: str
    reply: str
    would_follow: str = ""  # where the query is a scenario of the principle: what its author says a reply would do that follows it
    would_not: str = ""  # and one that does not
    cut: bool = False  # whether the reply was cut at the token limit; where that was not kept it is not


@dataclass(frozen=True, kw_only=True)
class Given:
    """A mark of one's own that counts."""

    id: int
    principle: str  # its identity
    shown: str


@dataclass(frozen=True, kw_only=True)
class Marking:
    """Where somebody is with one principle of one run, or of one check."""

    run: int | None
    check: int | None
    beside: int | None  # the run whose replies are mixed with those of the other
    amendment: int | None  # that those two runs are evidence for
    constitution: str
    principles: tuple[PrincipleToMark, ...]
    number: int
    title: str
    statement: str
    antithesis: str
    card: CardShown | None  # the next; None: all that were dealt are marked
    deals: int  # that were dealt
    done: int
    total: int
    more: int  # cards of the next deal
    last: int | None  # the mark that an undo takes back
    says: tuple[str, ...] = field(default=())  # what came out, once all are marked


@dataclass(frozen=True, kw_only=True)
class Book:
    """What can be marked of a run or a check."""

    source: Source
    constitution: Constitution
    cards: tuple[Deals, ...]  # of each principle
    amendment: int | None = None  # that they are evidence for

    def principle(self, number: int) -> Principle:
        """One by its number, from 1 on.

        Raises:
            ConfigError: There is none.
        """
        principles = self.constitution.principles
        if not 1 <= number <= len(principles):
            listed = ", ".join(f"{i} “{principle.title}”" for i, principle in enumerate(principles, 1))
            raise ConfigError(f"There is no principle {number}; the constitution has {listed}.")
        return principles[number - 1]

    def deals(self, number: int) -> Deals:
        """The cards of one principle, deal by deal."""
        self.principle(number)  # or there is none
        return self.cards[number - 1]

    def card(self, number: int, shown: str) -> Card:
        """A card by what it is known by.

        Raises:
            ConfigError: It is none of this principle.
        """
        found = next((card for deal in self.deals(number) for card in deal if card.shown == shown), None)
        if found is None:
            raise ConfigError(f"This card is none of the {self.source.kind} any more. Reload the page, then go on.")
        return found


def run_book(source: Source, constitution: Constitution, answered: Answered, name: str = "") -> Book:
    """What can be marked of a run; its name, which decides the order of the cards, is what it is called unless it is given."""
    positions = range(len(constitution.principles))
    return Book(source=source, constitution=constitution, cards=tuple(dealt(constitution, i, answered, name or str(source)) for i in positions))


def check_book(source: Source, constitution: Constitution, replies: CheckedReplies, name: str = "") -> Book:
    """The same of a check."""
    positions = range(len(constitution.principles))
    return Book(source=source, constitution=constitution, cards=tuple(check_cards(constitution, i, replies, name or str(source)) for i in positions))


def book_of_both(source: Source, constitution: Constitution, both: Sequence[tuple[str, Answered]], amendment: int) -> Book:
    """The same of two runs, mixed, by the text of one of them; each with its name."""
    cards = tuple(dealt_together(principle, both) for principle in constitution.principles)
    return Book(source=source, constitution=constitution, cards=cards, amendment=amendment)


def look(book: Book, given: Sequence[Given], wish: MarkWish) -> Marking:
    """Where somebody is.

    Args:
        book: What can be marked.
        given: Their own marks that count, oldest first.
        wish: Which principle, and how many deals.

    Raises:
        ConfigError: There is no such principle.
    """
    stacks = [_Stack(book, number, given) for number in range(1, len(book.constitution.principles) + 1)]
    listed = tuple(stack.told(1) for stack in stacks)
    number = wish.principle if wish.principle is not None else _first(listed)
    principle = book.principle(number)
    stack = stacks[number - 1]
    n_deals, here = stack.dealt(wish.deals), stack.told(wish.deals)
    card = stack.next(wish.deals)
    return Marking(
        run=book.source.run,
        check=book.source.check,
        beside=book.source.beside,
        amendment=book.amendment,
        constitution=book.constitution.name,
        principles=tuple(here if told.number == number else told for told in listed),
        number=number,
        title=principle.title,
        statement=principle.statement,
        antithesis=principle.antithesis,
        card=_shown(principle, card) if card is not None else None,
        deals=n_deals,
        done=here.done,
        total=here.total,
        more=len(stack.deals[n_deals]) if n_deals < len(stack.deals) else 0,
        last=stack.last,
    )


def _shown(principle: Principle, card: Card) -> CardShown:
    expected = expected_of(principle, card.query)
    said = {"would_follow": expected.follows, "would_not": expected.fails} if expected is not None else {}
    return CardShown(card=card.shown, query=card.query, reply=card.text, cut=card.cut, **said)


def _first(listed: Sequence[PrincipleToMark]) -> int:
    """Where to begin: a principle that only a person can judge, and that is not done."""
    order = sorted(listed, key=lambda told: (told.done >= told.total, told.check is not None, told.number))
    return order[0].number


class _Stack:
    """The cards of one principle, and which of them somebody has marked."""

    def __init__(self, book: Book, number: int, given: Sequence[Given]) -> None:
        self.principle, self.number, self.deals = book.principle(number), number, book.deals(number)
        there = {card.shown for deal in self.deals for card in deal}
        mine = [mark for mark in given if mark.principle == identity(self.principle) and mark.shown in there]
        self.marked = {mark.shown for mark in mine}
        self.last = mine[-1].id if mine else None

    def dealt(self, wanted: int) -> int:
        """As many deals as are wanted, and all that were begun."""
        begun = [place for place, deal in enumerate(self.deals, 1) if any(card.shown in self.marked for card in deal)]
        return min(len(self.deals), max(1, wanted, *begun))

    def told(self, wanted: int) -> PrincipleToMark:
        cards = [card for deal in self.deals[: self.dealt(wanted)] for card in deal]
        check = self.principle.check
        program = str(check) if check is not None and check.kept is None else None
        done = sum(card.shown in self.marked for card in cards)
        return PrincipleToMark(number=self.number, title=self.principle.title, check=program, done=done, total=len(cards))

    def next(self, wanted: int) -> Card | None:
        return next((card for deal in self.deals[: self.dealt(wanted)] for card in deal if card.shown not in self.marked), None)
