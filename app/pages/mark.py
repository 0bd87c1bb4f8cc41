"""The Mark page: replies of a run or a check one at a time, and a person who says whether they follow a principle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.mark_answers import MarkOpened, MarkShown
from app.pages.mark_questions import CardWish, MarkAddress, MarkMade, MarkUndone
from app.pages.questions import id_in
from app.services import marking as service
from app.services.cards import Marking, MarkWish, Source
from app.services.kept_checks import list_kept
from app.services.marking import Said
from app.services.studio import Studio
from core.errors import ConfigError, StudioError

ENDPOINTS = ("opened", "card", "mark", "undo")
NOTHING = "No run has finished yet, and no check is kept. Press Check on the Train page, or train; then replies can be marked."


@dataclass(frozen=True)
class MarkPage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: MarkAddress, editor: str) -> MarkOpened:
        """What the page begins with: runs and checks, and where one is with the one that the address names."""
        runs, checks = tuple(service.list_markable(self.studio)), tuple(list_kept(self.studio))
        source, message = _named(question, [*(Source("run", each.run) for each in runs), *(Source("check", each.check) for each in checks)])
        found = None
        if source is not None:
            found, message = self._begun(source, id_in(question.principle), editor)
        unread = source.id if source is not None and found is None and source.kind == "check" and any(each.check == source.id for each in checks) else None
        return MarkOpened(who=editor, runs=runs, checks=checks, marking=found, unread=unread, message=message)

    def _begun(self, source: Source, principle: int | None, editor: str) -> tuple[Marking | None, str]:
        try:
            return service.marking(self.studio, editor, source, MarkWish(principle=principle)), ""
        except StudioError as error:
            return None, str(error)

    @answers
    def card(self, question: CardWish, editor: str) -> MarkShown:
        """The next card of a principle, or what came out when all are marked."""
        return MarkShown(marking=service.marking(self.studio, editor, _source(question), _wish(question)))

    @answers
    def mark(self, question: MarkMade, editor: str) -> MarkShown:
        """Keep what one says of a card, and go on."""
        said = Said(card=question.card, answer=question.answer, request_key=question.key)
        return MarkShown(marking=service.make_mark(self.studio, editor, _source(question), _wish(question), said))

    @answers
    def undo(self, question: MarkUndone, editor: str) -> MarkShown:
        """Take one's last mark back, and see its card again."""
        return MarkShown(marking=service.take_back(self.studio, editor, _source(question), _wish(question), question.mark))


def _named(question: MarkAddress, offered: Sequence[Source]) -> tuple[Source | None, str]:
    """What the address names, else the first that is offered; or why there is none."""
    named: dict[Literal["run", "check"], str] = {"run": question.run, "check": question.check}
    for kind, text in named.items():
        if text:
            found = id_in(text)
            beside = id_in(question.beside) if kind == "run" else None
            return (Source(kind, found, beside), "") if found is not None else (None, f"“{text[:40]}” is not the number of a {kind}.")
    return (offered[0], "") if offered else (None, NOTHING)


def _source(question: CardWish) -> Source:
    """Whose replies.

    Raises:
        ConfigError: Nobody's, or those of two.
    """
    if question.run is not None and question.check is None:
        return Source("run", question.run, question.beside)
    if question.check is not None and question.run is None and question.beside is None:
        return Source("check", question.check)
    raise ConfigError("Name one run or one check whose replies are marked, and not both.")


def _wish(question: CardWish) -> MarkWish:
    return MarkWish(principle=question.principle, deals=question.deals)


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("mark", studio)
    component('<div class="cs-page cs-mark-page"></div>', "mark.js", elem_id="mark")
