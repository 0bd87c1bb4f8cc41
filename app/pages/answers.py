"""What a page or a script is told, each answer one typed value. `kind` tells them apart; `html` is for pages, all of it escaped.

What is told of runs stands in `run_answers.py`, of comparisons in `compare_answers.py`, of judged replies in `judge_answers.py`.
"""

from dataclasses import dataclass
from typing import Any, Literal

from app.services.came_out import NewestRun
from app.services.matching import MatchedText
from app.services.text_files import TextFile
from app.services.trials import Trial
from core.constitution.changes import ConstitutionChange
from core.constitution.findings import Finding
from core.constitution.proposals import Proposal
from db.constitutions import ConstitutionSummary


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that the person can put right."""

    kind: Literal["problem"] = "problem"
    message: str


@dataclass(frozen=True, kw_only=True)
class SettingProblem(Problem):
    """One that a single setting has."""

    setting: str  # its name


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A mistake of the studio."""

    kind: Literal["fault"] = "fault"
    message: str
    log: str  # the number under which the log has it


@dataclass(frozen=True, kw_only=True)
class Go:
    """It is done, and is found at another address."""

    kind: Literal["go"] = "go"
    href: str
    id: int  # of the constitution or run that is there


@dataclass(frozen=True, kw_only=True)
class _MadeOfFile:
    """A constitution was made of a file."""

    id: int
    href: str
    html: str  # the following, to be shown
    format: str
    encoding: str
    used: dict[str, str]  # which part of a principle came from where
    ignored: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    version: int | None  # None: it is a draft, in which something has to be put right


@dataclass(frozen=True, kw_only=True)
class ConstitutionTaken(_MadeOfFile):
    """A file was taken just as it is."""

    kind: Literal["go"] = "go"


@dataclass(frozen=True, kw_only=True)
class ConstitutionRead(_MadeOfFile):
    """There is something to say about how a file was read, before its constitution is opened."""

    kind: Literal["read"] = "read"


@dataclass(frozen=True, kw_only=True)
class StudioState:
    kind: Literal["studio"] = "studio"
    problem: str  # why nothing can be written just now, and what to do; empty when all is well


@dataclass(frozen=True, kw_only=True)
class ConstitutionList:
    kind: Literal["list"] = "list"
    constitutions: tuple[ConstitutionSummary, ...]  # those in use, one's own first and starters last, then the archived ones
    more: int  # that are not among them
    html: str
    archived: str  # HTML
    archived_count: int
    total: int  # in use and archived, whatever was to be found
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
    conflict_rule: str  # what to do where they conflict
    problems: tuple[Finding, ...]  # to be put right before a version can be saved
    advice: tuple[Finding, ...]
    verdict: str
    head: int | None  # number of the newest version
    head_id: int | None  # the same version's id
    discardable: bool  # whether there is anything in the draft that going back to a version would take away
    behind: int | None  # number of the newest version, where somebody saved it since the draft was begun and the draft differs from it
    behind_by: str  # who saved it


@dataclass(frozen=True, kw_only=True)
class Opened(DraftState):
    kind: Literal["opened"] = "opened"
    history: str  # HTML
    writer: str  # the model that writes proposals
    writer_place: str  # the machine that what it is asked goes to; empty: this one
    writer_weak: bool  # whether it is the small default model
    came_out: NewestRun | None  # what the newest finished run of this constitution found; None: there is none
    standings: dict[str, str]  # HTML of what came out, by word
    closed: str  # why whoever asks may not rename it, and who may; empty where they may


@dataclass(frozen=True, kw_only=True)
class History:
    """The versions, newest first."""

    kind: Literal["history"] = "history"
    html: str


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
class FieldProblems(Problem):
    """Nothing was saved: what was typed in some fields cannot be kept."""

    problems: tuple[Finding, ...]  # beside which


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
    difference: ConstitutionChange | None  # from this version to the draft; None where the version cannot be read
    newest: int | None
    problem: str = ""  # why the version cannot be read, if so


@dataclass(frozen=True, kw_only=True)
class FileToTake(TextFile):
    kind: Literal["file"] = "file"


@dataclass(frozen=True, kw_only=True)
class PatternMatches:
    kind: Literal["matches"] = "matches"
    says: str  # where the texts are from
    texts: tuple[MatchedText, ...]


@dataclass(frozen=True, kw_only=True)
class SuggestedCheck:
    check: Any  # as a draft's row has it
    says: str


@dataclass(frozen=True, kw_only=True)
class Suggested:
    kind: Literal["suggested"] = "suggested"
    checks: tuple[SuggestedCheck | None, ...]  # for each statement; None: it allows none


@dataclass(frozen=True, kw_only=True)
class CheckTried(Trial):
    kind: Literal["tried"] = "tried"
    says: str  # all of it in a few sentences
    html: str


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
