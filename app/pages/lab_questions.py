"""What a page or a script may ask of the laboratory."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, Strict

from app.pages.questions import Id, ListWish, Question, Text

MOST_PROBES = 100


@dataclass(frozen=True, kw_only=True)
class LabAddress(Question):
    """What the page's address names."""

    run: Text = ""
    version: Text = ""


@dataclass(frozen=True, kw_only=True)
class NewLab(Question):
    """A battery: of the adapter of a run, or of a version with nothing trained."""

    run: Id | None = None  # with its version, its queries and its model
    version: Id | None = None
    query_set: Id | None = None  # none: the studio's everyday queries
    probes: Annotated[tuple[Text, ...], Field(max_length=MOST_PROBES)] = ()  # none: the quick ones whose needs are met
    limit: Annotated[int, Strict(), Field(ge=1, lt=2**31)] = 24  # held-out queries
    key: Text  # of this request: the same key asks once


@dataclass(frozen=True, kw_only=True)
class OneLab(Question):
    lab: Id


@dataclass(frozen=True, kw_only=True)
class LabsWish(ListWish):
    """Batteries, the newest first."""
