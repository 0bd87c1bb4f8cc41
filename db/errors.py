"""What the database layer refuses, in words that a page can show. Nothing here knows SQLAlchemy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.tables import Draft, Version


class StoreError(Exception):
    """Base class. `kind` is a stable name for JSON output and tests."""

    kind = "store"


class UnsupportedDatabase(StoreError):
    """A database URL that the app cannot use."""

    kind = "database-url"


class DatabaseInUse(StoreError):
    """Another studio has the database."""

    kind = "in-use"


class UnwritableDatabase(StoreError):
    """The place of the database takes no writing."""

    kind = "unwritable"


class NewerSchema(StoreError):
    """The database was written by a newer version of the app."""

    kind = "newer-schema"


class BrokenMigration(StoreError):
    """A migration left rows that point nowhere; it was rolled back."""

    kind = "migration"


class BrokenCopy(StoreError):
    """A copy of the database is not whole."""

    kind = "copy"


class NotFound(StoreError):
    """There is no row with this id."""

    kind = "not-found"


class DraftConflict(StoreError):
    """The draft was saved elsewhere since this editor last saw it. `current` is what is stored now, readable after the transaction."""

    kind = "draft-conflict"

    def __init__(self, revision_seen: int, current: "Draft") -> None:
        super().__init__(f"This draft was changed elsewhere: you saw revision {revision_seen}, stored is {current.revision}. Compare the two, then save again.")
        self.current = current


class VersionConflict(StoreError):
    """Someone saved a version that this editor has not seen. `head` is that version, readable after the transaction; None when there is none."""

    kind = "version-conflict"

    def __init__(self, head: "Version | None") -> None:
        newest = "there is no version yet" if head is None else f"{head.author} saved version {head.number} in the meantime"
        super().__init__(f"Your draft is not based on the newest version: {newest}. Compare the two, then save again.")
        self.head = head


class Unchanged(StoreError):
    """The content equals the newest version, so no version was made. `head` is that version."""

    kind = "unchanged"

    def __init__(self, head: "Version") -> None:
        super().__init__(f"Nothing changed since version {head.number}, so no new version was made.")
        self.head = head


class LostLease(StoreError):
    """This attempt no longer holds the job: it was released, stopped, or taken by another. Stop, and write nothing more."""

    kind = "lost-lease"


class NotResumable(StoreError):
    """Only a stopped or failed job can be resumed."""

    kind = "not-resumable"


class NotDeletable(StoreError):
    """Only what has ended can be deleted."""

    kind = "not-deletable"


class RequestKeyTaken(StoreError):
    """A job of another kind, or a constitution of another name, was asked for with the same request_key."""

    kind = "request-key"


class NameTaken(StoreError):
    """There is an account of this name already."""

    kind = "name-taken"
