"""Query sets: their two splits, and drawing from one. Pure text; files are read in `query_files`."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import QueryError
from core.seeds import seed_for

Split = Literal["train", "held_out"]
MAX_QUERY_CHARS = 8_000
MAX_QUERIES = 20_000
HELD_OUT_SHARE = 4  # one query in four, where a file does not say


@dataclass(frozen=True)
class Query:
    """A user prompt and the split it belongs to."""

    text: str
    split: Split
    first: bool = False  # drawn before the others of its split


def split_by_hash(query: str) -> Split:
    """The split of a query that is marked with none: one in four is held out."""
    return "held_out" if seed_for("split", query) % HELD_OUT_SHARE == 0 else "train"


def draw_queries(queries: Sequence[Query], split: Split, limit: int, seed: int) -> list[str]:
    """Up to `limit` queries of a split, in an order decided by the seed; those that come first before the others.

    Raises:
        QueryError: Fewer than two queries in that split.
    """
    texts = sorted(q.text for q in queries if q.split == split)
    if len(texts) < 2:
        name = "held-out" if split == "held_out" else "train"
        raise QueryError(f"The query set has {len(texts)} {name} queries; at least 2 are needed. Add queries, or mark their split.")
    random.Random(seed_for(seed, "queries", split)).shuffle(texts)
    first = {q.text for q in queries if q.first and q.split == split}
    return sorted(texts, key=lambda text: text not in first)[:limit]


def to_rows(queries: Sequence[Query]) -> list[dict[str, str]]:
    """Plain JSON rows."""
    return [{"query": q.text, "split": q.split} for q in queries]


def from_rows(rows: Iterable[dict[str, str]]) -> list[Query]:
    """The inverse of `to_rows`.

    Raises:
        QueryError: Rows of another shape.
    """
    try:
        return [Query(str(row["query"]), "held_out" if row["split"] == "held_out" else "train") for row in rows]
    except (KeyError, TypeError) as error:
        raise QueryError(f"The stored queries are no rows with `query` and `split` ({error!r}). Upload the file again.") from error


def queries_hash(queries: Sequence[Query]) -> str:
    """sha256 over the sorted rows."""
    return hashlib.sha256("\n".join(sorted(f"{q.split}\t{q.text}" for q in queries)).encode()).hexdigest()
