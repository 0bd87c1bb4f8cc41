"""Files as rows: what is read as what, and what is refused with its line."""

import pytest

from core.constitution.reading.tables import JSON, JSON_LINES, LINES, TABLE, read_rows, read_text
from core.errors import FileError


def cells(data, name):
    return [list(row.values.values()) for row in read_rows(data, name).rows]


@pytest.mark.parametrize(
    ("data", "name", "form", "rows"),
    [
        (b"One?\n\nTwo?\n", "a.txt", LINES, [["One?"], ["Two?"]]),
        (b"One?\rTwo?\r", "a.txt", LINES, [["One?"], ["Two?"]]),
        ("A\u2028B\nC\x85D\x0bE".encode(), "a.txt", LINES, [["A\u2028B"], ["C\x85D\x0bE"]]),
        (b"- One?\n- Two?\n", "a.md", LINES, [["One?"], ["Two?"]]),
        (b"1. One?\n2) Two?\n", "a.txt", LINES, [["One?"], ["Two?"]]),
        (b"- One?\nTwo?\n", "a.txt", LINES, [["- One?"], ["Two?"]]),
        (b"a,b\r\n1,2\r\n", "a.csv", TABLE, [["1", "2"]]),
        (b"a,b\r1,2\r", "a.csv", TABLE, [["1", "2"]]),
        (b"a;b\n1,5;2\n", "a.csv", TABLE, [["1,5", "2"]]),
        (b"sep=\t\na\tb\n1\t2\n", "a.csv", TABLE, [["1", "2"]]),
        (b"a\tb\n1\t2;3\n", "a.tsv", TABLE, [["1", "2;3"]]),
        (b'a, b\n1, "2, or\n3"\n', "a.csv", TABLE, [["1", "2, or\n3"]]),
        (b"a,b,,\n1,2,,\n\n", "a.csv", TABLE, [["1", "2"]]),
        ("a,b\n1,ü".encode("utf-16"), "a.csv", TABLE, [["1", "ü"]]),
        (b"\xef\xbb\xbfa,b\n1,2", "a.csv", TABLE, [["1", "2"]]),
        (b"query,note\nWhy?,x\n", "a.txt", TABLE, [["Why?", "x"]]),
        (b'[{"a": 1}, {"a": 2}]', "a.json", JSON, [[1], [2]]),
        (b'["One?",\n "Two?"]', "a.json", JSON, [["One?"], ["Two?"]]),
        (b'{"data": [{"a": 1}], "version": 2}', "a.json", JSON, [[1]]),
        (b'{"train": ["A"], "Held-out": [{"query": "B"}]}', "a.json", JSON, [["A", "train"], ["B", "Held-out"]]),
        (b'[\n {"a": 1}\n]', "a.txt", JSON, [[1]]),
        (b'[{"a": 1}]', "a.jsonl", JSON, [[1]]),
        (b'{"a": 1}\n{"a": 2}\n', "a.json", JSON_LINES, [[1], [2]]),
        (b'{"a": 1}\n\n{"a": 2}', "a.ndjson", JSON_LINES, [[1], [2]]),
        ('{"a": "x\u2028y\x85z"}'.encode(), "a.jsonl", JSON_LINES, [["x\u2028y\x85z"]]),
        (b'{"messages": [{"role": "user", "content": "Why?"}]}', "a.json", JSON, [[[{"role": "user", "content": "Why?"}]]]),
        (b'"One?"\n"Two?"\n', "a.jsonl", JSON_LINES, [["One?"], ["Two?"]]),
        (b"[Verse] Write one.\n{Name} is who?", "a.txt", LINES, [["[Verse] Write one."], ["{Name} is who?"]]),
        (b"a,long\n1," + b"x" * 200_000 + b"\n", "a.csv", TABLE, [["1", "x" * 200_000]]),
    ],
)
def test_what_is_read(data, name, form, rows):
    assert read_rows(data, name).format == form
    assert cells(data, name) == rows


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"a\nWhy, if so?\n", "a.csv", "Line 2 of a.csv has 2 fields parted by commas, and the header has 1"),
        (b"a,b\n1,2\n3\n", "a.csv", "Line 3 of a.csv has 1 field"),
        (b'a,b\n"x\ny",2\n3\n', "a.csv", "Line 4 of a.csv has 1 field"),
        (b'a,b\n"x" y,2\n', "a.csv", "from line 2 on"),
        (b'a,b\n"x,2\n', "a.csv", "cannot be read as a table"),
        (b"a, A \n1,2\n", "a.csv", "has the column 'a' twice"),
        (b'{"a": 1}\n{"a": 1, "a": 2}', "a.jsonl", "Line 2 of a.jsonl has the key 'a' twice"),
        (b'{"a": 1}\n{"a": ', "a.jsonl", "Line 2 of a.jsonl is not JSON"),
        (b'[{"a": 1},]', "a.json", "is not JSON"),
        (b'{"x": [1], "y": [2]}', "a.json", "several lists: 'x', 'y'"),
        (b"[" * 100_000, "a.json", "nested too deeply|not JSON"),
        (b"%PDF-1.7", "a.txt", "a PDF document"),
        (b"PK\x03\x04xx", "a.csv", "a ZIP archive"),
        (b"PAR1", "a.jsonl", "a Parquet file"),
        (b"<!DOCTYPE html><p>Why?", "a.txt", "a web page"),
        (b"<table><tr><td>Why?", "a.csv", "a web page"),
        (b"- query: Why?\n- query: How?\n", "a.txt", "looks like YAML"),
        (b"queries:\n  - Why?\n", "a.txt", "looks like YAML"),
        (b"queries:\n  - Why?\n", "a.yaml", "is YAML"),
        (b"| query | split |\n|---|---|\n| Why? | train |\n", "a.txt", "a table in Markdown"),
        (b"# Questions\n\nWhy?\n", "a.md", "is Markdown"),
        (b"x\x00y", "a.txt", "zero bytes"),
        ("Wh\u00fc?\nY\u00fc?".encode("latin-1"), "a.txt", "byte 2 .line 1. is 0xfc"),
        (b"x" * 5_000_001, "a.txt", "limit is 5 MB"),
        (b"", "a.csv", "is empty"),
    ],
)
def test_what_is_refused(data, name, words):
    with pytest.raises(FileError, match=words):
        read_rows(data, name)


def test_what_was_guessed_is_said():
    assert read_rows(b"a;b\n1;2", "a.csv").notes == ("fields are parted by semicolons",)
    assert read_rows(b"Why?\rHow?", "a.txt").notes == ("lines end with CR, as on old Macs",)
    assert read_rows(b'[{"a": 1}]', "a.txt").notes == ("the file is named .txt and holds JSON, so it was read as that",)
    assert read_rows(b"- Why?\nHow?", "a.txt").notes == ("1 of 2 lines begin with a list mark; they were left as they are",)
    assert read_text("é".encode("utf-16"), "a.txt").encoding == "UTF-16"
