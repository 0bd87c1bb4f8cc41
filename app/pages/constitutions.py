"""The first page: the constitutions there are, and making another."""

from dataclasses import dataclass

from app.pages.answers import ConstitutionList, ConstitutionRead, ConstitutionTaken, Go
from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.questions import ConstitutionFile, ConstitutionsWish, ConstitutionToCopy, NewConstitution, NewName, OneConstitution, file_bytes
from app.present.constitutions import entries_html, groups_html
from app.present.readings import constitution_reading_html
from app.present.text import more_html
from app.services import constitutions as service
from app.services.constitution_names import count_constitutions
from app.services.copies import duplicate
from app.services.imports import import_file
from app.services.studio import Studio
from core.constitution.findings import problems

ENDPOINTS = ("list", "create", "read", "rename", "duplicate", "archive", "unarchive")  # the page begins with the first

ALL = ConstitutionsWish()


@dataclass(frozen=True)
class ConstitutionsPage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def list(self, question: ConstitutionsWish, editor: str) -> ConstitutionList:
        """The constitutions in use, and the archived ones: of each as many as are to be shown."""
        return self._list(editor, None, question)

    @answers
    def create(self, question: NewConstitution, editor: str) -> Go:
        """Make an empty constitution and go to it."""
        return _go(service.create_constitution(self.studio, question.name, question.key))

    @answers
    def read(self, question: ConstitutionFile, editor: str) -> ConstitutionTaken | ConstitutionRead:
        """Make a constitution from a file and say how it was read; go to it at once where the file was taken just as it is."""
        imported = import_file(self.studio, file_bytes(question.data), question.filename, editor, question.key)
        reading, address = imported.reading, _go(imported.id)
        told = reading.notes or reading.ignored or problems(reading.findings)
        return (ConstitutionRead if told else ConstitutionTaken)(
            id=address.id,
            href=address.href,
            html=constitution_reading_html(reading),
            format=reading.format,
            encoding=reading.encoding,
            used=reading.used,
            ignored=reading.ignored,
            notes=reading.notes,
            findings=reading.findings,
            version=imported.number,
        )

    @answers
    def rename(self, question: NewName, editor: str) -> ConstitutionList:
        """Give a constitution another name."""
        name = service.rename(self.studio, question.constitution, editor, question.name)
        return self._list(editor, f"Renamed to “{name}”.")

    @answers
    def duplicate(self, question: ConstitutionToCopy, editor: str) -> Go:
        """Make a copy of the newest version, under a name of its own, and go to it."""
        return _go(duplicate(self.studio, question.constitution, editor, question.key))

    @answers
    def archive(self, question: OneConstitution, editor: str) -> ConstitutionList:
        """Put a constitution away."""
        service.archive(self.studio, question.constitution, editor)
        return self._list(editor, "Archived. Its versions and runs stay, and it can be put back.")

    @answers
    def unarchive(self, question: OneConstitution, editor: str) -> ConstitutionList:
        """Take an archived constitution back."""
        service.archive(self.studio, question.constitution, editor, archived=False)
        return self._list(editor, "Put back among the constitutions in use.")

    def _list(self, editor: str, message: str | None, wish: ConstitutionsWish = ALL) -> ConstitutionList:
        shown = wish.shown
        in_use, archived = (service.list_constitutions(self.studio, away, editor, wish.find) for away in (False, True))
        return ConstitutionList(
            constitutions=(*in_use[:shown], *archived[:shown]),
            more=max(0, len(in_use) - shown) + max(0, len(archived) - shown),
            html=groups_html(in_use[:shown], wish.find) + more_html(len(in_use) - shown),
            archived=entries_html(archived[:shown]) + more_html(len(archived) - shown),
            archived_count=len(archived),
            total=count_constitutions(self.studio),
            message=message,
        )


def _go(constitution_id: int) -> Go:
    return Go(href=f"./write?constitution={constitution_id}", id=constitution_id)


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("", studio)
    component('<div class="cs-page cs-listing"></div>', "listing.js", elem_id="listing")
