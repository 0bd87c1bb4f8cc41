"""Versions as they are cited, `brevity@4#2`, and the changelog of a constitution."""

import re
from dataclasses import dataclass

import db.constitutions as store
from app.services.addresses import Named, find, named
from app.services.constitutions import history, open_version
from app.services.differences import differences
from app.services.draft_views import VersionView
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.changes import ConstitutionChange
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.errors import OverBudgetError
from db.constitutions import VersionSummary

MOST_DIGITS = 9  # of a number in a citation
CITATION = re.compile(rf"([^@#/]{{1,80}})(?:@([0-9]{{1,{MOST_DIGITS}}})(?:#([0-9]{{1,{MOST_DIGITS}}}))?)?")
MOST_TOLD = 50  # versions whose changes a changelog tells; earlier ones are told by their messages


@dataclass(frozen=True)
class Citation:
    """What a citation names: a constitution, of it a version, of that a principle."""

    slug: str
    number: int | None = None
    principle: int | None = None  # from 1 on

    def __str__(self) -> str:
        return "".join([self.slug, f"@{self.number}" if self.number is not None else "", f"#{self.principle}" if self.principle is not None else ""])


def read_citation(text: str) -> Citation:
    """`brevity`, `brevity@4` or `brevity@4#2`.

    Raises:
        RefusedError: It is none of them.
    """
    found = CITATION.fullmatch(text.strip())
    if found is None:
        raise RefusedError(f"{text[:80]!r} cites nothing. Write it as in brevity@4#2: the constitution, @ and the number of a version, # and a principle.")
    number, principle = (int(part) if part else None for part in found.groups()[1:])
    return Citation(found[1], number, principle)


@dataclass(frozen=True, kw_only=True)
class CitedVersion:
    """A version to read, with the others beside it."""

    of: Named
    version: VersionView
    newest: int


def cited_version(studio: Studio, citation: Citation) -> CitedVersion:
    """The version that is cited; the newest where the citation names none.

    Raises:
        RefusedError: There is no such constitution, version or principle.
    """
    of = find(studio, citation.slug)
    with in_words(), studio.sessions.read() as session:
        head = store.get_head(session, of.id)
    if head is None:
        raise RefusedError(f"“{of.name}” has no version yet, so there is nothing to cite. Save a version first.")
    if citation.number is not None and not 1 <= citation.number <= head.number:
        raise RefusedError(f"“{of.name}” has no version {citation.number}; its newest is version {head.number}.")
    view = open_version(studio, of.id, citation.number if citation.number is not None else head.number)
    text = view.constitution
    if citation.principle is not None and isinstance(text, Constitution) and not 1 <= citation.principle <= len(text.principles):
        raise RefusedError(f"Version {view.summary.number} of “{of.name}” has {len(text.principles)} principles; there is no principle {citation.principle}.")
    return CitedVersion(of=of, version=view, newest=head.number)


def citation_of(studio: Studio, version_id: int) -> Citation:
    """How a version is cited."""
    with in_words(), studio.sessions.read() as session:
        version = store.get_version_by_id(session, version_id)
    return Citation(named(studio, version.constitution_id).slug, version.number)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One version in a changelog."""

    version: VersionSummary
    change: ConstitutionChange | None  # from the version before; None: not told
    why_not: str = ""  # why it is not told


@dataclass(frozen=True, kw_only=True)
class Changelog:
    """What became of a constitution, newest first."""

    of: Named
    entries: tuple[Entry, ...]


def changelog(studio: Studio, constitution_id: int) -> Changelog:
    """Every version with who saved it, when and why, and what it changed by principle."""
    of, versions = named(studio, constitution_id), history(studio, constitution_id)
    entries = [
        _entry(studio, version, versions[i + 1] if i + 1 < len(versions) else None, i < MOST_TOLD, constitution_id) for i, version in enumerate(versions)
    ]
    return Changelog(of=of, entries=tuple(entries))


def _entry(studio: Studio, version: VersionSummary, before: VersionSummary | None, told: bool, constitution_id: int) -> Entry:
    if not told:
        return Entry(version=version, change=None, why_not="Open it to see what it changed.")
    texts = [open_version(studio, constitution_id, each.number).constitution for each in (before, version) if each is not None]
    if any(isinstance(text, Unreadable) for text in texts):
        return Entry(version=version, change=None, why_not="What it changed cannot be told: one of the two versions cannot be read.")
    known = [text for text in texts if isinstance(text, Constitution)]
    try:
        return Entry(version=version, change=differences(known[0] if before is not None else None, known[-1]))
    except OverBudgetError as error:
        return Entry(version=version, change=None, why_not=str(error))
