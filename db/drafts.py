"""What editors are writing: one draft for each constitution and editor."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.canonical import canonical_json
from db.constitutions import get_constitution, is_whole, versions_of
from db.errors import DraftConflict, NotFound
from db.session import clock
from db.tables import Constitution, Draft, Version
from db.upserts import add_missing


def get_draft(session: Session, constitution_id: int, editor: str) -> Draft | None:
    """The editor's draft, if there is one."""
    query = select(Draft).where(Draft.constitution_id == constitution_id, Draft.editor == editor)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


Content = dict[str, Any]
Reading = Callable[[Version], Content | None]


def whole_content(version: Version) -> Content | None:
    """What a draft of a version begins with; None where it cannot be read."""
    return version.content if is_whole(version) else None


def ensure_draft(session: Session, constitution_id: int, editor: str, read: Reading = whole_content, head: int | None = None) -> Draft:
    """The editor's draft, made from the newest version that can be read where there is none.

    A draft without changes of its own follows that version, so that reading a constitution never leads to a conflict.

    Args:
        session: A session that may write.
        constitution_id: Whose draft.
        editor: Who writes in it.
        read: What a draft of a version begins with; None where the version cannot be read.
        head: Number of the newest version that the editor saw; later ones are none that the draft is begun from. None: whichever there is.
    """
    newest, content = _newest(session, constitution_id, read, head)
    draft = get_draft(session, constitution_id, editor)
    if draft is None:
        # A second tab may have made it just now.
        add_missing(session, Draft, [_first(session, (constitution_id, editor), newest, content)], ["constitution_id", "editor"])
    elif newest is not None and _falls_behind(session, draft, newest, read):
        _replace_draft(session, (constitution_id, editor), draft.revision, {"content": content, "base_version_id": newest.id})
    return _draft(session, constitution_id, editor)


def shown_draft(session: Session, constitution_id: int, editor: str, read: Reading = whole_content) -> Draft:
    """What `ensure_draft` would give, to be looked at: nothing is written for it. Its revision is the one that the next save names."""
    newest, content = _newest(session, constitution_id, read)
    draft = get_draft(session, constitution_id, editor)
    if draft is not None and not _falls_behind(session, draft, newest, read):
        return draft
    first = _first(session, (constitution_id, editor), newest, content)
    return Draft(**first) if draft is None else Draft(**first | {"revision": draft.revision + 1, "updated_at": draft.updated_at})


def _first(session: Session, key: tuple[int, str], newest: Version | None, content: Content | None) -> dict[str, Any]:
    constitution = get_constitution(session, key[0])
    row = {"constitution_id": key[0], "editor": key[1], "base_version_id": newest.id if newest else None}
    # As old as what it copies: opening a constitution is no change to it.
    return row | {"content": content or _empty(constitution), "revision": 1, "updated_at": newest.created_at if newest else constitution.created_at}


def _falls_behind(session: Session, draft: Draft, newest: Version | None, read: Reading) -> bool:
    return newest is not None and draft.base_version_id not in (None, newest.id) and _is_untouched(session, draft, read)


def begin_again(session: Session, constitution_id: int, editor: str, read: Reading = whole_content) -> Draft:
    """Put the newest version that can be read in the place of whatever the editor's draft holds.

    Raises:
        NotFound: There is no such draft.
    """
    row = _first(session, (constitution_id, editor), *_newest(session, constitution_id, read))
    values = {name: row[name] for name in ("content", "base_version_id")}
    _replace_draft(session, (constitution_id, editor), _draft(session, constitution_id, editor).revision, values)
    return _draft(session, constitution_id, editor)


def _newest(session: Session, constitution_id: int, read: Reading, head: int | None = None) -> tuple[Version | None, Content | None]:
    for version in versions_of(session, constitution_id):
        if (head is None or version.number <= head) and (content := read(version)) is not None:
            return version, content
    return None, None


def _empty(constitution: Constitution) -> Content:
    return {"name": constitution.name, "principles": []}


def _draft(session: Session, constitution_id: int, editor: str) -> Draft:
    draft = get_draft(session, constitution_id, editor)
    if draft is None:
        raise NotFound(f"{editor} has no draft of constitution {constitution_id}.")
    return draft


def _is_untouched(session: Session, draft: Draft, read: Reading = whole_content) -> bool:
    if not isinstance(draft.content, dict) or "principles" not in draft.content:
        return False  # what cannot be read may hold a text of somebody's
    if draft.base_version_id is None:
        return not draft.content["principles"] and not draft.content.get("conflict_rule")
    base = session.get(Version, draft.base_version_id)
    begun_with = read(base) if base is not None else None
    return begun_with is not None and canonical_json(draft.content) == canonical_json(begun_with)


def save_draft(session: Session, constitution_id: int, editor: str, revision_seen: int, content: dict[str, Any]) -> int:
    """Store what an editor wrote, if nobody stored anything since.

    Returns:
        The new revision, to be named by the next save.

    Raises:
        DraftConflict: The stored revision is another one; the error carries the stored draft.
        NotFound: There is no such draft.
    """
    return _replace_draft(session, (constitution_id, editor), revision_seen, {"content": content})


def rebase_draft(session: Session, constitution_id: int, editor: str, revision_seen: int, version: Version) -> int:
    """Put a version's content into a draft and base it on that version: after saving it, restoring it, or taking someone else's.

    Returns and raises as `save_draft`.
    """
    return _replace_draft(session, (constitution_id, editor), revision_seen, {"content": version.content, "base_version_id": version.id})


def stand_on(session: Session, draft: Draft, revision_seen: int, content: Content, version: Version) -> int:
    """Store a text that has all of a version in a draft, which stands on that version from then on. Returns and raises as `save_draft`."""
    return _replace_draft(session, (draft.constitution_id, draft.editor), revision_seen, {"content": content, "base_version_id": version.id})


def count_drafts(session: Session, editor: str) -> int:
    """How many drafts there are under a name."""
    return session.scalars(select(func.count()).select_from(Draft).where(Draft.editor == editor)).one()


def take_over_drafts(session: Session, before: str, after: str) -> int:
    """Give an editor's drafts to another name. Where something is written under that name already, both stay where they are.

    Args:
        session: A session that may write.
        before: The editor who has the drafts.
        after: The editor who gets them.

    Returns:
        How many of them had anything written in them.
    """
    written = 0
    for draft in session.scalars(select(Draft).where(Draft.editor == before).order_by(Draft.id)).all():
        is_written = not _is_untouched(session, draft)
        other = get_draft(session, draft.constitution_id, after)
        if other is not None:
            if not is_written or not _is_untouched(session, other):
                continue
            session.delete(other)
            session.flush()
        draft.editor = after
        written += is_written
    session.flush()
    return written


def _replace_draft(session: Session, key: tuple[int, str], revision_seen: int, values: dict[str, Any]) -> int:
    statement = (
        update(Draft)
        .where(Draft.constitution_id == key[0], Draft.editor == key[1], Draft.revision == revision_seen)
        .values(revision=revision_seen + 1, updated_at=clock(session), **values)
        .returning(Draft.revision)
    )
    revision = session.scalars(statement, execution_options={"synchronize_session": False}).one_or_none()
    if revision is None:
        current = _draft(session, *key)
        session.expunge(current)  # a rollback would empty it, and the error outlives the transaction
        raise DraftConflict(revision_seen, current)
    return revision
