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
    lab: Text = ""  # a battery, to see how it stands


@dataclass(frozen=True, kw_only=True)
class LabFormWish(Question):
    """What a battery is about: the adapter of a run, or a version with nothing trained."""

    run: Id | None = None  # with its version, its queries and its model
    version: Id | None = None
    query_set: Id | None = None  # none: the studio's everyday queries
    model: Text = ""  # Hub id, or a folder on the server's machine; empty: the studio's; of a run its own
    limit: Annotated[int, Strict(), Field(ge=1, lt=2**31)] = 24  # held-out queries


@dataclass(frozen=True, kw_only=True)
class NewLab(LabFormWish):
    """A battery."""

    probes: Annotated[tuple[Text, ...], Field(max_length=MOST_PROBES)] = ()  # none: the quick ones whose needs are met
    key: Text  # of this request: the same key asks once


@dataclass(frozen=True, kw_only=True)
class DriftFormWish(Question):
    """A drift matrix of what finished runs made."""

    runs: Annotated[tuple[Id, ...], Field(max_length=MOST_PROBES)]
    limit: Annotated[int, Strict(), Field(ge=1, lt=2**31)] = 24  # held-out queries


@dataclass(frozen=True, kw_only=True)
class NewDrift(DriftFormWish):
    key: Text  # of this request: the same key asks once


@dataclass(frozen=True, kw_only=True)
class OneLab(Question):
    lab: Id


@dataclass(frozen=True, kw_only=True)
class CardPicked(OneLab):
    card: Text  # what it is known by
    pick: Annotated[int, Strict(), Field(ge=0, lt=2**31)] | None  # place of the text among those that were shown, from 0 on; null: none fits better
    key: Text  # of this request: the same key makes one pick


@dataclass(frozen=True, kw_only=True)
class PickUndone(OneLab):
    pick: Id  # one's own, that was told as the last


@dataclass(frozen=True, kw_only=True)
class LabsWish(ListWish):
    """Batteries, the newest first."""
