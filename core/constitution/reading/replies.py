"""Replies that exist already, from whatever model: what a file says of them, and what of it is used. Pure text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.constitution.reading.json_rows import JSON_LINES
from core.constitution.reading.tables import Table, read_rows
from core.errors import ReplyError

MAX_REPLY_FILE_BYTES = 50_000_000
MAX_REPLIES = 100_000
MAX_REPLY_CHARS = 200_000
FIELDS = ("response", "output", "completion", "text", "messages")  # where a reply may stand, the first of them that a file's first row has
SPLIT, SCENARIOS = "split", "scenarios"  # the field in which a run's replies say that they are to scenarios, and how
BESIDE = {"query": ("query",), "principle": ("principle",), "side": ("side", "as")}  # what else is used, and what `reply` calls it


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply, as a file tells of it."""

    row: int  # its line in a file of lines, else its place among the file's rows, from 1 on
    response: str
    query: str | None = None
    principle: str | int | None = None  # title, or number from 1 on; None: all of them
    side: str | None = None  # which side of the principles stood in the prompt; None: not said
    scenario: bool = False  # whether it is to a scenario, as the replies of a run say it of theirs


@dataclass(frozen=True, kw_only=True)
class ReplyFile:
    """What a file was understood as."""

    format: str
    encoding: str
    used: Mapping[str, str]  # what is used, and the field that it was taken from
    ignored: tuple[str, ...]  # fields that nothing was taken from
    notes: tuple[str, ...]
    replies: tuple[Reply, ...]  # as often and in the order in which they stand there


def read_replies(data: bytes, filename: str) -> ReplyFile:
    """Read replies: `.jsonl` rows `{"response": …, "query"?, "principle"?, "side"?}`, a `.json` list of such rows, or a table with these columns.

    Replies that stand there twice stay two.

    Raises:
        FileError: Not readable as rows; the message names the line.
        ReplyError: No column of replies, a row without one (with its row), too much, or nothing in it.
    """
    table = read_rows(data, filename, MAX_REPLY_FILE_BYTES)
    if not table.rows:
        raise ReplyError(f'{filename} holds no reply. Write one a line, as in {{"response": "…"}}.')
    if len(table.rows) > MAX_REPLIES:
        raise ReplyError(f"{filename} holds {len(table.rows):,} replies; the limit is {MAX_REPLIES:,}. Take a part of it.")
    used = _used([name for name in table.columns if name], filename)
    replies = tuple(_reply(number, row, used, filename) for number, row in _numbered(table))
    ignored = tuple(name for name in table.columns if name not in used.values() and not (name == SPLIT and any(reply.scenario for reply in replies)))
    notes = (*table.notes, *_notes(used))
    return ReplyFile(format=table.format, encoding=table.encoding, used=used, ignored=ignored, notes=notes, replies=replies)


def _numbered(table: Table) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows with their numbers: the line in JSON lines, else the place among the rows; an empty cell says nothing."""
    for place, row in enumerate(table.rows, 1):
        values = {name: value for name, value in row.values.items() if value != "" or name.strip().casefold() in FIELDS}
        yield int(row.place.split()[1]) if table.format == JSON_LINES else place, values


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


def _notes(used: Mapping[str, str]) -> list[str]:
    taken = [f"`{what}` is taken from `{field}`" for what, field in used.items() if what != field]
    if _is_chat(used["response"]):
        taken[0] = "`response` is taken from the last turn of `messages`, which must be the assistant's"
    return taken


def _listed(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name[:60]}`" for name in names[:12])
    return f"{shown} and {len(names) - 12:,} more" if len(names) > 12 else shown


def _reply(number: int, row: Mapping[str, Any], used: Mapping[str, str], filename: str) -> Reply:
    where = f"Row {number} of {filename}"
    response = row.get(used["response"])
    if _is_chat(used["response"]):
        response = _last_turn(response)
    if not isinstance(response, str):
        raise ReplyError(f'{where} has no text under `{used["response"]}`. Every row needs one; an empty reply is "".')
    if any("\ud800" <= letter <= "\udfff" for letter in response):
        raise ReplyError(f"{where} holds half a character (a lone surrogate such as \\ud83d). Write the character itself.")
    if len(response) > MAX_REPLY_CHARS:
        raise ReplyError(f"The reply in row {number} of {filename} has {len(response):,} characters; the limit is {MAX_REPLY_CHARS:,}. Shorten or remove it.")
    beside = {what: row.get(used[what]) if what in used else None for what in BESIDE}
    for what, value in beside.items():
        if value is not None and not (isinstance(value, str) or (what == "principle" and type(value) is int)):
            raise ReplyError(f"`{used[what]}` in row {number} of {filename} is {value!r:.60}; it must be text{' or a number' * (what == 'principle')}.")
    return Reply(row=number, response=response, scenario=row.get(SPLIT) == SCENARIOS, **beside)


def _is_chat(field: str) -> bool:
    return field.strip().casefold() == "messages"


def _last_turn(messages: object) -> object:
    """What the assistant said last; None where the last turn is not the assistant's."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    return last.get("content") if isinstance(last, dict) and last.get("role") == "assistant" else None
