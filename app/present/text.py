"""Text as HTML: everything a person or a model wrote is escaped here, and nowhere is it read as a template or as Markdown."""

import difflib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

MAX_WORD_PAIRS = 4_000_000  # a block with more word pairs than this is shown as replaced as a whole: difflib is quadratic

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both sides have, or only one of them."""

    kind: Literal["same", "inserted", "deleted"]
    text: str


def escape(text: object) -> str:
    """The text as HTML that shows it as written; also safe inside a quoted attribute."""
    return html.escape(str(text), quote=True)


def time_html(when: datetime) -> str:
    """A moment as a <time>; in UTC for readers without a script, which puts it in the browser's time zone."""
    utc = when.astimezone(UTC)
    return f'<time datetime="{utc.isoformat(timespec="seconds")}">{utc.day} {utc:%b %Y, %H:%M} UTC</time>'


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 principle`, `2 principles`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def diff_pieces(before: str, after: str) -> list[Piece]:
    """What was inserted and deleted, by words: first the lines are matched, then the words inside the lines that differ.

    The pieces that are not inserted join to `before`, and those that are not deleted to `after`.
    """
    pieces: list[Piece] = []
    for piece in _by_lines(before.splitlines(keepends=True), after.splitlines(keepends=True)):
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


def _by_lines(before: list[str], after: list[str]) -> Iterator[Piece]:
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            yield Piece("same", old)
        else:
            yield from _by_words(_WORDS.findall(old), _WORDS.findall(new))


def _by_words(before: list[str], after: list[str]) -> Iterator[Piece]:
    if len(before) * len(after) > MAX_WORD_PAIRS:
        yield from _replaced("".join(before), "".join(after))
        return
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(before[i:j]))
        else:
            yield from _replaced("".join(before[i:j]), "".join(after[k:m]))


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece("deleted", old)
    if new:
        yield Piece("inserted", new)


def diff_html(before: str, after: str) -> str:
    """The pieces as <ins> and <del>; the style sheet puts a + and a − before them, so that colour is not needed to read them."""
    tags = {"same": "", "inserted": "ins", "deleted": "del"}
    return "".join(_tagged(tags[piece.kind], piece.text) for piece in diff_pieces(before, after))


def _tagged(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text)
