"""The whole way through the cards of one principle, as a page goes it."""

from app.pages.mark import MarkPage
from app.services.studio import Studio
from tests.app.pages.calling import asks


def walked(studio: Studio, of: dict[str, int]) -> list[bytes]:
    """The raw answers, with an undo, as they go over the wire; `of` names the run or the check."""
    page, told = MarkPage(studio), []
    wish = {**of, "principle": 1}
    told.append(page.opened({name: str(number) for name, number in of.items()}, asks()).body)
    at = page.card(wish, asks())
    told.append(at.body)
    for i in range(40):
        if at["marking"]["card"] is None:
            break
        at = page.mark({**wish, "card": at["marking"]["card"]["card"], "answer": ("follows", "does not")[i % 2], "key": f"a-click-{i}"}, asks())
        told.append(at.body)
        if i == 2:
            at = page.undo({**wish, "mark": at["marking"]["last"]}, asks())
            told.append(at.body)
    return told
