"""What differs between two constitutions, and between two texts, as values. How they look is decided elsewhere. Pure text."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle, WrittenBy, squash
from core.constitution.scenario_changes import ScenariosChange, scenarios_change
from core.constitution.text import pieces as text_pieces

MAX_WORD_PAIRS = 4_000_000  # a block with more word pairs than this is shown as replaced as a whole: difflib is quadratic
MAX_STEPS = 20_000_000  # of one comparison, a second or two; difflib is cubic where the same few words come again and again

T = TypeVar("T")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both sides have, or only one of them."""

    kind: Literal["same", "inserted", "deleted"]
    text: str


@dataclass(frozen=True)
class TextChange:
    """A text before and after: the pieces that are not inserted join to the one, those that are not deleted to the other."""

    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return any(piece.kind != "same" for piece in self.pieces)


@dataclass(frozen=True)
class ValueChange(Generic[T]):
    """A value that is replaced as a whole. None: there was none, or there is none now."""

    before: T | None
    after: T | None

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return self.before != self.after


@dataclass(frozen=True, kw_only=True)
class PrincipleChange:
    """What became of one principle."""

    before: int | None  # its index in the constitution before; None: it was added
    after: int | None  # its index in the constitution after; None: it was removed
    title: TextChange
    statement: TextChange
    antithesis: TextChange
    check: ValueChange[Check]
    written_by: ValueChange[WrittenBy]
    scenarios: ScenariosChange
    priority: ValueChange[int]

    @property
    def added(self) -> bool:
        """Whether only the constitution after has it."""
        return self.before is None

    @property
    def removed(self) -> bool:
        """Whether only the constitution before has it."""
        return self.after is None

    @property
    def moved(self) -> bool:
        """Whether it stands in another place, be it because something before it was added or removed."""
        return self.before is not None and self.after is not None and self.before != self.after

    @property
    def renamed(self) -> bool:
        """Whether a principle that both have has another title."""
        return not self.added and not self.removed and self.title.changed

    @property
    def rewritten(self) -> bool:
        """Whether anything that it says of itself differs, its title included."""
        return any(part.changed for part in (self.title, self.statement, self.antithesis, self.check, self.written_by, self.scenarios, self.priority))

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell."""
        return self.added or self.removed or self.moved or self.rewritten


@dataclass(frozen=True, kw_only=True)
class ConstitutionChange:
    """What became of a constitution."""

    name: TextChange
    conflict_rule: TextChange
    principles: tuple[PrincipleChange, ...]  # every one that either has: in the order of the constitution after, then what was removed

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell."""
        return self.name.changed or self.conflict_rule.changed or any(principle.changed for principle in self.principles)


def changes(before: Constitution | None, after: Constitution) -> ConstitutionChange:
    """The structural difference of two constitutions.

    A principle is known by its id. Where one of two has none, as in a file that never saw a database, it is known by its title, or else by
    its statement, in whatever case and spacing; the first that fits is taken. Two different ids are two principles, whatever they say.

    Args:
        before: None where there was nothing: every principle is new then, and the name is no change.
        after: The later of the two.
    """
    old = before.principles if before is not None else ()
    partners = _partners(old, after.principles)
    kept = [_principle_change((old[partners[i]], partners[i]) if i in partners else None, (new, i)) for i, new in enumerate(after.principles)]
    removed = [_principle_change((principle, j), None) for j, principle in enumerate(old) if j not in partners.values()]
    name = text_change(before.name if before is not None else after.name, after.name)
    rule = text_change(before.conflict_rule if before is not None else "", after.conflict_rule)
    return ConstitutionChange(name=name, conflict_rule=rule, principles=(*kept, *removed))


def _partners(before: Sequence[Principle], after: Sequence[Principle]) -> dict[int, int]:
    """Index after -> index before, for the principles that both have."""
    partners: dict[int, int] = {}
    for is_same in (_same_id, _same_title, _same_statement):
        for i in (i for i in range(len(after)) if i not in partners):
            match = _first(before, after[i], is_same, set(partners.values()))
            if match is not None:
                partners[i] = match
    return partners


def _first(before: Sequence[Principle], principle: Principle, is_same: Callable[[Principle, Principle], bool], taken: set[int]) -> int | None:
    return next((j for j, old in enumerate(before) if j not in taken and is_same(old, principle)), None)


def _same_id(old: Principle, new: Principle) -> bool:
    return bool(new.id) and old.id == new.id


def _same_title(old: Principle, new: Principle) -> bool:
    return not (old.id and new.id) and bool(squash(new.title)) and squash(old.title) == squash(new.title)


def _same_statement(old: Principle, new: Principle) -> bool:
    return not (old.id and new.id) and bool(squash(new.statement)) and squash(old.statement) == squash(new.statement)


def _principle_change(before: tuple[Principle, int] | None, after: tuple[Principle, int] | None) -> PrincipleChange:
    old, new = before and before[0], after and after[0]

    def text(read: Callable[[Principle], str]) -> TextChange:
        return text_change(read(old) if old else "", read(new) if new else "")

    return PrincipleChange(
        before=before[1] if before else None,
        after=after[1] if after else None,
        title=text(lambda principle: principle.title),
        statement=text(lambda principle: principle.statement),
        antithesis=text(lambda principle: principle.antithesis),
        check=ValueChange(old.check if old else None, new.check if new else None),
        written_by=ValueChange(old.written_by if old else None, new.written_by if new else None),
        scenarios=scenarios_change(old.scenarios if old else (), new.scenarios if new else ()),
        priority=ValueChange(old.priority if old else None, new.priority if new else None),
    )


def text_change(before: str, after: str) -> TextChange:
    """What became of a text."""
    return TextChange(tuple(diff_pieces(before, after)))


def diff_pieces(before: str, after: str) -> list[Piece]:
    """What was inserted and deleted, by words: first the lines are matched, then the words inside the lines that differ.

    The pieces that are not inserted join to `before`, and those that are not deleted to `after`.
    """
    pieces: list[Piece] = []
    for piece in _by_lines(before.splitlines(keepends=True), after.splitlines(keepends=True), _Steps(MAX_STEPS)):
        if pieces and pieces[-1].kind == piece.kind:
            piece = Piece(piece.kind, pieces.pop().text + piece.text)
        pieces.append(piece)
    return _spaces_last(pieces)


def _spaces_last(pieces: list[Piece]) -> list[Piece]:
    """Say `+very ` instead of `+ very` where both mean the same, so that a sign stands at its word."""
    tidy = [*pieces]
    for i in range(1, len(tidy) - 1):
        before, edit, after = tidy[i - 1 : i + 2]
        space = edit.text[: len(edit.text) - len(edit.text.lstrip())]
        if space and before.kind == after.kind == "same" and edit.kind != "same" and after.text.startswith(space):
            moved = (Piece("same", before.text + space), Piece(edit.kind, edit.text[len(space) :] + space), Piece("same", after.text[len(space) :]))
            tidy[i - 1 : i + 2] = moved
    return [piece for piece in tidy if piece.text]


@dataclass
class _Steps:
    """What all matchers of one comparison may take together, however many blocks of lines its texts have."""

    left: int


class _Matcher(difflib.SequenceMatcher[str]):
    """difflib's, which ends: once the steps of the whole comparison are taken, what is not matched yet counts as replaced."""

    def __init__(self, before: list[str], after: list[str], steps: _Steps) -> None:
        super().__init__(None, before, after, autojunk=False)
        self.before, self.times, self.steps = before, Counter(after), steps

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> difflib.Match:
        self.steps.left -= sum(self.times[part] + 1 for part in self.before[alo:ahi])
        return super().find_longest_match(alo, ahi, blo, bhi) if self.steps.left > 0 else difflib.Match(alo, blo, 0)


def _by_lines(before: list[str], after: list[str], steps: _Steps) -> Iterator[Piece]:
    for tag, i, j, k, m in _Matcher(before, after, steps).get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            yield Piece("same", old)
        else:
            yield from _by_words(text_pieces(old), text_pieces(new), steps)


def _by_words(before: list[str], after: list[str], steps: _Steps) -> Iterator[Piece]:
    if len(before) * len(after) > MAX_WORD_PAIRS:
        yield from _replaced("".join(before), "".join(after))
        return
    for tag, i, j, k, m in _Matcher(before, after, steps).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(before[i:j]))
        else:
            yield from _replaced("".join(before[i:j]), "".join(after[k:m]))


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece("deleted", old)
    if new:
        yield Piece("inserted", new)
