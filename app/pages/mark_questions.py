"""What a page or a script may ask while it marks."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, Strict

from app.pages.questions import MOST_ITEMS, Id, Question, Text


@dataclass(frozen=True, kw_only=True)
class MarkAddress(Question):
    """What the page's address names."""

    run: Text = ""
    check: Text = ""
    beside: Text = ""
    principle: Text = ""


@dataclass(frozen=True, kw_only=True)
class CardWish(Question):
    run: Id | None = None  # whose replies: a run's
    check: Id | None = None  # or a check's
    beside: Id | None = None  # beside a run's those of another, mixed with them, where the two are evidence for an amendment
    principle: Id | None = None  # from 1 on; None: the first that only a person can judge and that is not done
    deals: Annotated[int, Strict(), Field(ge=1, le=MOST_ITEMS)] = 1  # of about 24 cards, that are wanted at least


@dataclass(frozen=True, kw_only=True)
class MarkMade(CardWish):
    principle: Id
    card: Text  # what it is known by
    answer: Literal["follows", "does not", "cannot tell"]
    key: Text  # of this request: the same key makes one mark


@dataclass(frozen=True, kw_only=True)
class MarkUndone(CardWish):
    principle: Id
    mark: Id  # one's own, that was told as the last
