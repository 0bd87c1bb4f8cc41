"""What a page or a script is told while it marks: of a card what is seen, and nothing of where it came from."""

from dataclasses import dataclass
from typing import Literal

from app.services.cards import Marking
from app.services.kept_checks import CheckToMark
from app.services.marking import RunToMark


@dataclass(frozen=True, kw_only=True)
class MarkOpened:
    """What the page begins with."""

    kind: Literal["page"] = "page"
    who: str  # whose marks they are
    runs: tuple[RunToMark, ...]  # newest first
    checks: tuple[CheckToMark, ...]  # the same
    marking: Marking | None  # of the run or the check that the address names, or of the newest run
    unread: int | None  # the check that the address names, where it is kept and cannot be read: it can be deleted
    message: str  # why that cannot be marked


@dataclass(frozen=True, kw_only=True)
class MarkShown:
    """The next card, or what came out."""

    kind: Literal["marking"] = "marking"
    marking: Marking
