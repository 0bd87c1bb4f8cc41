"""Any two versions of a constitution as one document with its changes marked."""

from dataclasses import dataclass

from app.services.addresses import Named, named
from app.services.constitutions import history, open_version
from app.services.differences import COMPARING
from app.services.studio import RefusedError, Studio
from core.budget import within
from core.constitution.redline import Paragraph, redline
from core.constitution.stored import require_readable
from db.constitutions import VersionSummary


@dataclass(frozen=True, kw_only=True)
class RedlineView:
    """Two versions, and the document that they make together."""

    of: Named
    before: VersionSummary | None  # None: there was nothing before the first
    after: VersionSummary
    paragraphs: tuple[Paragraph, ...]

    @property
    def title(self) -> str:
        """`Brevity: version 3 to version 4`."""
        return f"{self.of.name}: {f'version {self.before.number}' if self.before else 'nothing'} to version {self.after.number}"


def redline_of(studio: Studio, constitution_id: int, before: int | None = None, after: int | None = None) -> RedlineView:
    """Two versions as one document.

    Args:
        studio: The open studio.
        constitution_id: Whose versions.
        before: The number of the one; None: the version before the other, or nothing where that is the first.
        after: The number of the other; None: the newest.

    Raises:
        StudioError: There is no such version, one cannot be read, or they cannot be compared in time.
    """
    of, versions = named(studio, constitution_id), history(studio, constitution_id)
    if not versions:
        raise RefusedError(f"“{of.name}” has no version yet, so there is nothing to compare. Save a version first.")
    later = _version(versions, of, after if after is not None else versions[0].number)
    wanted = before if before is not None else next((each.number for each in versions if each.number < later.number), None)
    earlier = _version(versions, of, wanted) if wanted is not None else None
    texts = [
        require_readable(open_version(studio, constitution_id, each.number).constitution, f"Version {each.number} of “{of.name}”") if each else None
        for each in (earlier, later)
    ]
    return RedlineView(of=of, before=earlier, after=later, paragraphs=within(COMPARING, redline, *texts))


def _version(versions: list[VersionSummary], of: Named, number: int) -> VersionSummary:
    found = next((each for each in versions if each.number == number), None)
    if found is None:
        raise RefusedError(f"“{of.name}” has no version {number}; its newest is version {versions[0].number}.")
    return found
