"""Drafts made of constitutions that others published: what was found, what it became, and what was left out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from core.constitution.checks import Check
from core.constitution.normal import normal, normal_line
from core.constitution.principles import MAX_TITLE_CHARS, Constitution, Principle, short_title, squash
from core.errors import ConstitutionError

MAX_DRAFT_PRINCIPLES = 200
MAX_DRAFT_SCENARIOS = 400  # of one principle; more than a version may hold, so that a long list can be pasted and shortened


@dataclass(frozen=True, kw_only=True)
class Found:
    """A principle as others wrote it."""

    statement: str
    title: str = ""
    antithesis: str = ""
    check: Check | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A constitution that was understood, with what there is to say about how."""

    format: str
    constitution: Constitution = field(default_factory=lambda: Constitution(name="", principles=()))
    used: dict[str, str] = field(default_factory=dict)  # what of a principle came from where
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def draft_of(found: Iterable[Found], name: str, draft: Draft) -> Draft:
    """The draft with principles in the order found, each with a title.

    Raises:
        ConstitutionError: Nothing was found, or more than a draft can hold.
    """
    pieces = list(found)
    if not pieces:
        raise ConstitutionError("There is no principle in this file. Write a list of principles, or headings with a text below each.")
    if len(pieces) > MAX_DRAFT_PRINCIPLES:
        raise ConstitutionError(f"There are {len(pieces)} principles in this file; a draft holds {MAX_DRAFT_PRINCIPLES}. Choose some, or divide it.")
    titles = _titles(pieces)
    principles = [
        Principle(title=title, statement=normal(piece.statement), antithesis=normal(piece.antithesis), check=piece.check)
        for title, piece in zip(titles, pieces, strict=True)
    ]
    notes = list(draft.notes)
    if made := sum(not piece.title.strip() for piece in pieces):
        notes.append(f"{made} title{'s are' if made > 1 else ' is'} made of the first words of the statement.")
    if lacking := sum(not piece.antithesis.strip() for piece in pieces):
        notes.append(f"{lacking} principle{'s have' if lacking > 1 else ' has'} no antithesis yet. Write it, or have it proposed.")
    constitution = Constitution(name=normal_line(name).strip()[:MAX_TITLE_CHARS] or "Untitled", principles=tuple(principles))
    used = {part: source for part, source in draft.used.items() if part != "title" or any(piece.title.strip() for piece in pieces)}
    return replace(draft, constitution=constitution, notes=notes, used=used)


def _titles(pieces: list[Found]) -> list[str]:
    """Titles as they are, or made; a made one that another principle has already is numbered."""
    seen = {squash(piece.title) for piece in pieces if piece.title.strip()}
    titles = []
    for piece in pieces:
        title = normal_line(piece.title).strip()
        if not title:
            first = short_title(piece.statement) or "Principle"
            title, number = first, 1
            while squash(title) in seen:
                number += 1
                title = f"{first[: MAX_TITLE_CHARS - 6]} ({number})"
            seen.add(squash(title))
        titles.append(title)
    return titles
