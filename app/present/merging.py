"""Two texts put together, as HTML: what was taken from the other one, and where both changed the same."""

from collections.abc import Sequence

from app.present.text import escape, pieces_html, replaced_html
from app.services.merging import ClashView, Said, Together
from app.services.taking_in import TakingIn
from core.constitution.changes import text_change
from core.constitution.checks import Check, check_sentence
from core.constitution.scenarios import Scenario

REMOVED = {True: "removed here, changed there", False: "removed there, changed here"}  # by whether it is gone here
GONE = "Removed."
PARTS = {"conflict_rule": "what is done when principles conflict"}  # others are called as they are
SAME = "This draft was changed elsewhere too. Yours has all that changed there."


def together_says(found: Together) -> str:
    """What came of it, in a sentence or two; plain text."""
    if found.clashes:
        where = "one place was" if len(found.clashes) == 1 else f"{len(found.clashes)} places were"
        return f"This draft was changed elsewhere. Both texts can be put together, but {where} changed in both. Which should stay there?"
    titles = ", ".join([*(f"“{title}”" for title in found.taken), *(["the rule for conflicts"] if found.rule_taken else [])])
    return f"This draft was changed elsewhere too. Both texts are put together. From there came what differs in {titles}." if titles else SAME


def taking_in_says(found: TakingIn) -> str:
    """What taking in a version does, in a sentence or two; plain text."""
    saved = f"{found.author} saved version {found.number} since you began."
    if not found.clashes:
        return f"{saved} This is what taking it in changes in your draft. What you changed stays."
    where = "one place was" if len(found.clashes) == 1 else f"{len(found.clashes)} places were"
    return f"{saved} Both texts can be put together, but {where} changed in both. Which should stay there?"


def clashes_html(clashes: Sequence[ClashView]) -> str:
    """Each place that both changed: what the other text says, and what mine changes in it."""
    rows = "".join(f"<li>{_clash(clash)}</li>" for clash in clashes)
    legend = '<p class="cs-quiet">Marked − is what only the other text says, marked + what only yours says.</p>'
    return f'{legend}<ul class="cs-clashes cs-diff">{rows}</ul>' if rows else ""


def _clash(clash: ClashView) -> str:
    part = REMOVED[clash.mine is None] if clash.part == "removed" else PARTS.get(clash.part, clash.part)
    title = f"“{escape(clash.title)}”" if clash.title else "For all principles"
    theirs, mine = (_priority(said) if clash.part == "priority" else _words(said) for said in (clash.theirs, clash.mine))
    whole = clash.part in ("check", "priority", "removed")  # sentences of ours, or a text that is gone: as wholes
    marked = replaced_html(theirs, mine) if whole else pieces_html(text_change(theirs, mine).pieces)
    return f'<p><bdi>{title}</bdi>: {part}</p><p class="cs-text" dir="auto">{marked}</p>'


def _priority(said: Said) -> str:
    return f"Priority {said}" if said is not None else "No priority"


def _words(said: Said) -> str:
    if said is None:
        return GONE
    if isinstance(said, Check):
        return check_sentence(said)
    if isinstance(said, Scenario):
        expected = [f"{label}: {text}" for label, text in (("Would follow", said.follows), ("Would not", said.fails)) if text]
        return "\n".join([said.query, *expected, said.use])
    return str(said)
