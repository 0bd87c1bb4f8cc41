"""Everything that a page or a script may ask, each question one typed and bounded value. What a text may say is checked by the services.

What is asked of replies stands in `judge_questions.py` and `mark_questions.py`.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from core.errors import ConfigError

MOST_DIGITS = 9  # of an id in a text: more would not be a whole number to the database
LONGEST_TEXT = 6_000_000  # characters: what the server takes at once; a service's own limit is lower, and says so in words
MOST_ITEMS = 10_000
A_PAGE = 50  # entries of a list, until more are asked for
NO_SUCH_ID = "no_such_id"  # the type of pydantic's error


def _require_id(number: int) -> int:
    if not 0 <= number < 2**31:
        raise PydanticCustomError(NO_SUCH_ID, "There is none with this number.")
    return number


Whole = Annotated[int, Strict(), Field(gt=-(2**31), lt=2**31)]
Id = Annotated[int, Strict(), AfterValidator(_require_id)]  # of a row, or the number of a version
Number = Whole | Annotated[float, Strict(), Field(allow_inf_nan=False)]
Text = Annotated[str, Strict(), Field(max_length=LONGEST_TEXT)]


class Question:
    """Of all questions: what is not asked for is refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class NoDetails(Question):
    """Of a question that its address says all of."""


@dataclass(frozen=True, kw_only=True)
class ListWish(Question):
    """Of a list, which begins with the newest."""

    shown: Annotated[int, Strict(), Field(ge=1, le=MOST_ITEMS)] = A_PAGE


def id_in(text: str) -> int | None:
    """The id that a text is, as in an address; None where it is none."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def file_bytes(data: str) -> bytes:
    """A file that came as base64.

    Raises:
        ConfigError: It did not arrive whole.
    """
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError("The file did not arrive whole. Choose it again.") from error


# Constitutions


@dataclass(frozen=True, kw_only=True)
class ConstitutionsWish(ListWish):
    find: Text = ""  # what stands in the name or the line below it; empty: all


@dataclass(frozen=True, kw_only=True)
class ConstitutionToCopy(Question):
    constitution: Id
    key: Text = ""  # of this request: the same key makes one copy


@dataclass(frozen=True, kw_only=True)
class NewConstitution(Question):
    name: Text
    key: Text = ""  # of this request: the same key makes one constitution


@dataclass(frozen=True, kw_only=True)
class ConstitutionFile(Question):
    data: Text  # the file in base64
    filename: Text | None = None
    key: Text = ""  # of this request: the same key makes one constitution


@dataclass(frozen=True, kw_only=True)
class NewName(Question):
    constitution: Id
    name: Text


@dataclass(frozen=True, kw_only=True)
class OneConstitution(Question):
    constitution: Id


# Write


@dataclass(frozen=True, kw_only=True)
class WriteAddress(Question):
    """What the page's address names."""

    constitution: Text = ""


@dataclass(frozen=True, kw_only=True)
class DraftTexts(Question):
    constitution: Id
    revision: Whole  # of the draft that was changed
    head: Whole | None = None  # number of the newest version as the draft was opened, 0 where there was none; left out: the newest there is
    principles: Annotated[list[dict[str, Any]], Field(max_length=MOST_ITEMS)]  # id, title, statement, antithesis, check, written_by, scenarios, priority
    conflict_rule: Text | None = None  # what to do where they conflict; left out: as it is stored


@dataclass(frozen=True, kw_only=True)
class VersionWish(Question):
    constitution: Id
    revision: Whole  # of the draft that was seen
    head: Whole | None = None  # number of the newest version that was seen
    message: Text = ""


@dataclass(frozen=True, kw_only=True)
class DraftSeen(Question):
    """A draft as its editor saw it when deciding."""

    constitution: Id
    revision: Whole
    head: Whole | None = None


@dataclass(frozen=True, kw_only=True)
class Restoration(DraftSeen):
    number: Id  # of the version whose text comes back


@dataclass(frozen=True, kw_only=True)
class HistoryWish(ListWish):
    constitution: Id


@dataclass(frozen=True, kw_only=True)
class OneVersion(Question):
    constitution: Id
    number: Id


@dataclass(frozen=True, kw_only=True)
class TextFileWish(Question):
    constitution: Id
    format: Literal["yaml", "markdown"] = "markdown"
    number: Id | None = None  # of a version; None: the draft


@dataclass(frozen=True, kw_only=True)
class PatternTry(Question):
    constitution: Id
    pattern: Text
    statement: Text = ""  # tried where no reply is stored yet


@dataclass(frozen=True, kw_only=True)
class Statements(Question):
    statements: Annotated[list[Text], Field(max_length=MOST_ITEMS)]


@dataclass(frozen=True, kw_only=True)
class CheckTrial(Question):
    check: Text | Annotated[dict[Text, Any], Field(max_length=MOST_ITEMS)]  # as a draft's row has it
    principle: Text = ""  # its id; empty: it is found by its texts
    statement: Text = ""
    antithesis: Text = ""


@dataclass(frozen=True, kw_only=True)
class ProposalWish(Question):
    wish: Text = ""  # in a sentence; or
    statement: Text = ""  # which stays, and an antithesis is written to it
    title: Text = ""
    try_: Annotated[Whole, Field(alias="try")] = 0  # another number gives another proposal


@dataclass(frozen=True, kw_only=True)
class OneProposal(Question):
    proposal: Text


# Train


@dataclass(frozen=True, kw_only=True)
class TrainAddress(Question):
    """What the page's address names."""

    version: Text = ""
    constitution: Text = ""
    from_: Annotated[Text, Field(alias="from")] = ""  # a run, to ask for another like it
    anyway: Text = ""  # whether that one is to train whatever the check says
    check: Text = ""  # one that is kept, to see it again with the form that it is about
    conflict: Text = ""  # the same


@dataclass(frozen=True, kw_only=True)
class RunWish(Question):
    version: Id
    query_set: Id
    model: Text  # Hub id, or a folder on the server's machine
    preset: Text
    seed: Whole
    seeds: Whole = 1  # as many runs, with this seed and those that follow it
    settings: Annotated[dict[Text, Text], Field(max_length=MOST_ITEMS)] = field(default_factory=dict)  # an empty text: the preset's value
    key: Text = ""  # of this request: the same key asks for the same run


@dataclass(frozen=True, kw_only=True)
class QueryFile(Question):
    data: Text  # the file in base64
    filename: Text = "queries.txt"
    field: Text = ""  # the column to ask; empty: the one that is found


@dataclass(frozen=True, kw_only=True)
class OneRun(Question):
    run: Id


@dataclass(frozen=True, kw_only=True)
class RunAddress(Question):
    """What the page's address names."""

    id: Text = ""


@dataclass(frozen=True, kw_only=True)
class RunWatch(Question):
    run: Id
    seen: Text = ""  # the mark of what was shown last


# Compare


@dataclass(frozen=True, kw_only=True)
class CompareAddress(Question):
    """What the page's address names."""

    comparison: Text = ""
    run: Text = ""
    version: Text = ""
    constitution: Text = ""  # its newest run, or that of the version where one is named too


@dataclass(frozen=True, kw_only=True)
class ArmChoice(Question):
    method: Text  # a key of the table that `python -m app arms` lists
    settings: dict[Text, Number | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ComparisonWish(Question):
    source: Text  # run:<number>, proxy:<number> for the run moved onto the studio's model, or version:<id> without a run
    query: Text
    side: Text = "statement"  # or antithesis
    seed: Number | None = None
    max_new_tokens: Number | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    arms: Annotated[list[ArmChoice], Field(max_length=MOST_ITEMS)] | None = None  # None: those that the source offers


@dataclass(frozen=True, kw_only=True)
class OneComparison(Question):
    comparison: Text


@dataclass(frozen=True, kw_only=True)
class TwoReplies(Question):
    comparison: Text
    first: Text  # key of an arm
    second: Text
