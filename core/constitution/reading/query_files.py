"""Files of queries, ours and those that others publish: which column is asked, which split a row is of, and what was left out.

A held-out query never reaches training: where a query stands twice, also in another case, spacing or punctuation, and one of them is held out,
the one that is held out is kept and the other left out.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.constitution.queries import MAX_QUERIES, MAX_QUERY_CHARS, Query, Split, split_by_hash
from core.constitution.reading.tables import ITEM, SPLIT_WORDS, Row, Table, read_rows
from core.constitution.text import folded, same_question
from core.errors import QueryError

# In this order: the first that a file has is asked. `turns` and chats give their first user turn.
QUERY_COLUMNS = (
    "query",
    "queries",
    "prompt",
    "question",
    "questions",
    "instruction",
    "turns",
    "messages",
    "conversations",
    "conversation",
    "text",
    "content",
    "chosen",
)
SPLIT_COLUMNS = ("split", "subset", "partition", "set", "fold")
_ADDED = ("input", "context")  # to an `instruction`, below it, as Alpaca and Dolly mean them
_USER = ("user", "human", "prompter")
_NAMED = 3  # places that a note names
MOST_NAMED = 20  # columns that a message names


@dataclass(frozen=True, kw_only=True)
class QueryReading:
    """What was understood of a file."""

    format: str
    encoding: str
    used: dict[str, str]  # query, split, input: the columns they were taken from
    ignored: tuple[str, ...]  # columns that were not used
    notes: tuple[str, ...]
    queries: tuple[Query, ...]


@dataclass
class _Row:
    place: str
    text: str
    split: Split | None


def read_query_file(data: bytes, filename: str, unmarked: Split | None = None, field: str | None = None) -> QueryReading:
    """Read a file of queries; what was understood stands in the reading.

    Queries without a split go to `unmarked`; when that is None, the hash of their text decides, so that the same query is always on the same
    side, whatever file it comes in.

    Args:
        data: The file.
        filename: Its ending says how it is read, unless what it holds says otherwise.
        unmarked: The split of what is marked with none.
        field: The column to ask, where it is not to be the first of `QUERY_COLUMNS`.

    Raises:
        FileError: Not readable as a table.
        QueryError: No column to ask, a split that is none, a query that is too long or broken, or none at all.
    """
    table = read_rows(data, filename)
    column, split = _query_column(table, field, filename), _split_column(table, filename)
    added = _added_column(table, column)
    rows, notes, refused = _asked_rows(table, column, split, added, filename)
    queries, said = _distinct(rows, unmarked, filename)
    return QueryReading(
        format=table.format,
        encoding=table.encoding,
        used={"query": column or table.format} | ({"split": split} if split else {}) | ({"input": added} if added else {}),
        ignored=tuple(name for name in table.columns if name not in (column, split, added)),
        notes=(*table.notes, *_choice_notes(table, column, split, field), *notes, *_refused_notes(refused), *said, *_unmarked_note(rows, split, unmarked)),
        queries=queries,
    )


def _asked_rows(table: Table, column: str, split: str | None, added: str | None, filename: str) -> tuple[list[_Row], list[str], list[str]]:
    """The rows that ask something, what is to be said of how they were read, and the places of those that ask nothing."""
    notes, refused, rows = Counter[str](), list[str](), list[_Row]()
    for row in table.rows:
        mark = _split_of(row, split, filename) if split is not None else None
        for value in _values(row, column):
            text = _asked(value, notes) if isinstance(value, str | list | dict) else None
            if text is None or not text.strip():
                refused.append(row.place)
            else:
                rows.append(_Row(row.place, _with_input(text.strip(), row, added, notes), mark))
    return rows, [f"{count} {'row' if count == 1 else 'rows'}: {what}" for what, count in notes.items()], refused


def _named(table: Table) -> dict[str, str]:
    """The columns by their names in one form: case, blanks and underscores make no difference."""
    return {folded(name).replace(" ", "_").replace("-", "_"): name for name in table.columns}


def _query_column(table: Table, field: str | None, filename: str) -> str:
    columns = _named(table)
    wanted = [folded(field).replace(" ", "_").replace("-", "_")] if field else [*QUERY_COLUMNS, ITEM]
    found = next((columns[name] for name in wanted if name in columns), None)
    if found is None:
        names = [f"`{name:.60}`" for name in table.columns if name != ITEM]
        shown = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else "") or "none"
        remedy = f"Name the one to ask with --query-field, or rename it to `query`; known are {', '.join(QUERY_COLUMNS)}."
        raise QueryError(
            f"{filename} has no column {f'`{field}`' if field else '`query`'}; its columns are {shown}. {remedy}"
            if table.rows
            else f"{filename} holds no query."
        )
    return found


def _split_column(table: Table, filename: str) -> str | None:
    columns = _named(table)
    for name in SPLIT_COLUMNS:
        if name in columns and (name == "split" or all(_split_word(row.values.get(columns[name])) != "" for row in table.rows)):
            return columns[name]
    flag = next((columns[name] for name in columns if name in SPLIT_WORDS and name != "train"), None)
    if flag is not None:
        raise QueryError(
            f"{filename} has a column `{flag}`, which may mark what is held out. Name it `split`, with `train` or `held_out` in each row, or remove it."
        )
    return None


def _added_column(table: Table, column: str) -> str | None:
    columns = _named(table)
    return next((columns[name] for name in _ADDED if name in columns), None) if folded(column) == "instruction" else None


def _split_word(value: object) -> str | None:
    """The split that is meant; None for nothing, empty for what is neither."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return SPLIT_WORDS.get(folded(value).replace(" ", "_").replace("-", "_"), "") if isinstance(value, str) else ""


def _split_of(row: Row, column: str, filename: str) -> Split | None:
    word = _split_word(row.values.get(column))
    if word == "":
        raise QueryError(
            f"{row.place} of {filename} has split {str(row.values[column])[:40]!r}; it must be `train` or `held_out` (or test, validation), or be left out."
        )
    return word  # type: ignore[return-value]


def _values(row: Row, column: str) -> list[object]:
    value = row.values.get(column)
    several = isinstance(value, list) and folded(column) in ("questions", "queries") and all(isinstance(item, str) for item in value)
    return list(value) if several and isinstance(value, list) else [value]


def _asked(value: str | list[Any] | dict[str, Any], notes: Counter[str]) -> str | None:
    """What a user asks first in a text, a list of turns, or a chat."""
    if isinstance(value, str):
        if value.lstrip()[:2] in ('["', "[{", "[ ") and (held := _held(value)) is not None:
            return _asked(held, notes)
        return _human_turn(value, notes) if value.lstrip().startswith("Human:") else value
    turns = value if isinstance(value, list) else [value]
    if turns and all(isinstance(turn, str) for turn in turns):
        if len(turns) > 1:
            notes["only the first of several turns is asked"] += 1
        return str(turns[0])
    spoken = [(folded(str(turn.get("role", turn.get("from", "")))), turn.get("content", turn.get("value"))) for turn in turns if isinstance(turn, dict)]
    if any(role == "system" for role, _ in spoken):
        notes["a system message is left out"] += 1
    asked = [content for role, content in spoken if role in _USER]
    if len(asked) > 1:
        notes["only the first of several turns is asked"] += 1
    return _plain(asked[0]) if asked else None


def _held(value: str) -> list[Any] | None:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and found else None


def _human_turn(value: str, notes: Counter[str]) -> str:
    """The first turn of a dialogue as in HH-RLHF: `Human: … Assistant: …`."""
    first, _, rest = value.lstrip().removeprefix("Human:").partition("\n\nAssistant:")
    if "\n\nHuman:" in rest:
        notes["only the first of several turns is asked"] += 1
    return first


def _plain(content: object) -> str | None:
    """The text of a message, whose content may be a list of parts; None where a part is no text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    return "\n".join(str(text) for text in texts) if texts and all(isinstance(text, str) for text in texts) else None


def _with_input(text: str, row: Row, column: str | None, notes: Counter[str]) -> str:
    added = row.values.get(column) if column is not None else None
    if not isinstance(added, str) or not added.strip():
        return text
    notes[f"`{column}` stands below the instruction"] += 1
    return f"{text}\n\n{added.strip()}"


def _distinct(rows: Sequence[_Row], unmarked: Split | None, filename: str) -> tuple[tuple[Query, ...], list[str]]:
    """Each query once, on the side where it must be, and what is to be said of the others."""
    kept: dict[str, _Row] = {}
    again = near = moved = 0
    for row in rows:
        _require_whole(row, filename)
        key = same_question(row.text)
        first = kept.setdefault(key, row)
        if first is row:
            continue
        again, near = again + (first.text == row.text), near + (first.text != row.text)
        if {first.split, row.split} == {"train", "held_out"}:
            moved += 1
        if row.split == "held_out" and first.split != "held_out":
            kept[key] = row  # in the place of the first
        elif first.split is None:
            first.split = row.split
    if not kept:
        raise QueryError(f"{filename} holds no query. Write one query a line, or JSON rows with a `query` field.")
    if len(kept) > MAX_QUERIES:
        raise QueryError(f"{filename} holds {len(kept):,} queries; the limit is {MAX_QUERIES:,}. Take a sample of it.")
    said = [f"{again} duplicate{'s' * (again != 1)} left out"] if again else []
    if near:
        said.append(f"{near} left out that differ{'s' * (near == 1)} from an earlier query only in case, blanks or punctuation")
    if moved:
        said.append(f"{moved} marked both train and held-out: kept as held-out only")
    return tuple(Query(row.text, row.split or unmarked or split_by_hash(row.text)) for row in kept.values()), said


def _require_whole(row: _Row, filename: str) -> None:
    if len(row.text) > MAX_QUERY_CHARS:
        raise QueryError(f"{row.place} of {filename} has a query of {len(row.text):,} characters; the limit is {MAX_QUERY_CHARS:,}. Shorten or remove it.")
    half = next((c for c in row.text if "\ud800" <= c <= "\udfff"), None)
    if half is not None:
        raise QueryError(f"{row.place} of {filename} holds half a character (\\u{ord(half):04x}), which is no text. Write the whole character.")


def _choice_notes(table: Table, column: str, split: str | None, field: str | None) -> list[str]:
    notes = [f"asked is `{column}`"] if column and folded(column) != "query" else []
    others = [name for key, name in _named(table).items() if key in QUERY_COLUMNS and name != column]
    if others and not field:
        notes.append(f"not asked: {', '.join(f'`{name}`' for name in others)}; --query-field chooses another")
    return [*notes, *([f"the split is `{split}`"] if split and folded(split) != "split" else [])]


def _refused_notes(places: list[str]) -> list[str]:
    if not places:
        return []
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return [f"{len(places)} row{'s' * (len(places) != 1)} without a text to ask left out: {', '.join(places[:_NAMED])}{more}"]


def _unmarked_note(rows: Sequence[_Row], split: str | None, unmarked: Split | None) -> list[str]:
    bare = sum(row.split is None for row in rows)
    if not bare or unmarked is not None:
        return []
    return (
        [f"{bare} row{'s' * (bare != 1)} without a split: one in four is held out, by the hash of its text"]
        if split
        else ["no split is marked: one query in four is held out, by the hash of its text"]
    )
