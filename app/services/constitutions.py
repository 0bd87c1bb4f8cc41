"""Writing constitutions: the list, drafts, versions, files. Every function is one use case and owns its transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

import db.constitutions as store
from app.services.audit import record
from app.services.documents import Document, read_document, require_name, same_text
from app.services.request_keys import require_key
from app.services.studio import HinderedError, RefusedError, Studio, in_words
from app.services.text_files import TextFile, file_stem
from core.constitution.files import dump_markdown, dump_yaml
from core.constitution.findings import Finding, Rule, advice, problems
from core.constitution.principles import Constitution, from_data, to_data
from core.errors import ConstitutionError, DiskFullError, StudioError
from db import drafts
from db.constitutions import ConstitutionSummary, NewVersion, VersionSummary, summary_of
from db.errors import DraftConflict, Unchanged
from db.tables import Draft, Version

MAX_MESSAGE_CHARS = 500


@dataclass(frozen=True, kw_only=True)
class DraftView:
    """A draft as its editor sees it."""

    constitution_id: int
    name: str
    editor: str
    revision: int  # to be named by the next save
    saved_at: datetime | None  # None while nothing was ever typed
    rows: list[dict[str, Any]]  # the principles as they were typed
    constitution: Constitution  # the same, as far as it can be read
    findings: tuple[Finding, ...]
    head: VersionSummary | None  # the newest version, whoever saved it
    head_constitution: Constitution | None
    base_number: int | None  # the version this draft was begun from
    changed: bool  # whether it differs from the newest version

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What has to be put right before this can be a version."""
        return problems(self.findings)

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What is worth a thought."""
        return advice(self.findings)

    @property
    def behind(self) -> bool:
        """Whether someone saved a version since this draft was begun."""
        return self.head is not None and self.head.number != self.base_number


@dataclass(frozen=True, kw_only=True)
class VersionView:
    """One immutable version."""

    summary: VersionSummary
    constitution: Constitution


class DraftConflictError(StudioError):
    """The draft was saved elsewhere. `current` is what is stored, for the person to choose between the two."""

    kind = "conflict"

    def __init__(self, current: DraftView) -> None:
        super().__init__(
            "This draft was changed elsewhere, perhaps in another tab, since you opened it here. Nothing of yours is lost. Which text should stay?"
        )
        self.current = current


def list_constitutions(studio: Studio, archived: bool = False) -> list[ConstitutionSummary]:
    """The constitutions in use, or the archived ones."""
    with in_words(), studio.sessions.read() as session:
        return store.list_constitutions(session, archived)


def create_constitution(studio: Studio, name: object, request_key: str = "") -> int:
    """Make an empty constitution and return its id. The same request_key again is the same constitution: a double click makes one."""
    checked = require_name(name)
    with in_words(), studio.sessions.begin() as session:
        made = store.add_constitution(session, checked, request_key=require_key(request_key)).id
        record(session, "constitution.made", f"constitution {made}", once=True, name=checked)
        return made


def rename(studio: Studio, constitution_id: int, name: object) -> str:
    """Give a constitution another name and return it as it was kept. Versions keep the name they were saved with."""
    checked = require_name(name)
    with in_words(), studio.sessions.begin() as session:
        store.rename(session, constitution_id, checked)
        record(session, "constitution.renamed", f"constitution {constitution_id}", name=checked)
    return checked


def archive(studio: Studio, constitution_id: int, archived: bool = True) -> None:
    """Put a constitution away, or take it back."""
    with in_words(), studio.sessions.begin() as session:
        store.set_archived(session, constitution_id, archived)
        record(session, "constitution.archived" if archived else "constitution.put-back", f"constitution {constitution_id}")


def open_draft(studio: Studio, constitution_id: int, editor: str) -> DraftView:
    """The editor's draft, made from the newest version where there is none yet.

    Where nothing can be written just now it is shown unwritten: saving it would be told as a conflict.
    """
    with in_words(), studio.sessions.read() as session:
        settled = drafts.settled_draft(session, constitution_id, editor)
        if settled is not None:
            return _view(session, settled)
    try:
        with in_words(), studio.sessions.begin() as session:
            return _view(session, drafts.ensure_draft(session, constitution_id, editor))
    except (DiskFullError, HinderedError):
        with in_words(), studio.sessions.read() as session:
            there = drafts.get_draft(session, constitution_id, editor)
            return _view(session, there or drafts.unwritten_draft(session, constitution_id, editor))


def view_draft(studio: Studio, constitution_id: int, editor: str) -> DraftView:
    """The draft as it stands, even where a newer version appeared: what its editor has on the screen."""
    with in_words(), studio.sessions.read() as session:
        there = drafts.get_draft(session, constitution_id, editor)
        if there is not None:
            return _view(session, there)
    return open_draft(studio, constitution_id, editor)


def save_draft(studio: Studio, constitution_id: int, editor: str, revision_seen: int, rows: object) -> DraftView:
    """Store what an editor wrote.

    Raises:
        DraftConflictError: Someone saved it since; the error carries what is stored.
        ConstitutionError: More than a draft can hold.
    """
    with in_words():
        try:
            with studio.sessions.begin() as session:
                return _save(session, (constitution_id, editor), revision_seen, rows)
        except DraftConflict as error:
            raise DraftConflictError(view_draft(studio, constitution_id, editor)) from error


def _save(session: Session, key: tuple[int, str], revision_seen: int, rows: object) -> DraftView:
    document = read_document(store.get_constitution(session, key[0]).name, rows)
    if _document(session, _stored(session, *key)).content != document.content:  # the same text again is no conflict, whoever saved it
        drafts.save_draft(session, *key, revision_seen, document.content)
    return _view(session, _stored(session, *key))


def save_version(studio: Studio, constitution_id: int, editor: str, message: object, seen: tuple[int, int | None]) -> DraftView:
    """Make the draft the next version.

    Args:
        seen: The draft's revision and the number of the newest version, as the editor saw them when deciding.

    Raises:
        ConstitutionError: No message, or the draft has problems.
        RefusedError: Nothing changed, or the draft or the newest version is another one by now.
    """
    checked = _require_message(message)
    with in_words(), studio.sessions.begin() as session:
        draft = _stored(session, constitution_id, editor)
        head = _require_head(session, constitution_id, seen[1])
        if draft.revision != seen[0]:
            raise RefusedError("The draft was changed elsewhere since these changes were shown. Go back to the draft and look again.")
        document = _document(session, draft)
        if must := problems(document.findings):
            raise ConstitutionError(" ".join(finding.message for finding in must))
        if head is not None and same_text(document.constitution, from_data(head.content)):  # stored in another form it would be other bytes
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
    version = store.add_version(session, new)
    drafts.rebase_draft(session, draft.constitution_id, draft.editor, draft.revision, version)
    return _view(session, _stored(session, draft.constitution_id, draft.editor))


def restore_version(studio: Studio, constitution_id: int, editor: str, number: int, seen: tuple[int, int | None]) -> DraftView:
    """Save an earlier version's text as the next version, and put it in the draft. `seen` as in `save_version`."""
    with in_words(), studio.sessions.begin() as session:
        draft = _stored(session, constitution_id, editor)
        head = _require_head(session, constitution_id, seen[1])
        if draft.revision != seen[0]:
            raise RefusedError("The draft was changed elsewhere. Reload the page, then restore the version.")
        old = from_data(store.get_version(session, constitution_id, number).content)
        if head is None or same_text(old, from_data(head.content)):
            raise RefusedError(f"Version {number} already says what the newest version says, so there is nothing to restore.")
        store.rename(session, constitution_id, old.name)
        saved = _add_version(session, draft, head, NewVersionText(old, f"Restored version {number}."))
        record(session, "version.restored", f"constitution {constitution_id}", version=saved.base_number, restored=number)
        return saved


def history(studio: Studio, constitution_id: int) -> list[VersionSummary]:
    """Every version, newest first."""
    with in_words(), studio.sessions.read() as session:
        store.get_constitution(session, constitution_id)
        return store.history(session, constitution_id)


def open_version(studio: Studio, constitution_id: int, number: int) -> VersionView:
    """One version, verified against its hash."""
    with in_words(), studio.sessions.read() as session:
        version = store.get_version(session, constitution_id, number)
        return VersionView(summary=summary_of(version), constitution=from_data(version.content))


def export(studio: Studio, constitution_id: int, editor: str, form: Literal["yaml", "markdown"], number: int | None = None) -> TextFile:
    """The draft (or a version) as a file: YAML for the command line, Markdown for people."""
    if number is None:
        constitution, label = view_draft(studio, constitution_id, editor).constitution, "draft"
    else:
        constitution, label = open_version(studio, constitution_id, number).constitution, f"v{number}"
    stem = file_stem(constitution.name)
    if form == "yaml":
        return TextFile(filename=f"{stem}-{label}.yaml", text=dump_yaml(constitution), type="application/yaml")
    return TextFile(filename=f"{stem}-{label}.md", text=dump_markdown(constitution), type="text/markdown")


def _require_message(message: object) -> str:
    if not isinstance(message, str) or not message.strip():
        raise ConstitutionError("A version needs a message: what changed, and why. Write one.")
    if len(message) > MAX_MESSAGE_CHARS:
        raise ConstitutionError(f"The message has {len(message):,} characters; the limit is {MAX_MESSAGE_CHARS}. Shorten it.")
    return message.strip()


def _require_head(session: Session, constitution_id: int, number_seen: int | None) -> Version | None:
    head = store.get_head(session, constitution_id)
    if (head.number if head else None) != number_seen:
        raise RefusedError(
            f"{head.author if head else 'Someone'} saved version {head.number if head else 0} meanwhile. Go back to the draft and look at the changes again."
        )
    return head


def _stored(session: Session, constitution_id: int, editor: str) -> Draft:
    return drafts.get_draft(session, constitution_id, editor) or drafts.ensure_draft(session, constitution_id, editor)


def _document(session: Session, draft: Draft) -> Document:
    return read_document(store.get_constitution(session, draft.constitution_id).name, draft.content["principles"])


def _view(session: Session, draft: Draft) -> DraftView:
    document = _document(session, draft)
    head = store.get_head(session, draft.constitution_id)
    head_constitution = from_data(head.content) if head else None
    base = store.get_version_by_id(session, draft.base_version_id) if draft.base_version_id else None
    half_typed = any(finding.rule is Rule.UNREADABLE_CHECK for finding in document.findings)
    return DraftView(
        constitution_id=draft.constitution_id,
        name=document.constitution.name,
        editor=draft.editor,
        revision=draft.revision,
        saved_at=draft.updated_at if draft.revision > 1 else None,
        rows=document.content["principles"],
        constitution=document.constitution,
        findings=document.findings,
        head=summary_of(head) if head else None,
        head_constitution=head_constitution,
        base_number=base.number if base else None,
        changed=half_typed or head_constitution is None or not same_text(document.constitution, head_constitution),
    )
