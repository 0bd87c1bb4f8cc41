"""JSON, strictly: no key twice, no half characters, no numbers that are none."""

import json
from typing import Any

from core.constitution.normal import whole
from core.errors import ConstitutionError

_DEEP = "This file is nested too deeply to be a constitution. Write `name` and a list of `principles`."


def read_json(text: str) -> Any:
    """Read a JSON file.

    Raises:
        ConstitutionError: Not JSON, a key that stands twice, or half a character.
    """
    try:
        return _whole(json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_pairs, parse_constant=_no_number))
    except RecursionError as error:
        raise ConstitutionError(_DEEP) from error
    except json.JSONDecodeError as error:
        raise ConstitutionError(f"This is not a JSON file: {error.msg} in line {error.lineno}. Correct it, or save the constitution as YAML.") from error
    except ValueError as error:
        raise ConstitutionError(f"This is not a JSON file that can be read: {str(error)[:200]}. Correct it.") from error


def read_json_lines(text: str) -> list[Any]:
    """Read a file with one JSON value a line."""
    values = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            try:
                values.append(read_json(line))
            except ConstitutionError as error:
                raise ConstitutionError(f"Line {number}: {error}") from error
    return values


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            beside = next((repr(v[:40]) for k, v in pairs if k in ("title", "name", "statement") and isinstance(v, str)), "")
            place = f" of the object with {beside}" if beside else ""
            raise ConstitutionError(f"The key {key[:60]!r}{place} stands twice. Remove one of them, or begin another object.")
        found[key] = value
    return found


def _no_number(name: str) -> Any:
    raise ConstitutionError(f"`{name}` is no number in JSON. Put it in quotes, or write a number.")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value, "This file")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key, "This file"): _whole(item) for key, item in value.items()}
    return value
