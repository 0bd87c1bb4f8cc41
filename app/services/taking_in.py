"""A version that somebody saved since a draft was begun, taken into the draft: both texts as one, principle by principle, shown before anything is written."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.services.constitutions import newest_readable, open_draft
from app.services.documents import read_document
from app.services.draft_views import DraftView
from app.services.merging import ClashView, clash_views
from app.services.stored import constitution_of
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.merging import Merged, Preferred, merge
from core.constitution.principles import Constitution, to_data
from core.constitution.stored import Unreadable
from db import drafts
from db.constitutions import get_version_by_id
from db.tables import Draft, Version


@dataclass(frozen=True, kw_only=True)
class TakingIn:
    """What becomes of a draft that takes in the newest version. Nothing is written."""

    draft: DraftView  # as it stands
    number: int  # of the version
    author: str
    together: Constitution  # both as one; the draft's text where both changed the same
    clashes: tuple[ClashView, ...]


def taking_in(studio: Studio, constitution_id: int, editor: str) -> TakingIn:
    """Both texts as one, for the person to take or leave.

    Raises:
        RefusedError: There is nothing to take in, or what the draft was begun from cannot be read.
    """
    draft = open_draft(studio, constitution_id, editor)
    with in_words(), studio.sessions.read() as session:
        version, newest, base = _texts(session, _draft(session, constitution_id, editor))
    merged = merge(base, draft.constitution, newest)
    return TakingIn(
        draft=draft,
        number=version.number,
        author=version.author,
        together=merged.constitution,
        clashes=clash_views(merged, draft.constitution, newest),
    )


def take_in(studio: Studio, constitution_id: int, editor: str, seen: tuple[int, int], prefer: Preferred) -> DraftView:
    """Put the newest version into a draft, which stands on that version from then on.

    Args:
        studio: The open studio.
        constitution_id: Whose draft.
        editor: Whose.
        seen: The draft's revision and the number of the version, as they were shown.
        prefer: Whose text stays where both changed the same: the draft's (mine), or the version's.

    Raises:
        RefusedError: As `taking_in`, or either is another one by now.
        ConstitutionError: Both together are more than a draft can hold.
    """
    draft = open_draft(studio, constitution_id, editor)
    with in_words(), studio.sessions.begin() as session:
        row = _draft(session, constitution_id, editor)
        version, newest, base = _texts(session, row)
        if draft.revision != seen[0] or row.revision != seen[0]:
            raise RefusedError("The draft was changed elsewhere since this was shown. Go back to the draft, then take the version in again.")
        if version.number != seen[1]:
            raise RefusedError(f"{version.author} saved version {version.number} meanwhile. Go back to the draft, then take that one in.")
        drafts.stand_on(session, row, seen[0], _content(draft.name, merge(base, draft.constitution, newest, prefer)), version)
    return open_draft(studio, constitution_id, editor)


def _draft(session: Session, constitution_id: int, editor: str) -> Draft:
    row = drafts.get_draft(session, constitution_id, editor)
    if row is None:
        raise RefusedError("You have changed nothing yet, so your draft is the newest version. Reload the page.")
    return row


def _texts(session: Session, row: Draft) -> tuple[Version, Constitution, Constitution]:
    """The newest version, its text, and the text that a draft was begun from."""
    version, newest = newest_readable(session, row.constitution_id)
    if version is None or newest is None or version.id == row.base_version_id:
        raise RefusedError("Nobody has saved a version since you began, so there is nothing to take in. Reload the page.")
    if row.base_version_id is None:
        return version, newest, Constitution(name=newest.name, principles=())
    begun_from = get_version_by_id(session, row.base_version_id)
    base = constitution_of(begun_from)
    if isinstance(base, Unreadable):
        raise RefusedError(
            f"Your draft was begun from version {begun_from.number}, which cannot be read: {base.reason} So it cannot be told what you changed. "
            f"Copy what you want to keep, then discard the draft."
        )
    return version, newest, base


def _content(name: str, merged: Merged) -> dict[str, object]:
    rows = to_data(merged.constitution)["principles"]
    return read_document(name, rows, merged.constitution.conflict_rule).content
