"""What the Compare page or a script is told of comparisons, each answer one typed value as in `answers.py`."""

from dataclasses import dataclass
from typing import Literal

from app.present.panes import ArmOption, ComparisonState, SourceOption
from app.services.comparison_views import Recent


@dataclass(frozen=True, kw_only=True)
class Compared(ComparisonState):
    """A comparison as it stands; told again until it does not run any more."""

    kind: Literal["comparison"] = "comparison"
    recent: str | None = None  # HTML


@dataclass(frozen=True, kw_only=True)
class StoredComparison(ComparisonState):
    """A comparison as it was left, with all that it was asked with."""

    kind: Literal["stored"] = "stored"
    source: str
    query: str
    side: str
    seed: int
    max_new_tokens: int
    temperature: float
    top_p: float
    arms: tuple[ArmOption, ...]
    added: tuple[ArmOption, ...]  # those of them that the source does not offer by itself


@dataclass(frozen=True, kw_only=True)
class SourceList:
    kind: Literal["sources"] = "sources"
    sources: tuple[SourceOption, ...]
    recent: tuple[Recent, ...]  # the newest comparisons


@dataclass(frozen=True, kw_only=True)
class CompareOpened:
    """What the page begins with."""

    kind: Literal["page"] = "page"
    sources: tuple[SourceOption, ...]
    chosen: str | None  # key of a source
    recent: str  # HTML
    problem: str  # with what the address names
    comparison: StoredComparison | None  # which it names


@dataclass(frozen=True, kw_only=True)
class Difference:
    kind: Literal["diff"] = "diff"
    html: str
