"""Query sets: reading files, splitting into train and held-out, and drawing from a split. Pure text."""

import csv
import hashlib
import io
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import QueryError
from core.seeds import seed_for

Split = Literal["train", "held_out"]
MAX_QUERY_CHARS = 8_000
MAX_QUERIES = 20_000
MAX_FILE_BYTES = 5_000_000
HELD_OUT_SHARE = 4  # one query in four, where a file does not say


@dataclass(frozen=True)
class Query:
    """A user prompt and the split it belongs to."""

    text: str
    split: Split


def read_queries(data: bytes, filename: str, unmarked: Split | None = None) -> list[Query]:
    """Read a query file: `.jsonl` rows `{"query": …, "split"?: "train"|"held_out"}`, `.csv` with a `query` column, or plain lines.

    Duplicates are dropped. Queries without a split go to `unmarked`; when that is None, the hash of their text decides, so
    that the same query is always on the same side, whatever file it comes in.

    Raises:
        QueryError: Binary or wrongly encoded, an unreadable row (with its line), too long, or nothing in it.
    """
    text = _decode(data, filename)
    suffix = filename.rsplit(".", 1)[-1].lower() if "." in filename else "txt"
    if suffix in ("jsonl", "json", "ndjson"):
        pairs = list(_from_jsonl(text, filename))
    elif suffix == "csv":
        pairs = list(_from_csv(text, filename))
    else:
        pairs = [(line, None) for line in text.splitlines()]
    queries: dict[str, Query] = {}
    for number, (query, split) in enumerate(pairs, 1):
        query = query.strip()
        if not query:
            continue
        if len(query) > MAX_QUERY_CHARS:
            raise QueryError(f"Query {number} of {filename} has {len(query):,} characters; the limit is {MAX_QUERY_CHARS:,}. Shorten or remove it.")
        queries.setdefault(query, Query(query, split or unmarked or _split_by_hash(query)))
    if not queries:
        raise QueryError(f"{filename} holds no query. Write one query a line, or JSON rows with a `query` field.")
    if len(queries) > MAX_QUERIES:
        raise QueryError(f"{filename} holds {len(queries):,} queries; the limit is {MAX_QUERIES:,}. Take a sample of it.")
    return list(queries.values())


def _decode(data: bytes, filename: str) -> str:
    if len(data) > MAX_FILE_BYTES:
        raise QueryError(f"{filename} has {len(data) / 1e6:.1f} MB; the limit is {MAX_FILE_BYTES // 1_000_000} MB. Take a sample of it.")
    if b"\x00" in data:
        raise QueryError(f"{filename} is not a text file (it holds zero bytes). Save the queries as UTF-8 text, CSV or JSONL.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryError(f"{filename} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}. Save the file with UTF-8 encoding.") from error


def _from_jsonl(text: str, filename: str) -> Iterable[tuple[str, Split | None]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise QueryError(f'Line {number} of {filename} is not JSON ({error}). Write one object a line, as in {{"query": "…"}}.') from error
        if not isinstance(row, dict) or not isinstance(row.get("query"), str):
            raise QueryError(f'Line {number} of {filename} has no text under `query`. Write rows as in {{"query": "…"}}.')
        yield row["query"], _split(row.get("split"), number, filename)


def _from_csv(text: str, filename: str) -> Iterable[tuple[str, Split | None]]:
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        if "query" not in (reader.fieldnames or []):
            raise QueryError(f"{filename} has no column `query`; its columns are {', '.join(reader.fieldnames or ['none'])}. Rename one to `query`.")
        for row in reader:
            yield row["query"] or "", _split(row.get("split") or None, reader.line_num, filename)
    except csv.Error as error:
        raise QueryError(f"{filename} is not a readable CSV file: {error}. Quote fields that hold commas or line breaks.") from error


def _split(value: object, number: int, filename: str) -> Split | None:
    if value is None:
        return None
    if value == "train" or value == "held_out":
        return value
    raise QueryError(f"Line {number} of {filename} has split {value!r}; it must be `train` or `held_out`, or be left out.")


def _split_by_hash(query: str) -> Split:
    return "held_out" if seed_for("split", query) % HELD_OUT_SHARE == 0 else "train"


def draw_queries(queries: Sequence[Query], split: Split, limit: int, seed: int) -> list[str]:
    """Up to `limit` queries of a split, in an order decided by the seed.

    Raises:
        QueryError: Fewer than two queries in that split.
    """
    texts = sorted(q.text for q in queries if q.split == split)
    if len(texts) < 2:
        name = "held-out" if split == "held_out" else "train"
        raise QueryError(f"The query set has {len(texts)} {name} queries; at least 2 are needed. Add queries, or mark their split.")
    random.Random(seed_for(seed, "queries", split)).shuffle(texts)
    return texts[:limit]


def to_rows(queries: Sequence[Query]) -> list[dict[str, str]]:
    """Plain JSON rows."""
    return [{"query": q.text, "split": q.split} for q in queries]


def from_rows(rows: Iterable[dict[str, str]]) -> list[Query]:
    """The inverse of `to_rows`."""
    return [Query(row["query"], "held_out" if row["split"] == "held_out" else "train") for row in rows]


def queries_hash(queries: Sequence[Query]) -> str:
    """sha256 over the sorted rows."""
    return hashlib.sha256("\n".join(sorted(f"{q.split}\t{q.text}" for q in queries)).encode()).hexdigest()
