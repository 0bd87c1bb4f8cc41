"""What a page or a script may ask about amendments."""

from dataclasses import dataclass
from typing import Literal

from app.pages.questions import Id, Question, Text, Whole


@dataclass(frozen=True, kw_only=True)
class AmendAddress(Question):
    """What the page's address names."""

    constitution: Text = ""
    amendment: Text = ""


@dataclass(frozen=True, kw_only=True)
class Proposing(Question):
    """What one's draft says is proposed."""

    constitution: Id
    reason: Text
    key: Text  # of this request: the same key makes one amendment


@dataclass(frozen=True, kw_only=True)
class OneAmendment(Question):
    amendment: Id


@dataclass(frozen=True, kw_only=True)
class Comment(OneAmendment):
    principle: Text = ""  # its identity; empty: the whole
    text: Text
    key: Text


@dataclass(frozen=True, kw_only=True)
class SeenAmendment(OneAmendment):
    revision: Whole  # of the wording that was read


@dataclass(frozen=True, kw_only=True)
class Approval(SeenAmendment):
    message: Text = ""


@dataclass(frozen=True, kw_only=True)
class UpdateWish(SeenAmendment):
    prefer: Literal["", "mine", "theirs"] = ""  # whose text stays where both changed the same: the amendment's, or the newest version's


@dataclass(frozen=True, kw_only=True)
class EvidenceForm(SeenAmendment):
    query_set: Id
    model: Text
    preset: Text = "quick"
    seed: Whole = 0


@dataclass(frozen=True, kw_only=True)
class EvidenceWish(EvidenceForm):
    key: Text


@dataclass(frozen=True, kw_only=True)
class DecisionWish(SeenAmendment):
    decision: Literal["", "adopted", "rejected", "withdrawn"]  # empty: none was chosen yet, which is refused in words
    message: Text
    waiver: Text = ""  # why it is adopted without evidence


@dataclass(frozen=True, kw_only=True)
class RoleWish(Question):
    constitution: Id
    name: Text
    role: Literal["writer", "reviewer", "owner", ""]
