"""Where somebody marks from a terminal: a run or a check of the studio. Folders are desks too, in `folder_desks`."""

from dataclasses import dataclass
from typing import Any, Protocol

from app.services.cards import Marking, MarkWish, Source
from app.services.kept_checks import CheckFound
from app.services.mark_files import Format, Imported, import_marks, marks_file
from app.services.marked import Marked, models_to_data
from app.services.marking import Said, found_of, make_mark, marking, take_back
from app.services.studio import Studio
from core.errors import ConfigError
from core.measure.marked import marks_to_data
from core.measure.report_data import report_to_data
from core.measure.rows import rows_to_data
from core.runs.links import trainability_to_data


class Desk(Protocol):
    """What the command asks of each."""

    def look(self, wish: MarkWish) -> Marking:
        """Where one is."""

    def mark(self, wish: MarkWish, said: Said) -> Marking:
        """Keep what one says of a card."""

    def undo(self, wish: MarkWish, mark: int) -> Marking:
        """Take one's mark back."""

    def export(self, form: Format) -> str:
        """All marks that count."""

    def bring(self, data: bytes, filename: str) -> Imported:
        """Keep the marks of a file."""

    def found(self) -> Marked | CheckFound:
        """The result as the marks make it."""


@dataclass(frozen=True, kw_only=True)
class StudioDesk:
    """A run or a check of the studio."""

    studio: Studio
    source: Source
    who: str

    def look(self, wish: MarkWish) -> Marking:
        return marking(self.studio, self.who, self.source, wish)

    def mark(self, wish: MarkWish, said: Said) -> Marking:
        return make_mark(self.studio, self.who, self.source, wish, said)

    def undo(self, wish: MarkWish, mark: int) -> Marking:
        return take_back(self.studio, self.who, self.source, wish, mark)

    def export(self, form: Format) -> str:
        return marks_file(self.studio, self.source, form).text

    def bring(self, data: bytes, filename: str) -> Imported:
        return import_marks(self.studio, self.source, data, filename)

    def found(self) -> Marked | CheckFound:
        return found_of(self.studio, self.source)


def found_to_data(found: Marked | CheckFound) -> dict[str, Any]:
    """What the marks make of a run or a check, as plain JSON data.

    Raises:
        ConfigError: They cannot be counted, or there is no result.
    """
    if found.problem:
        raise ConfigError(found.problem)
    marks = marks_to_data(found.marks)
    if isinstance(found, CheckFound):
        return {"marks": marks, "trainability": trainability_to_data(found.found)}
    if found.result is None:
        raise ConfigError("The run has no result yet.")
    report = found.result.report
    return {"marks": marks, "models": models_to_data(found.models), "result": {**report_to_data(report), "rows": rows_to_data(report)}}
