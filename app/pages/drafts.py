"""A draft as its editor's page has it, two texts of one put together, and a version taken into one: what is asked and told of that."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from app.pages.answers import DraftState
from app.pages.questions import MOST_ITEMS, DraftSeen, Id, Question, Text
from app.present.constitutions import changes_html, verdict
from app.present.merging import clashes_html, taking_in_says, together_says
from app.services.differences import differences
from app.services.draft_views import DraftView
from app.services.merging import Typed, together
from app.services.studio import Studio
from app.services.taking_in import taking_in
from core.constitution.changes import ConstitutionChange


@dataclass(frozen=True, kw_only=True)
class TwoDrafts(Question):
    """What was typed, and the stored text that it began from; both as a save has them."""

    constitution: Id
    before: Annotated[list[dict[str, Any]], Field(max_length=MOST_ITEMS)]
    principles: Annotated[list[dict[str, Any]], Field(max_length=MOST_ITEMS)]
    before_rule: Text = ""  # for conflicts, as both began from it
    conflict_rule: Text = ""


@dataclass(frozen=True, kw_only=True)
class PutTogether(DraftState):
    """What is stored of a draft, and with it what was typed; nothing was saved."""

    kind: Literal["together"] = "together"
    mine: list[dict[str, Any]]  # the principles of both; where both changed the same, as they were typed
    theirs: list[dict[str, Any]]  # there as they are stored
    mine_rule: str  # for conflicts, in the same way
    theirs_rule: str
    clashes: int  # places that both changed
    says: str
    html: str  # those places


def put_together(studio: Studio, question: TwoDrafts, editor: str) -> PutTogether:
    """Both texts as one."""
    before = Typed(rows=question.before, conflict_rule=question.before_rule)
    found = together(studio, question.constitution, editor, before, Typed(rows=question.principles, conflict_rule=question.conflict_rule))
    return PutTogether(
        **draft_state(found.draft),
        mine=found.mine,
        theirs=found.theirs,
        mine_rule=found.mine_rule,
        theirs_rule=found.theirs_rule,
        clashes=len(found.clashes),
        says=together_says(found),
        html=clashes_html(found.clashes),
    )


def draft_state(draft: DraftView) -> dict[str, Any]:
    """What every answer about a draft begins with: the fields of `DraftState`."""
    return {
        "constitution": draft.constitution_id,
        "name": draft.name,
        "editor": draft.editor,
        "revision": draft.revision,
        "saved_at": draft.saved_at and draft.saved_at.isoformat(),
        "principles": draft.rows,
        "conflict_rule": draft.constitution.conflict_rule,
        "problems": draft.problems,
        "advice": draft.advice,
        "verdict": verdict(draft),
        "head": draft.head and draft.head.number,
        "head_id": draft.head and draft.head.id,
        "discardable": draft.discardable,
        **_behind(draft),
    }


def _behind(draft: DraftView) -> dict[str, Any]:
    newest = draft.held_against if draft.behind and draft.changed else None
    return {"behind": newest and newest.number, "behind_by": newest.author if newest is not None else ""}


@dataclass(frozen=True, kw_only=True)
class TakeInWish(DraftSeen):
    number: Id  # of the version that was shown
    prefer: Literal["mine", "theirs"] = "mine"  # whose text stays where both changed the same: the draft's, or the version's


@dataclass(frozen=True, kw_only=True)
class TakingInShown(DraftState):
    """What a draft would be with the newest version in it; nothing was saved."""

    kind: Literal["taking_in"] = "taking_in"
    number: int  # of the version
    says: str
    clashes: int  # places that both changed
    html: str  # those places
    changes: str  # HTML: what it changes in the draft, whose text stays where both changed the same
    difference: ConstitutionChange  # the same


def show_taking_in(studio: Studio, constitution_id: int, editor: str) -> TakingInShown:
    """Both texts as one, for whoever writes to take or leave."""
    found = taking_in(studio, constitution_id, editor)
    change = differences(found.draft.constitution, found.together)
    return TakingInShown(
        **draft_state(found.draft),
        number=found.number,
        says=taking_in_says(found),
        clashes=len(found.clashes),
        html=clashes_html(found.clashes),
        changes=changes_html(change),
        difference=change,
    )
