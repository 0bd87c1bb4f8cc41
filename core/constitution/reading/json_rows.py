"""Rows in JSON: a list, a list under a key, lists under the names of splits, or a value a line."""

import json
from typing import Any

from core.constitution.reading.splits import SPLIT_WORDS, marked_rows, plain_name, split_word
from core.errors import FileError

JSON, JSON_LINES = "JSON", "JSON lines"
_CHATS = {"messages", "conversations", "conversation", "turns", "chosen", "rejected"}  # a list that is one row's


def json_kind(text: str, named: str | None) -> str | None:
    """JSON where the whole text is one value that is a list or an object, JSON lines where each line is; one object in one line is what it is named."""
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    if _is_json(text):
        return JSON_LINES if named == JSON_LINES and len(lines) == 1 and lines[0].lstrip()[0] == "{" else JSON
    return JSON_LINES if len(lines) > 1 and _is_json(lines[0]) else None


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list | dict)
    except (ValueError, RecursionError):
        return False


def json_items(text: str, whole: bool, filename: str) -> tuple[list[tuple[str, Any]], tuple[str, ...]]:
    """Each item with its place, and what is to be said of where they stand.

    Raises:
        FileError: Not JSON, a key that stands twice, several lists, or nested too deeply.
    """
    if whole:
        value, notes = _list_in(_parse(text, "The text", filename), filename)
        return [(f"Item {number}", item) for number, item in enumerate(value, 1)], notes
    lines = enumerate(text.split("\n"), 1)
    return [(f"Line {number}", _parse(line, f"Line {number}", filename)) for number, line in lines if line.strip()], ()


def _parse(text: str, place: str, filename: str) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, value in found:
            if name in row:
                raise FileError(f"{place} of {filename} has the key {name[:60]!r} twice. Remove one of them.")
            row[name] = value
        return row

    try:
        return json.loads(text, object_pairs_hook=pairs)
    except RecursionError as error:
        raise FileError(f"{place} of {filename} is nested too deeply. Write rows of plain fields.") from error
    except json.JSONDecodeError as error:
        whole = place == "The text"
        where = f"line {error.lineno}, column {error.colno}" if whole else f"column {error.colno}"
        remedy = 'Correct it there: a list of objects, as in [{"query": "…"}].' if whole else 'Write one object a line, as in {"query": "…"}.'
        raise FileError(f"{place} of {filename} is not JSON ({error.msg}, {where}). {remedy}") from error
    except ValueError as error:
        raise FileError(f"{place} of {filename} is not JSON ({str(error)[:120]}). Correct it.") from error


def _list_in(value: Any, filename: str) -> tuple[list[Any], tuple[str, ...]]:
    """The list that a JSON file is, or holds under one key; lists whose keys are splits give rows of those splits."""
    if isinstance(value, list):
        return value, ()
    lists = {name: found for name, found in value.items() if isinstance(found, list)}
    if lists.keys() <= _CHATS:
        return [value], ()
    beside = [name for name in value if name not in lists]
    left_out = (f"left out beside the rows: {', '.join(f'`{name[:60]}`' for name in beside[:12])}",) if beside else ()
    if all(plain_name(name) in SPLIT_WORDS for name in lists):
        rows = [row for name, found in lists.items() for row in marked_rows(found, name, filename)]
        return rows, (f"the splits are the lists under {', '.join(map(repr, lists))}", *left_out)
    if len(lists) > 1:
        raise FileError(
            f"{filename} holds several lists: {', '.join(map(repr, lists))}. Keep one, give each its own file, or write one list of rows with these as keys."
        )
    name, found = next(iter(lists.items()))
    split = next((value[key] for key in beside if plain_name(key) == "split" and split_word(value[key])), None)
    if split is not None:
        found = marked_rows(found, split, filename)
        left_out = (f"all rows are of the split {split!r}, which stands beside them",)
    return found, (f"the rows are the list under {name!r}", *left_out)
