"""What a page or a script is told of replies that exist already."""

from dataclasses import dataclass
from typing import Any, Literal

from core.measure.judging import RowFacts, RowOutcome, Total


@dataclass(frozen=True, kw_only=True)
class VersionOption:
    id: int
    constitution: str
    number: int
    problem: str  # why it cannot be read; empty when it can


@dataclass(frozen=True, kw_only=True)
class JudgeOpened:
    """What the page begins with."""

    kind: Literal["page"] = "page"
    versions: tuple[VersionOption, ...]
    chosen: int | None  # that the address names, else the newest of one's own


@dataclass(frozen=True, kw_only=True)
class RepliesRead:
    kind: Literal["read"] = "read"
    reading: dict[str, Any]  # as `python -m app read --json` prints it
    html: str  # the same for people


@dataclass(frozen=True, kw_only=True)
class JudgedReplies:
    """As what a file was read, and what is found of its replies: the same as `judge --json`."""

    kind: Literal["judged"] = "judged"
    format: str
    used: dict[str, str]  # what is used, and the field that it is taken from
    ignored: tuple[str, ...]
    notes: tuple[str, ...]
    outcomes: tuple[RowOutcome, ...]
    rows: tuple[RowFacts, ...]
    totals: dict[str, Total]
    replies: dict[int, str]  # by row
    html: str  # reading and totals
