"""Which of the replies that a check judged are shown to people: few of each kind, of different queries first. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from core.runs.links import ShownReplies, ShownReply

SHOWN_EACH = 3  # replies of one side that were judged alike
LONGEST_TEXT, LONGEST_QUERY = 400, 200  # characters that are shown


@dataclass(frozen=True)
class JudgedReplies:
    """The replies of one side to one query, each with whether it follows the statement."""

    query: str
    outcomes: tuple[tuple[str, bool | None], ...]


def shown_of(statement: Sequence[JudgedReplies], antithesis: Sequence[JudgedReplies]) -> tuple[ShownReplies, ...]:
    """What speaks against a link first: misses under the statement, hits under the antithesis, what could not be judged, and then the rest."""
    kinds: tuple[tuple[Literal["statement", "antithesis"], bool | None], ...] = (
        *(("statement", False), ("antithesis", True)),
        *(("statement", None), ("antithesis", None)),
        *(("statement", True), ("antithesis", False)),
    )
    sides = {"statement": statement, "antithesis": antithesis}
    groups = [(side, follows, _spread(sides[side], follows)) for side, follows in kinds]
    return tuple(ShownReplies(side=side, follows=follows, of=len(all_), replies=tuple(all_[:SHOWN_EACH])) for side, follows, all_ in groups if all_)


def _spread(judged: Sequence[JudgedReplies], follows: bool | None) -> list[ShownReply]:
    """All that were judged so: the first of each query before the second of any."""
    by_query = [[ShownReply(query=cut(of.query, LONGEST_QUERY), text=cut(text, LONGEST_TEXT)) for text, f in of.outcomes if f is follows] for of in judged]
    return [reply for turn in zip_longest(*by_query) for reply in turn if reply is not None]


def cut(text: str, most: int) -> str:
    """A text, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
