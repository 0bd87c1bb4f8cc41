"""Writing constitutions: the list, drafts, versions, files. Every function is one use case and owns its transaction."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

import db.constitutions as store
from app.services.audit import record
from app.services.constitution_names import named_again, require_free
from app.services.documents import Document, read_document, read_stored_document, require_message, require_name, same_principles, same_text, with_ids
from app.services.draft_views import DraftConflictError, DraftView, UnreadableDraftError, VersionView, summarised
from app.services.quotas import require_below_quota
from app.services.request_keys import require_key
from app.services.roles import OWNERS, refusals, require_role, write_own_version
from app.services.stored import NotKeptError, constitution_of, draft_content, problem_of, require_constitution
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.findings import problems
from core.constitution.principles import Constitution, squash, to_data
from core.constitution.stored import Unreadable
from core.errors import ConstitutionError
from db import drafts
from db.constitutions import ConstitutionSummary, NewVersion, VersionSummary, summary_of
from db.errors import DraftConflict, Unchanged
from db.tables import Draft, Version


def list_constitutions(studio: Studio, archived: bool = False, editor: str = "", find: str = "") -> list[ConstitutionSummary]:
    """The constitutions in use, or the archived ones: the editor's own first, then those of others, then starters; only those that `find` stands in."""
    wanted = squash(find)
    with in_words(), studio.sessions.read() as session:
        own = store.written_by(session, editor)
        found = [card for card in store.list_constitutions(session, archived) if wanted in squash(f"{card.name} {card.blurb}")]
        closed = refusals(session, [card.id for card in found], editor, OWNERS)
        told = (replace(card, own=card.id in own and not card.starter, closed=closed.get(card.id, "")) for card in found)
        cards = sorted(told, key=lambda card: (card.starter, not card.own))
        versions = {version.id: version for version in store.stored_versions(session, [card.version_id for card in cards if card.version_id])}
    return [replace(card, problem=problem_of(versions[card.version_id])) if card.version_id in versions else card for card in cards]


def create_constitution(studio: Studio, name: object, request_key: str = "") -> int:
    """Make an empty constitution and return its id. The same request_key again is the same constitution: a double click makes one."""
    checked = require_name(name)
    with in_words(), studio.sessions.begin() as session:
        made = store.add_constitution(session, checked, request_key=require_key(request_key)).id
        require_free(session, checked, made)
        record(session, "constitution.made", f"constitution {made}", once=True, name=checked)
        require_below_quota(session, "constitution.made")
        return made


def rename(studio: Studio, constitution_id: int, who: str, name: object) -> str:
    """Give a constitution another name and return it as it was kept. Versions keep the name they were saved with. Where there are roles it is for owners."""
    checked = require_name(name)
    with in_words(), studio.sessions.begin() as session:
        require_role(session, constitution_id, who, OWNERS)
        store.rename(session, constitution_id, checked)
        require_free(session, checked, constitution_id)
        record(session, "constitution.renamed", f"constitution {constitution_id}", name=checked)
    return checked


def archive(studio: Studio, constitution_id: int, who: str, archived: bool = True) -> None:
    """Put a constitution away, or take it back. Where there are roles it is for owners."""
    with in_words(), studio.sessions.begin() as session:
        require_role(session, constitution_id, who, OWNERS)
        store.set_archived(session, constitution_id, archived)
        record(session, "constitution.archived" if archived else "constitution.put-back", f"constitution {constitution_id}")


def open_draft(studio: Studio, constitution_id: int, editor: str) -> DraftView:
    """The editor's draft, begun from the newest version where nothing was typed yet. Opening it writes nothing, so it waits for nobody who writes."""
    with in_words(), studio.sessions.read() as session:
        return _view(session, drafts.shown_draft(session, constitution_id, editor, draft_content))


def begin_again(studio: Studio, constitution_id: int, editor: str) -> DraftView:
    """Put the newest version that can be read in the place of a draft that cannot.

    Raises:
        RefusedError: The draft can be read, or there is none.
    """
    with in_words(), studio.sessions.begin() as session:
        draft = drafts.get_draft(session, constitution_id, editor)
        if draft is None or not isinstance(_read(session, draft), Unreadable):
            raise RefusedError("Your draft can be read, so there is nothing to begin again. Reload the page.")
        return _view(session, drafts.begin_again(session, constitution_id, editor, draft_content))


def discard_draft(studio: Studio, constitution_id: int, editor: str, seen: tuple[int, int | None]) -> DraftView:
    """Put the newest version that can be read in the place of a draft. `seen` as in `save_version`.

    Raises:
        RefusedError: There is no version, the draft says what the newest one says, or either is another one by now.
    """
    with in_words(), studio.sessions.begin() as session:
        draft = _stored(session, (constitution_id, editor), seen[0])
        _require_head(session, constitution_id, seen[1])
        if draft.revision != seen[0]:
            raise RefusedError("The draft was changed elsewhere. Reload the page, then discard it.")
        newest, text = newest_readable(session, constitution_id)
        if newest is None or text is None:
            raise RefusedError("There is no version to go back to yet. Remove principles one by one.")
        if not isinstance(found := _read(session, draft), Unreadable) and same_principles(found.constitution, text):
            raise RefusedError(f"The draft has the principles of version {newest.number}, so there is nothing to discard.")
        return _view(session, drafts.begin_again(session, constitution_id, editor, draft_content))


def save_draft(
    studio: Studio, constitution_id: int, editor: str, revision_seen: int, rows: object, head_seen: int | None = None, conflict_rule: str | None = None
) -> DraftView:
    """Store what an editor wrote. Its first save makes the draft.

    Args:
        studio: The open studio.
        constitution_id: Whose draft.
        editor: Who wrote it.
        revision_seen: Of the draft, as it was opened.
        rows: The principles as they were typed.
        head_seen: Number of the newest version then, 0 where there was none: what a draft that is made now was begun from. None: the newest.
        conflict_rule: What to do where they conflict. None: as it is stored.

    Raises:
        DraftConflictError: Someone saved it since; the error carries what is stored.
        ConstitutionError: More than a draft can hold.
    """
    with in_words():
        try:
            with studio.sessions.begin() as session:
                _stored(session, (constitution_id, editor), revision_seen, head_seen)
                return _save(session, (constitution_id, editor), revision_seen, (rows, conflict_rule))
        except DraftConflict as error:
            raise DraftConflictError(open_draft(studio, constitution_id, editor)) from error


def _save(session: Session, key: tuple[int, str], revision_seen: int, typed: tuple[object, str | None]) -> DraftView:
    kept, (rows, rule) = _document(session, _kept(session, key)), typed
    said = kept.constitution.conflict_rule if rule is None else rule
    document = _with_own_ids(session, key[0], read_document(store.get_constitution(session, key[0]).name, rows, said))
    if kept.content != document.content:  # the same text again is no conflict, whoever saved it
        drafts.save_draft(session, *key, revision_seen, document.content)
    view = _view(session, _kept(session, key))
    if view.constitution != document.constitution:
        raise NotKeptError("the draft")
    return view


def _with_own_ids(session: Session, constitution_id: int, document: Document) -> Document:
    """The document without ids that belong to another constitution."""
    _, newest = newest_readable(session, constitution_id)
    kept = {p.id for p in newest.principles} if newest else set()
    own = store.own_ids(session, constitution_id, [p.id for p in document.constitution.principles], kept)
    principles = tuple(p if p.id == identity else replace(p, id=identity) for p, identity in zip(document.constitution.principles, own, strict=True))
    constitution = replace(document.constitution, principles=principles)
    return replace(document, constitution=constitution, content=to_data(constitution))


def save_version(studio: Studio, constitution_id: int, editor: str, message: object, seen: tuple[int, int | None]) -> DraftView:
    """Make the draft the next version.

    Args:
        seen: The draft's revision and the number of the newest version, as the editor saw them when deciding.

    Raises:
        ConstitutionError: No message, or the draft has problems.
        RefusedError: Nothing changed, or the draft or the newest version is another one by now.
    """
    checked = require_message(message)
    with in_words(), studio.sessions.begin() as session:
        draft = _stored(session, (constitution_id, editor), seen[0])
        head = _require_head(session, constitution_id, seen[1])
        if draft.revision != seen[0]:
            raise RefusedError("The draft was changed elsewhere since these changes were shown. Go back to the draft and look again.")
        document = _with_own_ids(session, constitution_id, _document(session, draft))
        if must := problems(document.findings):
            raise ConstitutionError(" ".join(finding.message for finding in must))
        if head is not None and _says(head, document.constitution):  # stored in another form it would be other bytes
            raise Unchanged(head)
        saved = _add_version(session, draft, head, NewVersionText(document.constitution, checked))
        record(session, "version.saved", f"constitution {constitution_id}", version=saved.base_number)
        return saved


@dataclass(frozen=True)
class NewVersionText:
    """What a new version says, and why it was made."""

    constitution: Constitution
    message: str


def _add_version(session: Session, draft: Draft, head: Version | None, text: NewVersionText) -> DraftView:
    new = NewVersion(
        constitution_id=draft.constitution_id,
        base_version_id=head.id if head else None,
        content=to_data(text.constitution),
        message=text.message,
        author=draft.editor,
    )
    version = write_own_version(session, new, text.constitution)
    drafts.rebase_draft(session, draft.constitution_id, draft.editor, draft.revision, version)
    return _view(session, _kept(session, (draft.constitution_id, draft.editor)))


def restore_version(studio: Studio, constitution_id: int, editor: str, number: int, seen: tuple[int, int | None]) -> DraftView:
    """Save an earlier version's text as the next version, and put it in the draft. `seen` as in `save_version`."""
    with in_words(), studio.sessions.begin() as session:
        draft = _stored(session, (constitution_id, editor), seen[0])
        head = _require_head(session, constitution_id, seen[1])
        if draft.revision != seen[0]:
            raise RefusedError("The draft was changed elsewhere. Reload the page, then restore the version.")
        old = with_ids(require_constitution(store.get_version(session, constitution_id, number)))
        if head is None or _says(head, old):
            raise RefusedError(f"Version {number} already says what the newest version says, so there is nothing to restore.")
        old = named_again(session, constitution_id, old)
        saved = _add_version(session, draft, head, NewVersionText(old, f"Restored version {number}."))
        record(session, "version.restored", f"constitution {constitution_id}", version=saved.base_number, restored=number)
        return saved


def history(studio: Studio, constitution_id: int) -> list[VersionSummary]:
    """Every version, newest first."""
    with in_words(), studio.sessions.read() as session:
        store.get_constitution(session, constitution_id)
        return [summarised(version) for version in store.versions_of(session, constitution_id)]


def open_version(studio: Studio, constitution_id: int, number: int) -> VersionView:
    """One version, verified against its hash; of one that cannot be read why, and as what it is stored."""
    with in_words(), studio.sessions.read() as session:
        version = store.get_version(session, constitution_id, number)
        return VersionView(summary=summarised(version), constitution=constitution_of(version))


def _require_head(session: Session, constitution_id: int, number_seen: int | None) -> Version | None:
    head = store.get_head(session, constitution_id)
    if (head.number if head else None) == (number_seen or None):  # 0 where there was none, as a draft is saved with
        return head
    meanwhile = f"{head.author} saved version {head.number} meanwhile" if head else f"There is no version {number_seen}, nor any other yet"
    raise RefusedError(f"{meanwhile}. Go back to the draft and look at the changes again.")


def _stored(session: Session, key: tuple[int, str], revision_seen: int, head_seen: int | None = None) -> Draft:
    """The draft that somebody saw, made now where it was only shown (`db.drafts.shown_draft`)."""
    draft = drafts.get_draft(session, *key)
    return drafts.ensure_draft(session, *key, draft_content, head_seen) if draft is None or revision_seen == draft.revision + 1 else draft


def _kept(session: Session, key: tuple[int, str]) -> Draft:
    return drafts.get_draft(session, *key) or drafts.ensure_draft(session, *key, draft_content)


def _read(session: Session, draft: Draft) -> Document | Unreadable:
    return read_stored_document(store.get_constitution(session, draft.constitution_id).name, draft.content)


def _document(session: Session, draft: Draft) -> Document:
    found = _read(session, draft)
    if isinstance(found, Unreadable):
        raise UnreadableDraftError(draft.constitution_id, store.get_constitution(session, draft.constitution_id).name, found)
    return found


def _says(version: Version, constitution: Constitution) -> bool:
    """Whether a version can be read and says just that."""
    found = constitution_of(version)
    return not isinstance(found, Unreadable) and same_text(constitution, found)


def newest_readable(session: Session, constitution_id: int) -> tuple[Version | None, Constitution | None]:
    """The newest version that can be read, and its text."""
    for version in store.versions_of(session, constitution_id):
        if not isinstance(found := constitution_of(version), Unreadable):
            return version, found
    return None, None


def _view(session: Session, draft: Draft) -> DraftView:
    document = _document(session, draft)
    head = store.get_head(session, draft.constitution_id)
    newest, newest_text = newest_readable(session, draft.constitution_id)
    base = store.named_version(session, draft.base_version_id) if draft.base_version_id is not None else None
    return DraftView(
        constitution_id=draft.constitution_id,
        name=document.constitution.name,
        editor=draft.editor,
        revision=draft.revision,
        saved_at=draft.updated_at if draft.revision > 1 else None,
        rows=document.content["principles"],
        constitution=document.constitution,
        findings=document.findings,
        head=(summary_of(head) if head is newest else summarised(head)) if head else None,
        held_against=summary_of(newest) if newest else None,
        head_constitution=newest_text,
        base_number=base.number if base else None,
        discardable=newest_text is not None and not same_principles(document.constitution, newest_text),
        changed=newest_text is None or newest is not head or not same_text(document.constitution, newest_text),
    )
