"""The shape of plain data that comes in: what a value is in words, texts in their normal form, keys that are known. Pure text."""

import difflib
import reprlib
from collections.abc import Mapping
from typing import Any

from core.constitution.normal import normal, normal_line
from core.errors import ConstitutionError


def text_of(row: Mapping[Any, Any], key: str, where: str) -> str:
    """A text that stands in a mapping; empty where it is left out.

    Raises:
        ConstitutionError: It is no text; `where` says in which place.
    """
    value = row.get(key, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConstitutionError(f"`{key}` of {where} must be text, but it is {reprlib.repr(value)} ({kind_of(value)}). Put it in quotes.")
    return normal(value)


def line_of(row: Mapping[Any, Any], key: str, where: str) -> str:
    """The same for a title or a name, which has one line."""
    return normal_line(text_of(row, key, where))


def kind_of(value: object) -> str:
    """What a value is, in words."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return "blank"
    names = {"dict": "a mapping", "str": "a text", "list": "a list", "bool": "true or false"}
    return names.get(type(value).__name__, "a number")


def reject_unknown(row: Mapping[Any, Any], known: set[str], where: str) -> None:
    """Raise ConstitutionError for a key that is not known: a misspelt one would be dropped in silence."""
    unknown = sorted(str(key) for key in row if key not in known)
    if unknown:
        close = difflib.get_close_matches(unknown[0].strip().casefold(), known, n=1, cutoff=0.75)
        meant = f" Did you mean `{close[0]}`?" if close else ""
        raise ConstitutionError(f"Unknown key {unknown[0]!r} in {where}; known are {', '.join(sorted(known))}.{meant}")
