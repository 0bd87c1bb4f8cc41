"""Constitutions from files: a first version where nothing is missing, else a draft that says what is."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

import db.constitutions as store
from app.services.audit import record
from app.services.constitution_names import name_for
from app.services.documents import read_document, read_stored_document, require_name, with_ids
from app.services.quotas import require_below_quota
from app.services.request_keys import require_key
from app.services.stored import NotKeptError, write_version
from app.services.studio import Studio, in_words
from core.budget import Limit, within
from core.constitution.files import ConstitutionReading, read_constitution
from core.constitution.findings import problems
from core.constitution.principles import Constitution, to_data
from core.errors import ConstitutionError
from db import drafts
from db.constitutions import NewVersion

MAX_FILE_BYTES = 1_000_000
READING = Limit(what="Reading the file", seconds=8.0, remedy="Shorten it, or write it as YAML in the way that the Write page gives it.")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A constitution that was made of a file."""

    id: int
    reading: ConstitutionReading  # what was understood of the file
    number: int | None  # of its first version; None where a draft was made


def read_file(data: bytes, filename: object) -> ConstitutionReading:
    """What the studio understands of a file; nothing is made, and it is read in this process.

    Raises:
        ConstitutionError: Too large, not text, or not a constitution; the message says which and where.
    """
    _require_small(data)
    return read_constitution(data, filename if isinstance(filename, str) else "")


def _require_small(data: bytes) -> None:
    if len(data) > MAX_FILE_BYTES:
        raise ConstitutionError(f"The file has {len(data):,} bytes; the limit is {MAX_FILE_BYTES:,}. A constitution file is a few kilobytes of text.")


def import_file(studio: Studio, data: bytes, filename: object, editor: str, request_key: str = "") -> Imported:
    """Make a constitution from a file: with a first version, or as a draft of whoever imports it where something has to be put right.

    The same request_key again is the same constitution.

    Raises:
        ConstitutionError: As `read_file`.
        OverBudgetError: Reading it took too long.
    """
    _require_small(data)
    reading = within(READING, read_constitution, data, filename if isinstance(filename, str) else "")
    name, key = require_name(reading.constitution.name), require_key(request_key)
    with in_words(), studio.sessions.begin() as session:
        constitution = with_ids(replace(reading.constitution, name=name_for(session, name, key)))
        content = to_data(constitution)
        row = store.add_constitution(session, constitution.name, request_key=key)
        if (head := store.get_head(session, row.id)) is not None:
            return Imported(id=row.id, reading=reading, number=head.number)
        if drafts.get_draft(session, row.id, editor) is not None:  # the same request once more
            return Imported(id=row.id, reading=reading, number=None)
        subject = f"constitution {row.id}"
        record(session, "constitution.made", subject, once=True, name=constitution.name, file=str(filename or ""))
        require_below_quota(session, "constitution.made")
        if problems(reading.findings):
            _add_draft(session, row.id, editor, constitution)
            return Imported(id=row.id, reading=reading, number=None)
        read_document(constitution.name, content["principles"], constitution.conflict_rule)  # what the editor opens
        new = NewVersion(constitution_id=row.id, base_version_id=None, content=content, message="Read from a file.", author=editor)
        number = write_version(session, new, constitution).number
        record(session, "version.saved", subject, version=number)
        return Imported(id=row.id, reading=reading, number=number)


def _add_draft(session: Session, constitution_id: int, editor: str, constitution: Constitution) -> None:
    document = read_document(constitution.name, to_data(constitution)["principles"], constitution.conflict_rule)
    draft = drafts.ensure_draft(session, constitution_id, editor)
    drafts.save_draft(session, constitution_id, editor, draft.revision, document.content)
    kept = drafts.get_draft(session, constitution_id, editor)
    if kept is None or read_stored_document(constitution.name, kept.content) != document:
        raise NotKeptError("the draft")
