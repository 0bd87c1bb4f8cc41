"""Which split a file says that its rows are of: the words for the two, the columns that hold them, and what may mark one without saying so.

What marks a query as held out must never be passed over in silence: it would be trained on. So whatever looks like a mark is used or refused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.constitution.queries import Split
from core.constitution.text import folded
from core.errors import QueryError

# What people write for the two splits.
_TRAIN = ("train", "training")
_HELD_OUT = [
    "held_out",
    "heldout",
    "hold_out",
    "holdout",
    "test",
    "testing",
    "validation",
    "validate",
    "valid",
    "val",
    "dev",
    "development",
    "eval",
    "evaluation",
    "evaluate",
]
SPLIT_WORDS: Mapping[str, Split] = {**dict.fromkeys(_TRAIN, "train"), **dict.fromkeys(_HELD_OUT, "held_out")}
SPLIT_COLUMNS = ("split", "subset", "partition", "set", "fold")
_NAMED_SO = re.compile(r"(?:\w+_)?splits?(?:_(?:name|type|label|set))?")  # `splits`, `dataset_split`, `split_name`
_FLAG = re.compile(r"(?:(?:is|in|for)_)?(?P<word>\w+?)(?:_(?:set|flag))?")
_FLAG_VALUES = {"true", "false", "yes", "no", "0", "1", "y", "n", "x", ""}


def plain_name(name: str) -> str:
    """A column's name in the form in which it is looked for: case, blanks, hyphens and underscores make no difference."""
    return re.sub(r"[ \-_]+", "_", folded(name))


def split_word(value: object) -> str | None:
    """The split that is meant; None for nothing, empty for what is neither."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return SPLIT_WORDS.get(plain_name(value), "") if isinstance(value, str) else ""


def split_column(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], asked: str, filename: str) -> str | None:
    """The column that says the split, of those that are not asked; None where there is none.

    Raises:
        QueryError: A column may mark what is held out and does not say it in the words that are known.
    """
    named = {plain_name(name): name for name in columns if name != asked}
    for name in [*(known for known in SPLIT_COLUMNS if known in named), *(other for other in named if other not in SPLIT_COLUMNS)]:
        if _says_split(name, {split_word(row.get(named[name])) for row in rows}):
            return named[name]
    for plain, name in named.items():
        _require_no_mark(plain, name, [row.get(name) for row in rows], filename)
    return None


def _says_split(name: str, words: set[str | None]) -> bool:
    if _NAMED_SO.fullmatch(name):
        return True
    if name in SPLIT_COLUMNS:
        return "" not in words or "held_out" in words
    return {"train", "held_out"} <= words <= {"train", "held_out", None}


def _require_no_mark(plain: str, name: str, values: Sequence[object], filename: str) -> None:
    flag = _FLAG.fullmatch(plain)
    word = SPLIT_WORDS.get(flag["word"]) if flag is not None else None
    if word == "held_out" or (word == "train" and all(str("" if v is None else v).strip().casefold() in _FLAG_VALUES for v in values)):
        raise QueryError(
            f"{filename} has a column `{name}`, which may mark what is held out. Name it `split`, with `train` or `held_out` in each row, or remove it."
        )
    inner = next((key for value in values if isinstance(value, dict) for key in value if plain_name(str(key)) == "split" and split_word(value[key])), None)
    if inner is not None:
        raise QueryError(f"{filename} has a split inside of `{name}` (`{inner}`), where it is not looked for. Write it as a field `split` of each row.")


def marked_rows(items: Iterable[object], split: str, filename: str) -> list[dict[str, Any]]:
    """Rows that stand in a list of one split.

    Raises:
        QueryError: A row says another split than its list.
    """
    rows: list[dict[str, Any]] = []
    for number, item in enumerate(items, 1):
        row = item if isinstance(item, dict) else {"query": item}
        own = next((key for key in row if plain_name(key) == "split"), None)
        said = split_word(row[own]) if own is not None else None
        if said is not None and said != split_word(split):
            raise QueryError(f"Item {number} under {split!r} of {filename} has split {str(row[own or ''])[:40]!r}. Remove one of the two.")
        rows.append({**{key: value for key, value in row.items() if key != own}, "split": split})
    return rows


def name_says(filename: str) -> str | None:
    """The word in a file's name that would mean held out; None where there is none."""
    stem = plain_name(filename.rsplit(".", 1)[0])
    parts = re.split(r"[_.]+", stem)
    return next((word for word in ("held_out", "hold_out") if word in stem), None) or next((part for part in parts if part in _HELD_OUT), None)
