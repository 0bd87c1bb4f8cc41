"""Files that are made to be slow: each is read, or refused, in a child that gets half a minute for what takes a second or two."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.budget import READING, Limit, Pool
from core.constitution.files import read_constitution
from core.constitution.reading.query_files import read_query_file
from core.errors import StudioError

LIMIT = Limit(what="Reading", seconds=30.0, remedy="")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool(READING, size=1)
    yield made
    made.close()


DOCUMENT = "# n\n\n## 1. t\n\n**Statement.** a"
CONSTITUTIONS = {
    "number signs behind a heading": ("x.md", "# " + "#" * 300_000 + "x"),
    "blanks in a heading": ("x.md", "# a" + " " * 300_000 + "b"),
    "blanks before a brace": ("x.md", "# a" + " " * 300_000 + "{"),
    "no-break spaces in a heading": ("x.md", "# a" + "\u00a0" * 200_000 + "x"),
    "list marks": ("x.md", "- " * 100_000),
    "many antitheses": ("x.md", DOCUMENT + "\n\n**Antithesis.** b" * 40_000),
    "many checks": ("x.md", DOCUMENT + "\n\n**Antithesis.** b" + "\n\n*Check:* a\n" * 70_000 + "z"),
    "empty lines without a suffix": ("x.txt", "\n" * 300_000 + "x"),
    "comments without a suffix": ("x.txt", "\n   \n   #" * 100_000 + "x"),
    "comments in YAML": ("x.yaml", "a: b\n" + "# c\n" * 60_000),
    "comments behind YAML texts": ("x.yaml", "name: a\nprinciples:\n" + "- a\n" * 9_000 + "#\n" * 60_000),
    "a directive of many digits": ("x.yaml", "%YAML " + "1" * 300_000 + "\n"),
    "flow style in YAML": ("x.yaml", "[" * 400_000),
    "merges in YAML": ("x.yaml", "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 8))),
    "JSON in JSON": ("x.json", "[" * 400_000 + "]" * 400_000),
    "a list that goes on": ("x.json", '{"positive": "' + "a\\n" * 250_000 + '", "negative": "b"}'),
}
QUERIES = {
    "quotes": ("x.csv", "query\n" + '"' * 4_300_000),
    "columns": ("x.csv", ",".join(f"c{i}" for i in range(100_000)) + "\n" + "," * 99_999),
    "keys, one of them twice": ("x.json", '[{"k": 1, ' + ",".join(f'"k{i}":"a"' for i in range(100_000)) + ',"k": 1}]'),
    "rows": ("x.jsonl", "{}\n" * 400_000),
    "lines": ("x.txt", "a\n" * 400_000),
    "bars and empty lines": ("x.txt", "|\n" * 5_000 + "\n" * 2_000_000),
    "blanks and empty lines": ("x.txt", (" " * 1000 + "\n") * 4_900 + "x"),
    "comments": ("x.txt", "#\n" * 400_000 + "a"),
    "JSON in JSON": ("x.json", "[" * 2_400_000 + "]" * 2_400_000),
}


def told(read: Callable[..., Any], data: bytes, name: str) -> str:
    """What is said of a file: the error, or the notes."""
    try:
        return " ".join(read(data, name).notes) or "read"
    except StudioError as error:
        return str(error)


@pytest.mark.parametrize(
    ("read", "name", "text"),
    [pytest.param(read_constitution, *file, id=f"constitution: {what}") for what, file in CONSTITUTIONS.items()]
    + [pytest.param(read_query_file, *file, id=f"queries: {what}") for what, file in QUERIES.items()],
)
def test_a_file_that_is_made_to_be_slow_is_read_or_refused_in_words(pool: Pool, read: Callable[..., object], name: str, text: str) -> None:
    assert 0 < len(pool.within(LIMIT, told, read, text.encode(), name)) < 3_000
