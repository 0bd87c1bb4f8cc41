"""A draft as its editor's page has it, and two texts of one put together: what is asked and told of that."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from app.pages.answers import DraftState
from app.pages.questions import MOST_ITEMS, Id, Question, Text
from app.present.constitutions import verdict
from app.present.merging import clashes_html, together_says
from app.services.draft_views import DraftView
from app.services.merging import Typed, together
from app.services.studio import Studio


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
        html=clashes_html(found),
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
    }
