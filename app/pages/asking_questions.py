"""What a page or a script may ask to have a model judge a run's replies."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, Strict

from app.pages.questions import Id, OneRun, Text

LONGEST_NAME = 1_000  # characters; the service's own limits are lower, and say so in words


@dataclass(frozen=True, kw_only=True)
class ModelToAsk(OneRun):
    """Who is to judge a run's replies."""

    address: Annotated[str, Strict(), Field(max_length=LONGEST_NAME)]  # of an OpenAI-compatible endpoint
    model: Annotated[str, Strict(), Field(max_length=LONGEST_NAME)]  # as it calls it


@dataclass(frozen=True, kw_only=True)
class ModelAsked(ModelToAsk):
    key: Text  # of this request: the same key asks once


@dataclass(frozen=True, kw_only=True)
class OneAsking(OneRun):
    asking: Id
