"""A draft and a version as their readers see them, and what may be wrong with a draft."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.services.stored import problem_of
from core.constitution.findings import Finding, advice, problems
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.errors import StudioError
from db.constitutions import VersionSummary, summary_of
from db.tables import Version


def summarised(version: Version) -> VersionSummary:
    """A version as the history lists it, which says of one that cannot be read why."""
    return replace(summary_of(version), problem=problem_of(version))


@dataclass(frozen=True, kw_only=True)
class DraftView:
    """A draft as its editor sees it."""

    constitution_id: int
    name: str
    editor: str
    revision: int  # to be named by the next save
    saved_at: datetime | None  # None while nothing was ever typed
    rows: list[dict[str, Any]]  # the principles as they were typed
    constitution: Constitution  # the same, as far as it can be read
    findings: tuple[Finding, ...]
    head: VersionSummary | None  # the newest version, whoever saved it; its `problem` says why it cannot be read, if so
    held_against: VersionSummary | None  # the newest version that can be read, which is what changes are told from
    head_constitution: Constitution | None  # the text of that one
    base_number: int | None  # the version this draft was begun from
    changed: bool  # whether it differs from the newest version
    discardable: bool  # whether its principles are others than those of the newest version that can be read

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What has to be put right before this can be a version."""
        return problems(self.findings)

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What is worth a thought."""
        return advice(self.findings)

    @property
    def behind(self) -> bool:
        """Whether someone saved a version since this draft was begun."""
        return self.held_against is not None and self.held_against.number != self.base_number


@dataclass(frozen=True, kw_only=True)
class VersionView:
    """One immutable version."""

    summary: VersionSummary
    constitution: Constitution | Unreadable


class UnreadableDraftError(StudioError):
    """What is stored of the draft cannot be read. It stays as it is until its editor begins again."""

    kind = "unreadable"

    def __init__(self, constitution_id: int, name: str, found: Unreadable) -> None:
        super().__init__(f"Your draft of “{name}” cannot be read: {found.reason} Take it as it is stored, then begin again from the newest version.")
        self.constitution_id = constitution_id


class DraftConflictError(StudioError):
    """The draft was saved elsewhere. `current` is what is stored, for the person to choose between the two."""

    kind = "conflict"

    def __init__(self, current: DraftView) -> None:
        super().__init__(
            "This draft was changed elsewhere, perhaps in another tab, since you opened it here. Nothing of yours is lost. Which text should stay?"
        )
        self.current = current
