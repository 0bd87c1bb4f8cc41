"""The Mark page: replies of a run one at a time, and a person who says whether they follow a principle."""

from dataclasses import dataclass

from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.mark_answers import MarkOpened, MarkShown
from app.pages.mark_questions import CardWish, MarkAddress, MarkMade, MarkUndone
from app.pages.questions import id_in
from app.services import marking as service
from app.services.cards import Marking, MarkWish
from app.services.marking import Said
from app.services.studio import Studio
from core.errors import StudioError

ENDPOINTS = ("opened", "card", "mark", "undo")


@dataclass(frozen=True)
class MarkPage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: MarkAddress, editor: str) -> MarkOpened:
        """What the page begins with: the runs, and where one is with the one that the address names."""
        runs = tuple(service.list_markable(self.studio))
        run = id_in(question.run) if question.run else next((each.run for each in runs), None)
        if run is None:
            message = (
                f"“{question.run[:40]}” is not the number of a run." if question.run else "No run has finished yet. Train one; then its replies can be marked."
            )
            return MarkOpened(who=editor, runs=runs, marking=None, message=message)
        found, message = self._begun(run, id_in(question.principle), editor)
        return MarkOpened(who=editor, runs=runs, marking=found, message=message)

    def _begun(self, run: int, principle: int | None, editor: str) -> tuple[Marking | None, str]:
        try:
            return service.marking(self.studio, editor, run, MarkWish(principle=principle)), ""
        except StudioError as error:
            return None, str(error)

    @answers
    def card(self, question: CardWish, editor: str) -> MarkShown:
        """The next card of a principle, or what came out when all are marked."""
        return MarkShown(marking=service.marking(self.studio, editor, question.run, _wish(question)))

    @answers
    def mark(self, question: MarkMade, editor: str) -> MarkShown:
        """Keep what one says of a card, and go on."""
        said = Said(card=question.card, answer=question.answer, request_key=question.key)
        return MarkShown(marking=service.make_mark(self.studio, editor, question.run, _wish(question), said))

    @answers
    def undo(self, question: MarkUndone, editor: str) -> MarkShown:
        """Take one's last mark back, and see its card again."""
        return MarkShown(marking=service.take_back(self.studio, editor, question.run, _wish(question), question.mark))


def _wish(question: CardWish) -> MarkWish:
    return MarkWish(principle=question.principle, deals=question.deals)


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("mark", studio)
    component('<div class="cs-page cs-mark-page"></div>', "mark.js", elem_id="mark")
