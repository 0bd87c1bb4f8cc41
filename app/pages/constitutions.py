"""The first page: the constitutions there are, and making another."""

import base64
import binascii
from dataclasses import dataclass

import gradio as gr

from app.pages.frame import Question, Reply, answers, component, header, wire
from app.present.constitutions import entries_html
from app.services import constitutions as service
from app.services.studio import Studio
from app.web.actors import caller
from core.errors import ConstitutionError


@dataclass(frozen=True)
class ConstitutionsPage:
    """The handlers of this page."""

    studio: Studio

    def load(self, request: gr.Request) -> object:
        """Show the list when the page opens."""
        caller(request)
        return gr.update(reply=self._list(None))

    @answers
    def create(self, question: Question, editor: str) -> Reply:
        """Make an empty constitution and go to it."""
        return _go(service.create_constitution(self.studio, question.get("name")))

    @answers
    def read(self, question: Question, editor: str) -> Reply:
        """Make a constitution from a file and go to it."""
        return _go(service.import_file(self.studio, _decoded(question.get("data")), question.get("filename"), editor))

    @answers
    def rename(self, question: Question, editor: str) -> Reply:
        """Give a constitution another name."""
        name = service.rename(self.studio, question.number("constitution"), question.get("name"))
        return self._list(f"Renamed to “{name}”.")

    @answers
    def archive(self, question: Question, editor: str) -> Reply:
        """Put a constitution away."""
        service.archive(self.studio, question.number("constitution"))
        return self._list("Archived. Its versions and runs stay, and it can be put back.")

    @answers
    def unarchive(self, question: Question, editor: str) -> Reply:
        """Take an archived constitution back."""
        service.archive(self.studio, question.number("constitution"), archived=False)
        return self._list("Put back among the constitutions in use.")

    def _list(self, message: str | None) -> Reply:
        archived = service.list_constitutions(self.studio, archived=True)
        in_use = service.list_constitutions(self.studio)
        return {"kind": "list", "html": entries_html(in_use), "archived": entries_html(archived), "archived_count": len(archived), "message": message}


def _go(constitution_id: int) -> Reply:
    return {"kind": "go", "href": f"./write?constitution={constitution_id}"}


def _decoded(data: object) -> bytes:
    try:
        return base64.b64decode(str(data or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConstitutionError("The file did not arrive whole. Choose it again.") from error


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = ConstitutionsPage(studio)
    header("", studio)
    events = ("create", "read", "rename", "archive", "unarchive")
    listing = component('<div class="cs-page cs-listing"></div>', "listing.js", events, elem_id="listing")
    wire(listing, {event: getattr(handlers, event) for event in events}, "constitutions")
    page.load(handlers.load, None, [listing], queue=False, show_progress="hidden", api_name="constitutions_load")
