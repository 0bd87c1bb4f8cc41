"""What a page or a script is told of two principles against each other, and of deleting what is kept of that, or of a check."""

from dataclasses import dataclass
from typing import Any, Literal

from app.services.conflicts import PrincipleToSet
from core.measure.conflicts import Conflict


@dataclass(frozen=True, kw_only=True)
class ConflictPlanned:
    """What it would be; nothing is asked of a model yet."""

    kind: Literal["conflict_plan"] = "conflict_plan"
    principles: tuple[PrincipleToSet, ...]  # of the version
    first: int | None  # that are chosen; None: there are no two
    second: int | None
    problem: str  # why it cannot be asked; empty where it can
    setting: str  # the field that the problem is about: queries; empty: the two principles
    prompt: str  # what of the prompt decides beside the two texts
    replies: int  # that are asked for
    seconds: float | None  # None: not known
    command: str  # the same from a terminal
    html: str
    kept: str  # HTML: what was asked before of this version


@dataclass(frozen=True, kw_only=True)
class ConflictState:
    """A conflict as it stands; told again until it does not run any more."""

    kind: Literal["conflict"] = "conflict"
    key: str
    running: bool
    note: str
    share: float | None
    problem: str
    result: Conflict | None  # what `conflict --json` prints; None until there are replies
    replies: dict[str, Any] | None  # the queries, and by order the replies and whether each follows the first and the second; null: could not be judged
    conflict: int | None  # under which it is kept; None: it is not, or not yet
    first: int  # numbers of the principles
    second: int
    queries: int  # that were asked for, at most
    of_form: bool = True  # whether it is about the form that the page begins with
    spoken: str
    html: str


@dataclass(frozen=True, kw_only=True)
class DeletionPlanned:
    """What deleting would take away; nothing is gone yet."""

    kind: Literal["deletion"] = "deletion"
    name: str  # check 3
    goes: str


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """It is gone for good."""

    kind: Literal["deleted"] = "deleted"
    says: str
