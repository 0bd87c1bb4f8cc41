"""What the editor sends, as a constitution: lenient where a draft may be unfinished, strict about its shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from core.constitution.checks import CHECKS, Check, check_from_data, check_to_data
from core.constitution.principles import MAX_WRITER_CHARS, Constitution, Principle, Problem, find_problems, to_data
from core.errors import ConstitutionError

MAX_DRAFT_CHARS = 1_000_000  # far above what a version may hold, so that a paste that is too long is kept while it is shortened
MAX_DRAFT_PRINCIPLES = 200
MAX_NAME_CHARS = 120
MAX_ARGUMENT_CHARS = 10_000
_ID = re.compile(r"[0-9a-f]{32}")
_TEXTS = ("title", "statement", "antithesis")


@dataclass(frozen=True)
class Document:
    """A draft's text, and what has to be put right before it can be a version."""

    constitution: Constitution  # a check that cannot be read is left out here and named in the problems
    problems: tuple[Problem, ...]
    content: dict[str, Any]  # what is stored: also holds a check that is still half typed


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
    size = sum(len(row[key]) for row, _, _ in read for key in _TEXTS) + sum(len(str(check)) for _, check, _ in read)
    if size > MAX_DRAFT_CHARS:
        raise ConstitutionError(f"The draft has {size:,} characters; it can hold {MAX_DRAFT_CHARS:,}. Shorten it, and it is saved.")
    principles = tuple(
        Principle(
            id=row["id"],
            title=row["title"],
            statement=row["statement"],
            antithesis=row["antithesis"],
            check=check,
            written_by=row.get("written_by", ""),
        )
        for row, check, _ in read
    )
    constitution = Constitution(name=name, principles=principles)
    problems = [*find_problems(constitution), *(problem for _, _, problem in read if problem)]
    in_order = sorted(problems, key=lambda p: -1 if p.principle is None else p.principle)
    return Document(constitution, tuple(in_order), {"name": name, "principles": [row for row, _, _ in read]})


def _row(row: object, i: int) -> tuple[dict[str, Any], Check | None, Problem | None]:
    if not isinstance(row, Mapping) or not _ID.fullmatch(str(row.get("id", ""))) or not all(isinstance(row.get(key), str) for key in _TEXTS):
        raise ConstitutionError(f"Principle {i + 1} did not arrive whole. Reload the page, then try again.")
    kept: dict[str, Any] = {"id": row["id"]} | {key: row[key].replace("\r\n", "\n") for key in _TEXTS}
    writer = row.get("written_by")
    if isinstance(writer, str) and writer.strip():
        kept["written_by"] = " ".join(writer.split())[:MAX_WRITER_CHARS]
    given = row.get("check")
    if given in (None, ""):
        return kept, None, None
    try:
        check = check_from_data(given, f"principle {i + 1}")
    except ConstitutionError as error:
        return kept | {"check": _half_typed(given)}, None, Problem(principle=i, field="check", message=_needs(given, i) or str(error))
    return kept | {"check": check_to_data(check)}, check, None


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
    if not isinstance(name, str) or not name.strip():
        raise ConstitutionError("A constitution needs a name. Type one.")
    if len(name.strip()) > MAX_NAME_CHARS:
        raise ConstitutionError(f"The name has {len(name.strip()):,} characters; the limit is {MAX_NAME_CHARS}. Shorten it.")
    return " ".join(name.split())


def same_text(a: Constitution, b: Constitution) -> bool:
    """Whether two constitutions are the same, word for word and principle for principle."""
    return to_data(a) == to_data(b)
