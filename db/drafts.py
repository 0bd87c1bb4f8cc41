"""What editors are writing: one draft for each constitution and editor."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.canonical import canonical_json
from db.constitutions import get_constitution, get_head
from db.errors import DraftConflict, NotFound
from db.session import clock
from db.tables import Constitution, Draft, Version
from db.upserts import add_missing


def get_draft(session: Session, constitution_id: int, editor: str) -> Draft | None:
    """The editor's draft, if there is one."""
    query = select(Draft).where(Draft.constitution_id == constitution_id, Draft.editor == editor)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def settled_draft(session: Session, constitution_id: int, editor: str) -> Draft | None:
    """The editor's draft where `ensure_draft` would have nothing to write, asked without a lock."""
    head = get_head(session, constitution_id)
    draft = get_draft(session, constitution_id, editor)
    return draft if draft is not None and not _falls_behind(session, draft, head) else None


def unwritten_draft(session: Session, constitution_id: int, editor: str) -> Draft:
    """What `ensure_draft` would make, to be looked at where nothing can be written. Its revision is none that a save may name."""
    constitution, head = get_constitution(session, constitution_id), get_head(session, constitution_id)
    return Draft(**_first(constitution, head, editor) | {"revision": 0})


def ensure_draft(session: Session, constitution_id: int, editor: str) -> Draft:
    """The editor's draft, made from the newest version where there is none.

    A draft without changes of its own follows the newest version, so that reading a constitution never leads to a conflict.
    """
    constitution = get_constitution(session, constitution_id)
    head = get_head(session, constitution_id)
    draft = get_draft(session, constitution_id, editor)
    if draft is None:
        # A second tab may have made it just now.
        add_missing(session, Draft, [_first(constitution, head, editor)], ["constitution_id", "editor"])
    elif head is not None and _falls_behind(session, draft, head):
        rebase_draft(session, constitution_id, editor, draft.revision, head)
    return _draft(session, constitution_id, editor)


def _first(constitution: Constitution, head: Version | None, editor: str) -> dict[str, Any]:
    content = head.content if head else {"name": constitution.name, "principles": []}
    row = {"constitution_id": constitution.id, "editor": editor, "base_version_id": head.id if head else None}
    # As old as what it copies: opening a constitution is no change to it.
    return row | {"content": content, "revision": 1, "updated_at": head.created_at if head else constitution.created_at}


def _falls_behind(session: Session, draft: Draft, head: Version | None) -> bool:
    return head is not None and draft.base_version_id not in (None, head.id) and _is_untouched(session, draft)


def _draft(session: Session, constitution_id: int, editor: str) -> Draft:
    draft = get_draft(session, constitution_id, editor)
    if draft is None:
        raise NotFound(f"{editor} has no draft of constitution {constitution_id}.")
    return draft


def _is_untouched(session: Session, draft: Draft) -> bool:
    if draft.base_version_id is None:
        return not draft.content["principles"]
    base = session.get(Version, draft.base_version_id)
    return base is not None and canonical_json(draft.content) == base.content_text


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
