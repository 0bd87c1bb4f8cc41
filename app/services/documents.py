"""What the editor sends, as a constitution: lenient where a draft may be unfinished, strict about its shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from core.constitution.checks import CHECKS, check_from_data, check_to_data
from core.constitution.findings import Finding, Rule, Severity, find
from core.constitution.normal import normal, repaired
from core.constitution.principles import (
    MAX_WRITER_CHARS,
    Constitution,
    Principle,
    WrittenBy,
    squash,
    to_data,
    written_by_from_data,
    written_by_to_data,
)
from core.constitution.reading.drafts import MAX_DRAFT_PRINCIPLES
from core.errors import ConstitutionError

MAX_DRAFT_CHARS = 1_000_000  # far above what a version may hold, so that a paste that is too long is kept while it is shortened
MAX_NAME_CHARS = 120
MAX_ARGUMENT_CHARS = 10_000
_ID = re.compile(r"[0-9a-f]{32}")
_TEXTS = ("title", "statement", "antithesis")


@dataclass(frozen=True)
class Document:
    """A draft's text, and what there is to say about it."""

    constitution: Constitution  # a check that cannot be read is left out here and named in the findings
    findings: tuple[Finding, ...]
    content: dict[str, Any]  # what is stored: also holds a check that is still half typed


@dataclass(frozen=True)
class _Row:
    """One principle as it was sent."""

    principle: Principle
    stored: dict[str, Any]
    unreadable: Finding | None  # of its check


def read_document(name: str, rows: object) -> Document:
    """Read principles as the editor sends them, or as a draft stores them.

    Raises:
        ConstitutionError: Not the shape of a list of principles, or more than a draft can hold.
    """
    if not isinstance(rows, list):
        raise ConstitutionError("The principles must come as a list. Reload the page, then try again.")
    if len(rows) > MAX_DRAFT_PRINCIPLES:
        raise ConstitutionError(f"There are {len(rows)} principles; a draft holds {MAX_DRAFT_PRINCIPLES}. Remove some.")
    read = [_row(row, i) for i, row in enumerate(rows)]
    size = sum(len(row.stored[key]) for row in read for key in _TEXTS) + sum(len(str(row.principle.check)) for row in read)
    if size > MAX_DRAFT_CHARS:
        raise ConstitutionError(f"The draft has {size:,} characters; it can hold {MAX_DRAFT_CHARS:,}. Shorten it, and it is saved.")
    constitution = Constitution(name=name, principles=tuple(row.principle for row in read))
    return Document(constitution, _findings(constitution, read), {"name": name, "principles": [row.stored for row in read]})


def _findings(constitution: Constitution, rows: list[_Row]) -> tuple[Finding, ...]:
    """In reading order. A check that cannot be read is there all the same, so nobody is told to add one."""
    unreadable = [row.unreadable for row in rows if row.unreadable is not None]
    places = {finding.principle for finding in unreadable}
    others = [finding for finding in find(constitution) if not (finding.rule is Rule.NO_CHECK and finding.principle in places)]
    return tuple(sorted([*others, *unreadable], key=lambda finding: -1 if finding.principle is None else finding.principle))


def _row(row: object, i: int) -> _Row:
    if not isinstance(row, Mapping) or not _ID.fullmatch(str(row.get("id", ""))) or not all(isinstance(row.get(key), str) for key in _TEXTS):
        raise ConstitutionError(f"Principle {i + 1} did not arrive whole. Reload the page, then try again.")
    texts: dict[str, Any] = {key: repaired(normal(row[key])) for key in _TEXTS}
    stored: dict[str, Any] = {"id": row["id"]} | texts
    written_by = _writer(row.get("written_by"))
    if written_by is not None:
        stored["written_by"] = written_by_to_data(written_by)
    principle, given = Principle(id=row["id"], **texts, written_by=written_by), row.get("check")
    if given in (None, ""):
        return _Row(principle, stored, None)
    try:
        check = check_from_data(given, f"principle {i + 1}")
    except ConstitutionError as error:
        message = _needs(given, i) or str(error)
        unreadable = Finding(rule=Rule.UNREADABLE_CHECK, severity=Severity.MUST, principle=i, field="check", message=message)
        return _Row(principle, stored | {"check": _half_typed(given)}, unreadable)
    return _Row(replace(principle, check=check), stored | {"check": check_to_data(check)}, None)


def _writer(given: object) -> WrittenBy | None:
    """Who wrote a principle, as far as it can be read: it is no text of the author's, and no reason to refuse one."""
    try:
        written_by = written_by_from_data(given, "a principle")
    except ConstitutionError:
        return None
    return replace(written_by, model=" ".join(written_by.model.split())[:MAX_WRITER_CHARS])


def _needs(given: object, i: int) -> str:
    """What to say beside the field of a check whose argument is not there yet."""
    if not isinstance(given, Mapping) or len(given) != 1 or any(given.values()):
        return ""
    kind = CHECKS.get(str(next(iter(given))))
    return (
        f"The check of principle {i + 1} needs {'a number' if kind.argument is int else 'a text'}, for instance {kind.example}."
        if kind and kind.argument
        else ""
    )


def _half_typed(given: object) -> object:
    """A check as it was typed, within reason."""
    if isinstance(given, Mapping) and len(given) == 1:
        name, argument = next(iter(given.items()))
        return {str(name)[:MAX_NAME_CHARS]: str(argument)[:MAX_ARGUMENT_CHARS]}
    return str(given)[:MAX_ARGUMENT_CHARS]


def with_ids(constitution: Constitution) -> Constitution:
    """The constitution with an identity for each principle that has none."""
    return replace(constitution, principles=tuple(p if p.id else replace(p, id=uuid4().hex) for p in constitution.principles))


def require_name(name: object) -> str:
    """A constitution's name without surrounding space.

    Raises:
        ConstitutionError: Empty, too long, or no text.
    """
    if not isinstance(name, str) or not squash(name):
        raise ConstitutionError("A constitution needs a name. Type one.")
    if len(name.strip()) > MAX_NAME_CHARS:
        raise ConstitutionError(f"The name has {len(name.strip()):,} characters; the limit is {MAX_NAME_CHARS}. Shorten it.")
    return " ".join(name.split())


def same_text(a: Constitution, b: Constitution) -> bool:
    """Whether two constitutions are the same, word for word and principle for principle."""
    return to_data(a) == to_data(b)
