"""Query files: every accepted form, every refusal with its line, and splits that stay put."""

import pytest

from core.constitution.queries import Query, draw_queries, from_rows, read_queries, to_rows
from core.errors import QueryError


def test_the_three_forms_hold_the_same_queries():
    lines = read_queries(b"One?\n\nTwo?\nOne?\n", "q.txt")
    assert lines == read_queries(b'query,other\nOne?,1\n"Two?",2\n', "q.csv")
    assert lines == read_queries(b'{"query": "One?"}\n{"query": "Two?", "extra": 1}\n', "q.jsonl")
    assert [q.text for q in lines] == ["One?", "Two?"]


def test_a_split_is_kept_and_otherwise_follows_from_the_text_alone():
    assert read_queries(b'{"query": "A", "split": "held_out"}', "q.jsonl") == [Query("A", "held_out")]
    big = read_queries("\n".join(f"question {i}" for i in range(400)).encode(), "a.txt")
    again = {q.text: q.split for q in read_queries("\n".join(f"question {i}" for i in range(399, -1, -1)).encode(), "b.txt")}
    assert all(again[q.text] == q.split for q in big)
    assert 60 < sum(q.split == "held_out" for q in big) < 140


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"\x89PNG\x00", "q.txt", "not a text file"),
        ("caf\xe9".encode("latin-1"), "q.txt", "not UTF-8 text: byte 3 is 0xe9"),
        (b'{"query": 3}', "q.jsonl", "Line 1 of q.jsonl has no text"),
        (b'{"query": "a"}\n{', "q.jsonl", "Line 2 of q.jsonl is not JSON"),
        (b"prompt\nhi", "q.csv", "no column `query`"),
        (b'{"query": "a", "split": "test"}', "q.jsonl", "split 'test'"),
        (b"\n \n", "q.txt", "holds no query"),
        (b"x" * 9000, "q.txt", "9,000 characters"),
        (b"x" * 5_000_001, "q.txt", "limit is 5 MB"),
    ],
)
def test_a_bad_file_is_refused_with_the_place_and_the_remedy(data, name, words):
    with pytest.raises(QueryError, match=words.replace("`", "`")):
        read_queries(data, name)


def test_a_draw_repeats_under_its_seed_and_stays_in_its_split():
    queries = [Query(str(i), "train" if i % 2 else "held_out") for i in range(40)]
    drawn = draw_queries(queries, "train", 8, 3)
    assert drawn == draw_queries(list(reversed(queries)), "train", 8, 3)
    assert drawn != draw_queries(queries, "train", 8, 4)
    assert all(int(text) % 2 for text in drawn)
    with pytest.raises(QueryError, match="held-out"):
        draw_queries([Query("a", "train")], "held_out", 4, 0)


def test_rows_come_back():
    queries = [Query("a", "train"), Query("b", "held_out")]
    assert from_rows(to_rows(queries)) == queries
