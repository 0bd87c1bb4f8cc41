"""Two constitutions as one document in which every word that was taken out and put in is marked. Pure text.

The pieces of all paragraphs that are not inserted join to the earlier text, those that are not deleted to the later one: whoever accepts every change
has the one, whoever rejects every change the other. How it looks is decided elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.constitution.changes import ConstitutionChange, Piece, PrincipleChange, TextChange, changes, text_change
from core.constitution.checks import Check
from core.constitution.principles import Constitution
from core.constitution.scenarios import Scenario
from core.constitution.suggesting import in_words

Style = Literal["name", "heading", "label", "text"]
Kind = Literal["same", "inserted", "deleted"]
NO_SCENARIO = Scenario(query="")


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One paragraph of the document; its text may have lines."""

    style: Style
    pieces: tuple[Piece, ...]
    number: int | None = None  # of the principle that begins here, as the later text counts; None: none does, or it was removed

    @property
    def kind(self) -> Kind | None:
        """What became of the paragraph as a whole; None where only a part of it changed."""
        kinds = {piece.kind for piece in self.pieces}
        return next(iter(kinds)) if len(kinds) == 1 else None

    @property
    def chars(self) -> int:
        """How long it is, with what was deleted."""
        return sum(len(piece.text) for piece in self.pieces)

    def side(self, later: bool) -> tuple[Piece, ...]:
        """What one of the two texts has of it."""
        return tuple(piece for piece in self.pieces if piece.kind != ("deleted" if later else "inserted"))


def redline(before: Constitution | None, after: Constitution) -> tuple[Paragraph, ...]:
    """The document that both make together.

    Args:
        before: The earlier; None where there was nothing.
        after: The later.
    """
    return paragraphs(changes(before, after))


def paragraphs(change: ConstitutionChange) -> tuple[Paragraph, ...]:
    """The document of a difference: principles in the order of the later text, removed ones behind what they stood behind."""
    name = Paragraph(style="name", pieces=change.name.pieces)
    rule = _labelled("When principles conflict", change.conflict_rule, "same")
    return (name, *(paragraph for each in _in_order(change.principles) for paragraph in _principle(each)), *rule)


def _in_order(principles: tuple[PrincipleChange, ...]) -> list[PrincipleChange]:
    ordered = [each for each in principles if not each.removed]
    for gone in sorted((each for each in principles if each.removed), key=lambda each: each.before or 0):
        place = max((i + 1 for i, each in enumerate(ordered) if each.before == (gone.before or 0) - 1), default=0 if gone.before == 0 else len(ordered))
        ordered.insert(place, gone)
    return ordered


def _principle(change: PrincipleChange) -> Iterator[Paragraph]:
    yield Paragraph(style="heading", pieces=(*_number(change), *change.title.pieces), number=change.after + 1 if change.after is not None else None)
    whole: Kind = "inserted" if change.added else "deleted" if change.removed else "same"
    for label, text in (("Statement", change.statement), ("Antithesis", change.antithesis)):
        yield from _labelled(label, text, whole)
    yield from _labelled("Priority", _replaced(str(change.priority.before or ""), str(change.priority.after or "")), whole)
    yield from _labelled("Check", _replaced(_said(change.check.before), _said(change.check.after)), whole)
    yield from _labelled("Written by", _replaced(str(change.written_by.before or ""), str(change.written_by.after or "")), whole)
    for each in change.scenarios.each:
        yield from _scenario(each.before, each.after)


def _number(change: PrincipleChange) -> Iterator[Piece]:
    numbers = [f"{place + 1}. " if place is not None else "" for place in (change.before, change.after)]
    if numbers[0] == numbers[1]:
        yield Piece("same", numbers[0])
        return
    if numbers[0]:
        yield Piece("deleted", numbers[0])
    if numbers[1]:
        yield Piece("inserted", numbers[1])


def _labelled(label: str, text: TextChange, whole: Kind) -> Iterator[Paragraph]:
    """A text under its label; nothing where neither side has one. A label of ours is new, or gone, with its text."""
    if not text.pieces:
        return
    kinds = {piece.kind for piece in text.pieces}
    kind: Kind = next(iter(kinds)) if len(kinds) == 1 else whole
    yield Paragraph(style="label", pieces=(Piece(kind, label),))
    yield Paragraph(style="text", pieces=text.pieces)


def _said(check: Check | None) -> str:
    """A check as a sentence; one that no program of this studio knows as it is written."""
    if check is None:
        return ""
    return str(check) if check.kept is not None else in_words(check)


def _replaced(before: str, after: str) -> TextChange:
    """A sentence of ours that another one takes the place of, as wholes."""
    if before == after:
        return TextChange((Piece("same", before),) if before else ())
    return TextChange((*((Piece("deleted", before),) if before else ()), *((Piece("inserted", after),) if after else ())))


def _scenario(before: Scenario | None, after: Scenario | None) -> Iterator[Paragraph]:
    whole: Kind = "inserted" if before is None else "deleted" if after is None else "same"
    old, new = before or NO_SCENARIO, after or NO_SCENARIO
    yield from _labelled("Scenario", text_change(old.query, new.query), whole)
    for label, texts in (("Would follow", (old.follows, new.follows)), ("Would not", (old.fails, new.fails))):
        yield from _labelled(label, text_change(*texts), whole)
    if "train" in (old.use, new.use):
        used = [each.use if each is not None else "" for each in (before, after)]
        yield from _labelled("Used to", _replaced(*used), whole)
