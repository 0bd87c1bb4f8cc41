"""Files of queries, ours and those that others publish: which column is asked, which split a row is of, and what was left out.

A held-out query never reaches training: where a query stands twice, also in another case, spacing or punctuation, and one of them is held out,
the one that is held out is kept and the other left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.constitution.normal import control_in
from core.constitution.queries import MAX_QUERIES, MAX_QUERY_CHARS, Query, Split, split_by_hash
from core.constitution.reading.splits import SPLIT_COLUMNS, name_says, plain_name, split_column, split_word
from core.constitution.reading.tables import ITEM, TABLE, Row, Table, read_rows
from core.constitution.reading.turns import USER, asked_first, is_unreadable
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
_ADDED = ("input", "context")  # to an `instruction`, below it, as Alpaca and Dolly mean them
_NOTHING = ("null", "NULL", "NaN", "nan", "None", "N/A", "<NA>", "\\N", "#N/A", "#REF!", "#NAME?", "#VALUE!")  # what programs write into an empty cell
_OTHERS = ("assistant", "gpt", "bot", "model", "system", "chatgpt")
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
    named = _named(table, filename)
    column = _query_column(table, named, field, filename)
    split = split_column(table.columns, [row.values for row in table.rows], column, filename)
    added = next((named[name] for name in _ADDED if name in named), None) if folded(column) == "instruction" else None
    rows, notes, refused = _asked_rows(table, column, split, added, filename)
    queries, said = _distinct(rows, unmarked, filename)
    return QueryReading(
        format=table.format,
        encoding=table.encoding,
        used={"query": column or table.format} | ({"split": split} if split else {}) | ({"input": added} if added else {}),
        ignored=tuple(name for name in table.columns if name not in (column, split, added, ITEM)),
        notes=(
            *table.notes,
            *_choice_notes(named, column, split, field),
            *notes,
            *_refused_notes(refused),
            *said,
            *(_unmarked_notes(rows, split, filename) if unmarked is None else ()),
        ),
        queries=queries,
    )


def _asked_rows(table: Table, column: str, split: str | None, added: str | None, filename: str) -> tuple[list[_Row], list[str], list[str]]:
    """The rows that ask something, what is to be said of how they were read, and the places of those that ask nothing."""
    notes, refused, rows = Counter[str](), list[str](), list[_Row]()
    speaker = _speaker_column(table)
    for row in table.rows:
        mark = _split_of(row, split, filename) if split is not None else None
        if speaker is not None and folded(str(row.values.get(speaker))) not in USER:
            notes[f"left out, as `{speaker}` says that no user asks it"] += 1
            continue
        for value in _values(row, column, filename):
            text = asked_first(value, notes) if isinstance(value, str | list | dict) else None
            if text is None or not folded(text) or (table.format == TABLE and text.strip() in _NOTHING):
                refused.append(row.place)
            else:
                rows.append(_Row(row.place, _with_input(text.strip("\ufeff \t\r\n").strip(), row, added, notes), mark))
    if not rows and refused:
        raise QueryError(f"{filename} holds no query: there is no text to ask in `{column}` of {refused[0]}, nor in the {len(refused)} rows in all.")
    return rows, [f"{count} {'row' if count == 1 else 'rows'}: {what}" for what, count in notes.items()], refused


def _named(table: Table, filename: str) -> dict[str, str]:
    """The columns by their names in one form: case, blanks and underscores make no difference.

    Raises:
        QueryError: Two that count are one in that form, so that rows would lose what stands in the other.
    """
    named: dict[str, str] = {}
    for name in table.columns:
        first = named.setdefault(plain_name(name), name)
        if first != name and plain_name(name) in (*QUERY_COLUMNS, *SPLIT_COLUMNS, *_ADDED):
            raise QueryError(f"{filename} has the fields `{first}` and `{name}`, which are one but for case and blanks. Give them one name.")
    return named


def _query_column(table: Table, named: Mapping[str, str], field: str | None, filename: str) -> str:
    wanted = [plain_name(field)] if field else [*QUERY_COLUMNS, ITEM]
    found = next((named[name] for name in wanted if name in named), None)
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


def _split_of(row: Row, column: str, filename: str) -> Split | None:
    word = split_word(row.values.get(column))
    if word == "":
        raise QueryError(
            f"{row.place} of {filename} has split {str(row.values[column])[:40]!r}; it must be `train` or `held_out` (or test, validation), or be left out."
        )
    return word  # type: ignore[return-value]


def _speaker_column(table: Table) -> str | None:
    """The column that says who speaks, where each row is one turn, as in OpenAssistant's messages."""
    for name in table.columns:
        if plain_name(name) == "role":
            told = {folded(value) for row in table.rows if isinstance(value := row.values.get(name), str)}
            return name if not told.isdisjoint(USER) and not told.isdisjoint(_OTHERS) else None
    return None


def _values(row: Row, column: str, filename: str) -> list[object]:
    value = row.values.get(column, row.values.get(ITEM))  # among rows with names a text may stand alone
    texts = value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []
    if (len(texts) > 1 and column not in row.values) or (column == ITEM and len(texts) > 1):
        raise QueryError(f"{row.place} of {filename} is a list of {len(texts)} texts, and nothing says which is asked. Write rows with names, as `query`.")
    if is_unreadable(value, column):
        raise QueryError(
            f"`{column}` in {row.place} of {filename} holds turns that are no JSON: {str(value).strip()[:40]!r}. Save them as JSON, as with `json.dumps`."
        )
    return list(texts) if texts and folded(column) in ("questions", "queries") else [value]


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
    signs = [sign for row in kept.values() if (sign := control_in(row.text)) is not None]
    if signs:
        said.append(f"{len(signs)} hold{'s' * (len(signs) == 1)} a sign that cannot be seen, such as {signs[0]}; it is asked with it")
    if moved:
        said.append(f"{moved} marked both train and held-out: kept as held-out only")
    return tuple(Query(row.text, row.split or unmarked or split_by_hash(row.text)) for row in kept.values()), said


def _require_whole(row: _Row, filename: str) -> None:
    if len(row.text) > MAX_QUERY_CHARS:
        raise QueryError(f"{row.place} of {filename} has a query of {len(row.text):,} characters; the limit is {MAX_QUERY_CHARS:,}. Shorten or remove it.")
    half = next((c for c in row.text if "\ud800" <= c <= "\udfff"), None)
    if half is not None:
        raise QueryError(f"{row.place} of {filename} holds half a character (\\u{ord(half):04x}), which is no text. Write the whole character.")
    if "\x00" in row.text:
        raise QueryError(f"{row.place} of {filename} holds a zero character (U+0000), which is no text. Remove it.")


def _choice_notes(named: Mapping[str, str], column: str, split: str | None, field: str | None) -> list[str]:
    notes = [f"asked is `{column}`"] if column and folded(column) != "query" else []
    others = [name for key, name in named.items() if key in QUERY_COLUMNS and name != column]
    if others and not field:
        notes.append(f"not asked: {', '.join(f'`{name}`' for name in others)}; --query-field chooses another")
    return [*notes, *([f"the split is `{split}`"] if split and folded(split) != "split" else [])]


def _refused_notes(places: list[str]) -> list[str]:
    if not places:
        return []
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return [f"{len(places)} row{'s' * (len(places) != 1)} without a text to ask left out: {', '.join(places[:_NAMED])}{more}"]


def _unmarked_notes(rows: Sequence[_Row], split: str | None, filename: str) -> list[str]:
    bare = sum(row.split is None for row in rows)
    if not bare:
        return []
    if split:
        return [f"{bare} row{'s' * (bare != 1)} without a split: one in four is held out, by the hash of its text"]
    said = ["no split is marked: one query in four is held out, by the hash of its text"]
    word = name_says(filename)
    return [*said, f"the name of the file says {word!r}, which marks nothing: add a column `split` to hold all of it out"] if word else said
