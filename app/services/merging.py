"""Two texts of one draft put together: what is stored, and what somebody typed who did not know it. Nothing is written here."""

from dataclasses import dataclass
from typing import Any

from app.services.constitutions import open_draft
from app.services.documents import read_document
from app.services.draft_views import DraftView
from app.services.studio import Studio
from core.constitution.checks import Check
from core.constitution.merging import Clash, Merged, merge
from core.constitution.principles import Constitution, Principle, to_data
from core.constitution.scenarios import Scenario
from core.constitution.text import same_question

Said = str | int | Check | Scenario | None


@dataclass(frozen=True, kw_only=True)
class ClashView:
    """What both texts changed, and what either says of it now."""

    title: str  # of the principle, as the stored text has it
    part: str  # as of `core.constitution.merging.Clash`
    query: str  # of the scenario, where the part is one
    theirs: Said  # None: nothing, or it is gone there
    mine: Said


@dataclass(frozen=True, kw_only=True)
class Together:
    """Two texts as one, for the person to take or leave."""

    draft: DraftView  # what is stored: the text that a save has to name
    mine: list[dict[str, Any]]  # the principles of both; mine where both changed the same
    theirs: list[dict[str, Any]]  # the stored ones there
    mine_rule: str  # for conflicts, in the same way
    theirs_rule: str
    clashes: tuple[ClashView, ...]
    rule_taken: bool  # whether the rule for conflicts is the stored one
    taken: tuple[str, ...]  # titles of the principles in which something of the stored text is taken, or that are gone there


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A text as a page has it."""

    rows: object
    conflict_rule: str = ""


def together(studio: Studio, constitution_id: int, editor: str, before: Typed, mine: Typed) -> Together:
    """What is stored of a draft and what was typed, as one.

    Args:
        studio: The open studio.
        constitution_id: Whose draft.
        editor: Whose.
        before: What both began from.
        mine: What was typed.

    Raises:
        StudioError: Rows that are none, or a draft that cannot be read.
    """
    draft = open_draft(studio, constitution_id, editor)
    old, own = (read_document(draft.name, text.rows, text.conflict_rule).constitution for text in (before, mine))
    found, other = merge(old, own, draft.constitution), merge(old, own, draft.constitution, "theirs")
    return Together(
        draft=draft,
        mine=_rows(found),
        theirs=_rows(other),
        mine_rule=found.constitution.conflict_rule,
        theirs_rule=other.constitution.conflict_rule,
        clashes=clash_views(found, own, draft.constitution),
        rule_taken=found.constitution.conflict_rule != own.conflict_rule,
        taken=tuple(dict.fromkeys(_changed_there(old, own, draft.constitution, found))),
    )


def clash_views(merged: Merged, mine: Constitution, theirs: Constitution) -> tuple[ClashView, ...]:
    """Each place that both texts changed, with what either says of it."""
    return tuple(_view(clash, mine, theirs) for clash in merged.clashes)


def _rows(merged: Merged) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = to_data(merged.constitution)["principles"]
    return rows


def _changed_there(before: Constitution, mine: Constitution, theirs: Constitution, found: Merged) -> list[str]:
    """Titles of what is another thing in both together than in mine, as it is called there."""
    own, old = ({p.id: p for p in text.principles} for text in (mine, before))
    result = {p.id: p for p in found.constitution.principles}
    changed = [p.title for p in theirs.principles if p.id in result and result[p.id] != own.get(p.id)]
    return [*changed, *(p.title for p in mine.principles if p.id in old and p.id not in result)]


def _view(clash: Clash, mine: Constitution, theirs: Constitution) -> ClashView:
    texts = [next((p for p in text.principles if p.id == clash.principle), None) for text in (mine, theirs)]
    own, other = (_part(text, clash, whole) for text, whole in zip(texts, (mine, theirs), strict=True))
    title = next((text.title for text in reversed(texts) if text is not None), "")
    return ClashView(title=title, part=clash.part, query=clash.query, mine=own, theirs=other)


def _part(principle: Principle | None, clash: Clash, whole: Constitution) -> Said:
    """What a text says where both texts clash."""
    if clash.part == "scenario":
        found = principle.scenarios if principle is not None else ()
        return next((scenario for scenario in found if same_question(scenario.query) == same_question(clash.query)), None)
    if principle is None and clash.principle:
        return None
    part = "statement" if clash.part == "removed" else clash.part
    said: Said = getattr(principle if principle is not None else whole, part)
    return said
