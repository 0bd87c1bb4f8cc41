"""What a pattern matches, shown while it is typed."""

from dataclasses import dataclass

from app.services.studio import Studio, in_words
from core.budget import Limit, within
from core.constitution.patterns import Preview, preview, require_pattern
from core.constitution.text import answer
from db.samples import newest_replies

MOST_SAMPLES = 6
MAX_SAMPLE_CHARS = 4_000
TRYING = Limit(what="Trying the pattern", seconds=8.0, remedy="Write one that can go on in one way only, such as `a+` in place of `(a|a)*`.")


@dataclass(frozen=True)
class MatchPiece:
    """A stretch of a text."""

    text: str
    matched: bool


@dataclass(frozen=True)
class MatchedText:
    """A text in pieces that join to it."""

    pieces: tuple[MatchPiece, ...]
    follows: bool | None  # None: the pattern took too long


@dataclass(frozen=True)
class Matches:
    """What a pattern matches in texts of one constitution."""

    says: str  # where the texts are from
    texts: tuple[MatchedText, ...]


def matches(studio: Studio, constitution_id: int, pattern: str, statement: str) -> Matches:
    """Try a pattern on replies that are stored for a constitution; where there are none, on the statement.

    Raises:
        ConstitutionError: The pattern cannot be read.
        OverBudgetError: It does not end.
    """
    require_pattern(pattern, "this principle")
    with in_words(), studio.sessions.read() as session:
        replies = [answer(text)[:MAX_SAMPLE_CHARS] for text in newest_replies(session, constitution_id, MOST_SAMPLES)]
    texts = replies or [statement[:MAX_SAMPLE_CHARS]]
    found = tuple(_matched(text, shown) for text, shown in zip(texts, within(TRYING, preview, pattern, texts), strict=True))
    if not replies:
        return Matches("There are no replies yet, so it is tried on the statement.", found)
    met = sum(text.follows is True for text in found)
    return Matches(f"Of {len(found)} replies that were written under this constitution, {met} {'matches' if met == 1 else 'match'}.", found)


def _matched(text: str, shown: Preview) -> MatchedText:
    pieces, at = [], 0
    for start, end in shown.spans:
        pieces += [MatchPiece(text[at:start], False), MatchPiece(text[start:end], True)]
        at = end
    pieces.append(MatchPiece(text[at:], False))
    follows = True if shown.spans else None if shown.slow else False
    return MatchedText(tuple(piece for piece in pieces if piece.text), follows)
