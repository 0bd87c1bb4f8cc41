"""Replies that exist already, from whatever model: what a file says of them, and what of it is used. Pure text."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ReplyError

MAX_REPLY_FILE_BYTES = 50_000_000
MAX_REPLIES = 100_000
MAX_REPLY_CHARS = 200_000
FIELDS = ("response", "output", "completion", "text", "messages")  # where a reply may stand, the first of them that a file's first row has
BESIDE = {"query": ("query",), "principle": ("principle",), "side": ("side", "as")}  # what else is used, and what `reply` calls it

Row = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply, as a file tells of it."""

    row: int  # its line in a file of lines, else its place among the file's rows, from 1 on
    response: str
    query: str | None = None
    principle: str | int | None = None  # title, or number from 1 on; None: all of them
    side: str | None = None  # which side of the principles stood in the prompt; None: not said


@dataclass(frozen=True, kw_only=True)
class ReplyFile:
    """What a file was understood as."""

    format: str  # JSON lines, JSON, CSV, TSV
    used: Mapping[str, str]  # what is used, and the field that it was taken from
    ignored: tuple[str, ...]  # fields that nothing was taken from
    notes: tuple[str, ...]
    replies: tuple[Reply, ...]  # as often and in the order in which they stand there


def read_replies(data: bytes, filename: str) -> ReplyFile:
    """Read replies: `.jsonl` rows `{"response": …, "query"?, "principle"?, "side"?}`, a `.json` list of such rows, or a table with these columns.

    Replies that stand there twice stay two. What an ending says, a file must be: nothing is guessed.

    Raises:
        ReplyError: Not such a file, a row without a reply (each with its row), too much, or nothing in it.
    """
    form, rows = _rows(_decode(data, filename), filename)
    kept = list(rows)
    if not kept:
        raise ReplyError(f'{filename} holds no reply. Write one a line, as in {{"response": "…"}}.')
    if len(kept) > MAX_REPLIES:
        raise ReplyError(f"{filename} holds {len(kept):,} replies; the limit is {MAX_REPLIES:,}. Take a part of it.")
    names = list(dict.fromkeys(name for _, row in kept for name in row))
    used = _used(names, filename)
    ignored = tuple(name for name in names if name not in used.values())
    replies = tuple(_reply(number, row, used, filename) for number, row in kept)
    return ReplyFile(format=form, used=used, ignored=ignored, notes=_notes(used, ignored), replies=replies)


def _used(names: list[str], filename: str) -> dict[str, str]:
    """The field that each thing is taken from; case and blanks around a name make no difference.

    Raises:
        ReplyError: None holds replies, or two fields are one but for case and blanks.
    """
    known: dict[str, str] = {}
    for name in names:
        plain = name.strip().casefold()
        if plain in known and plain in (*FIELDS, *sum(BESIDE.values(), ())):
            raise ReplyError(f"{filename} has the fields {known[plain]!r} and {name!r}, which are one but for case and blanks. Rename or remove one.")
        known.setdefault(plain, name)
    wanted = {"response": FIELDS} | BESIDE
    used = {what: known[found] for what, ways in wanted.items() if (found := next((way for way in ways if way in known), None))}
    if "response" not in used:
        raise ReplyError(f"{filename} has no field `response`; its fields are {_listed(names) or 'none'}. Name the one with the replies `response`.")
    return used


def _notes(used: Mapping[str, str], ignored: tuple[str, ...]) -> tuple[str, ...]:
    taken = [f"`{what}` is taken from `{field}`." for what, field in used.items() if what != field]
    if _is_chat(used["response"]):
        taken[0] = "`response` is taken from the last turn of `messages`, which must be the assistant's."
    return (*taken, f"Not used: {_listed(ignored)}.") if ignored else tuple(taken)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name[:60]}`" for name in names[:12])
    return f"{shown} and {len(names) - 12:,} more" if len(names) > 12 else shown


def _decode(data: bytes, filename: str) -> str:
    if len(data) > MAX_REPLY_FILE_BYTES:
        raise ReplyError(f"{filename} has {len(data) / 1e6:.1f} MB; the limit is {MAX_REPLY_FILE_BYTES // 1_000_000} MB. Take a part of it.")
    if b"\x00" in data:
        raise ReplyError(f"{filename} is not a text file (it holds zero bytes). Save the replies as UTF-8 text in JSONL or CSV.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReplyError(f"{filename} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}. Save the file with UTF-8 encoding.") from error


def _rows(text: str, filename: str) -> tuple[str, Iterator[Row]]:
    suffix = filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    if suffix in ("csv", "tsv"):
        return suffix.upper(), _from_table(text, "\t" if suffix == "tsv" else ",", filename)
    if suffix not in ("json", "jsonl", "ndjson"):
        raise ReplyError(f"{filename} is none of .jsonl, .json, .csv and .tsv, so its replies cannot be told apart. Save it as one of them.")
    if text.lstrip()[:1] == "[":
        return "JSON", _from_list(text, filename)
    return "JSON lines", _from_lines(text, filename)


def _from_lines(text: str, filename: str) -> Iterator[Row]:
    """Rows of JSON end at line ends only: U+2028 and its like may stand inside a reply."""
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            yield number, _object(_json(line, f"Line {number} of {filename}"), f"Line {number} of {filename}")


def _from_list(text: str, filename: str) -> Iterator[Row]:
    for number, row in enumerate(_json(text, filename), 1):
        yield number, _object(row, f"Row {number} of {filename}")


def _from_table(text: str, delimiter: str, filename: str) -> Iterator[Row]:
    """Rows are counted without the header. What stands in no column is refused, not dropped."""
    csv.field_size_limit(MAX_REPLY_FILE_BYTES)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reader, [])]
        if len(set(header)) < len(header):
            raise ReplyError(f"{filename} has two columns of one name ({_listed(header)}). Rename or remove one.")
        for number, cells in enumerate((cells for cells in reader if cells), 1):
            if len(cells) != len(header):
                raise ReplyError(f"Row {number} of {filename} has {len(cells)} fields, its header {len(header)}. Quote fields that hold commas or line breaks.")
            yield number, {name: cell for name, cell in zip(header, cells, strict=True) if cell or name.casefold() in FIELDS}
    except csv.Error as error:
        raise ReplyError(f"{filename} is not a readable table: {error}. Quote fields that hold commas or line breaks.") from error


def _json(text: str, where: str) -> Any:
    try:
        found = json.loads(text, object_pairs_hook=_once)
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except UnicodeEncodeError as error:
        raise ReplyError(f"{where} holds half a character (a lone surrogate such as \\ud83d). Write the character itself.") from error
    except (ValueError, RecursionError) as error:
        raise ReplyError(f'{where} is not JSON ({error}). Write one object a line, as in {{"response": "…"}}.') from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in [before for before, _ in pairs[:i]])
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object; remove one")
    return found


def _object(row: object, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ReplyError(f'{where} is no object. Write rows as in {{"response": "…"}}.')
    return row


def _reply(number: int, row: Mapping[str, Any], used: Mapping[str, str], filename: str) -> Reply:
    where = f"Row {number} of {filename}"
    response = row.get(used["response"])
    if _is_chat(used["response"]):
        response = _last_turn(response)
    if not isinstance(response, str):
        raise ReplyError(f'{where} has no text under `{used["response"]}`. Every row needs one; an empty reply is "".')
    if len(response) > MAX_REPLY_CHARS:
        raise ReplyError(f"The reply in row {number} of {filename} has {len(response):,} characters; the limit is {MAX_REPLY_CHARS:,}. Shorten or remove it.")
    beside = {what: row.get(used[what]) if what in used else None for what in BESIDE}
    for what, value in beside.items():
        if value is not None and not (isinstance(value, str) or (what == "principle" and type(value) is int)):
            raise ReplyError(f"`{used[what]}` in row {number} of {filename} is {value!r:.60}; it must be text{' or a number' * (what == 'principle')}.")
    return Reply(row=number, response=response, **beside)


def _is_chat(field: str) -> bool:
    return field.strip().casefold() == "messages"


def _last_turn(messages: object) -> object:
    """What the assistant said last; None where the last turn is not the assistant's."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    return last.get("content") if isinstance(last, dict) and last.get("role") == "assistant" else None
