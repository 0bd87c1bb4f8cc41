"""Text as HTML: everything a person or a model wrote is escaped here, and nowhere is it read as a template or as Markdown."""

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from core.constitution.changes import Piece
from core.constitution.normal import closed
from db.columns import UNKNOWN_TIME


def escape(text: object) -> str:
    """The text as HTML that shows it as written and turns nothing that stands beside it; also safe inside a quoted attribute."""
    return html.escape(closed(str(text)), quote=True)


def isolated(sentence: str, *names: str) -> str:
    """A sentence of ours as HTML, in which each of these names runs in its own direction."""
    known = sorted({html.escape(name) for name in names if name.strip()}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, known)), lambda name: f"<bdi>{closed(name[0])}</bdi>", escape(sentence)) if known else escape(sentence)


def own_direction(name: str) -> str:
    """A name for a sentence of ours where no element can stand, as in an option: one from right to left runs in its own direction."""
    return f"\u2068{name}\u2069" if any(unicodedata.bidirectional(char) in ("R", "AL") for char in name) else name


def more_html(more: int) -> str:
    """Below a list that is not shown whole: how many more there are, and a button for the page's script."""
    return f'<p><button type="button" class="cs-button" data-more>Show more ({more:,})</button></p>' if more > 0 else ""


def time_html(when: datetime) -> str:
    """A moment as a <time>; in UTC for readers without a script, which puts it in the browser's time zone."""
    if when == UNKNOWN_TIME:
        return "at a time that cannot be read"
    utc = when.astimezone(UTC)
    return f'<time datetime="{utc.isoformat(timespec="seconds")}">{utc.day} {utc:%b %Y, %H:%M} UTC</time>'


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 principle`, `2 principles`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def pieces_html(pieces: Iterable[Piece]) -> str:
    """The pieces of a text as <ins> and <del>; the style sheet puts a + and a − before them, so that colour is not needed to read them."""
    tags = {"same": "", "inserted": "ins", "deleted": "del"}
    return "".join(_tagged(tags[piece.kind], piece.text) for piece in pieces)


def replaced_html(before: str, after: str) -> str:
    """A sentence of ours that another one takes the place of, as wholes: of words told apart one by one neither could be read."""
    if before == after:
        return escape(before)
    return " → ".join(_tagged(tag, text) for tag, text in (("del", before), ("ins", after)) if text)


def _tagged(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text)


def within(words: str) -> str:
    """Words that begin a line, within a sentence; names further on keep their capitals."""
    return words[:1].lower() + words[1:]
