"""The link between a constitution and what the base already does, as found before training. Imports no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from core.measure.statistics import Figure

Link = Literal["go", "weak", "no-go", "unjudged"]  # weak: a link is neither shown nor ruled out; unjudged: nobody can judge it yet


@dataclass(frozen=True, kw_only=True)
class ShownReply:
    """A reply of the base, as it was judged; long texts are cut."""

    query: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ShownReplies:
    """Some of the replies of one side that were judged alike."""

    side: Literal["statement", "antithesis"]
    follows: bool | None  # the statement; None: could not be judged
    of: int  # so many there were
    replies: tuple[ShownReply, ...]


@dataclass(frozen=True, kw_only=True)
class PrincipleLink:
    """What the base already does with one principle."""

    title: str
    followed: Figure  # share of replies under the statement that the check finds to follow it; n counts queries
    followed_under_antithesis: Figure
    replies: int  # under the statement, that could be judged; at temperature 0 those of one text and query are one
    hits: int  # of them, that follow
    verdict: Link
    reason: str  # a sentence
    hit_queries: int | None = None  # different queries with a hit; None: not counted, as in rows that were stored before this was
    unjudged: int = 0  # replies of both sides that could not be judged: left out of the shares, never a miss
    by: str = ""  # the people whose marks judged it; empty: a program did, or nobody
    shown: tuple[ShownReplies, ...] = ()  # some of what was judged, what speaks against a link first; rows that were stored before have none


@dataclass(frozen=True, kw_only=True)
class Trainability:
    """The verdict on a constitution, with what it rests on."""

    verdict: Link
    principles: tuple[PrincipleLink, ...]
    words: tuple[float, float]  # mean of a reply under all statements, and with the first principle flipped
    length_tells: float  # share of pairs of replies to one query whose longer one is on the more usual side; 0.5 = no confound
    cut: float  # share of replies that did not end within the token limit
    same: float  # share of pairs as above that are the same text
    replies: int  # of the base, that all this rests on
    notes: tuple[str, ...]  # warnings that do not forbid training


def trainability_to_data(trainability: Trainability) -> dict[str, Any]:
    """Plain JSON data."""
    return asdict(trainability)


def trainability_from_data(data: Mapping[str, Any]) -> Trainability:
    """The inverse of `trainability_to_data`.

    Raises:
        ValueError: Data of another form.
    """
    shares = ("followed", "followed_under_antithesis")
    try:
        links = tuple(
            PrincipleLink(**{**row, **{name: Figure(**row[name]) for name in shares}, "shown": _shown_from_data(row.get("shown", ()))})
            for row in data["principles"]
        )
        trainability = Trainability(**{**data, "principles": links, "words": tuple(data["words"]), "notes": tuple(data["notes"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no verdict on a link: {error!r}") from error
    if not {trainability.verdict, *(link.verdict for link in links)} <= set(get_args(Link)):
        raise ValueError(f"a link is {', '.join(get_args(Link))}, and this one {trainability.verdict!r}")
    return trainability


def _shown_from_data(groups: Iterable[Mapping[str, Any]]) -> tuple[ShownReplies, ...]:
    return tuple(ShownReplies(**{**group, "replies": tuple(ShownReply(**reply) for reply in group["replies"])}) for group in groups)
