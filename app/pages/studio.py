"""What every page asks besides its own questions."""

from dataclasses import dataclass

from app.pages.answers import StudioState
from app.pages.endpoints import answers
from app.pages.questions import NoDetails
from app.services.condition import condition
from app.services.studio import Studio

ENDPOINTS = ("state",)


@dataclass(frozen=True)
class EveryPage:
    """The handlers of what all pages share."""

    studio: Studio

    @answers
    def state(self, question: NoDetails, editor: str) -> StudioState:
        """Whether the studio can write: a full or read-only disk is told on every page."""
        return StudioState(problem=condition(self.studio))
