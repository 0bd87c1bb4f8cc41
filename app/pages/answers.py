"""Everything that a page or a script is told, each answer one typed value. `kind` tells them apart; `html` is for pages, all of it escaped."""

from dataclasses import dataclass, field
from typing import Any, Literal

from core.constitution.changes import ConstitutionChange
from core.constitution.findings import Finding
from core.constitution.proposals import Proposal


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that the person can put right."""

    kind: Literal["problem"] = "problem"
    message: str


@dataclass(frozen=True, kw_only=True)
class Go:
    """It is done, and is found at another address."""

    kind: Literal["go"] = "go"
    href: str


@dataclass(frozen=True, kw_only=True)
class ConstitutionList:
    kind: Literal["list"] = "list"
    html: str
    archived: str  # HTML
    archived_count: int
    message: str | None  # what was done


# Write


@dataclass(frozen=True, kw_only=True)
class DraftState:
    """A draft as its editor has it."""

    constitution: int
    name: str
    editor: str
    revision: int  # to be named by the next save
    saved_at: str | None
    principles: list[dict[str, Any]]
    problems: tuple[Finding, ...]  # to be put right before a version can be saved
    advice: tuple[Finding, ...]
    verdict: str
    head: int | None  # number of the newest version


@dataclass(frozen=True, kw_only=True)
class Opened(DraftState):
    kind: Literal["opened"] = "opened"
    history: str  # HTML
    writer: str  # the model that writes proposals


@dataclass(frozen=True, kw_only=True)
class Choose:
    """No constitution is open; which one?"""

    kind: Literal["choose"] = "choose"
    html: str


@dataclass(frozen=True, kw_only=True)
class Saved(DraftState):
    kind: Literal["saved"] = "saved"


@dataclass(frozen=True, kw_only=True)
class Conflict(DraftState):
    """Nothing was saved: this is the draft as somebody else left it."""

    kind: Literal["conflict"] = "conflict"
    message: str


@dataclass(frozen=True, kw_only=True)
class Renamed:
    kind: Literal["renamed"] = "renamed"
    name: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class VersionPreview(DraftState):
    """What the draft would be as a version."""

    kind: Literal["preview"] = "preview"
    html: str
    difference: ConstitutionChange  # from the newest version
    number: int
    reason: str  # why it cannot be saved, if so
    can_save: bool


@dataclass(frozen=True, kw_only=True)
class Versioned(DraftState):
    kind: Literal["versioned"] = "versioned"
    history: str  # HTML
    message: str


@dataclass(frozen=True, kw_only=True)
class VersionText:
    kind: Literal["version"] = "version"
    number: int
    head: str  # HTML
    html: str
    changes: str  # HTML
    difference: ConstitutionChange  # from this version to the draft
    newest: int | None


@dataclass(frozen=True, kw_only=True)
class TextFile:
    kind: Literal["file"] = "file"
    filename: str
    text: str
    type: str


@dataclass(frozen=True, kw_only=True)
class ProposalState:
    kind: Literal["proposal"] = "proposal"
    id: str
    writer: str
    note: str  # what is happening
    proposal: Proposal | None  # None: still being written


@dataclass(frozen=True, kw_only=True)
class Left:
    kind: Literal["left"] = "left"


# Train and Run


@dataclass(frozen=True, kw_only=True)
class RunPreview:
    kind: Literal["preview"] = "preview"
    html: str
    command: str  # the same run from a terminal
    minutes: dict[str, str]  # in words, for each preset


@dataclass(frozen=True, kw_only=True)
class CheckState:
    """A check as it stands; told again until it does not run any more."""

    kind: Literal["check"] = "check"
    key: str
    running: bool
    note: str
    share: float | None
    problem: str
    spoken: str
    html: str


@dataclass(frozen=True, kw_only=True)
class QuerySet:
    kind: Literal["query_set"] = "query_set"
    id: int
    label: str
    message: str


@dataclass(frozen=True, kw_only=True)
class RunState:
    kind: Literal["run"] = "run"
    run: int
    status: str
    title: str
    headline: str
    share: float
    progress: str
    spoken: str
    sections: dict[str, str]  # HTML


# Compare


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A comparison as it stands; told again until it does not run any more. What begins with None comes with the last word."""

    kind: Literal["comparison"] = "comparison"
    id: str
    href: str
    running: bool
    note: str
    problem: str
    panes: list[dict[str, Any]]
    asked: str | None = None  # HTML
    remarks: list[str] = field(default_factory=list)
    proof: str | None = None  # HTML
    finished: list[dict[str, str]] = field(default_factory=list)
    pair: list[str] = field(default_factory=list)
    diff: str | None = None  # HTML
    scores: dict[str, str] = field(default_factory=dict)  # HTML
    unfinished: int | None = None
    recent: str | None = None  # HTML


@dataclass(frozen=True, kw_only=True)
class Difference:
    kind: Literal["diff"] = "diff"
    html: str
