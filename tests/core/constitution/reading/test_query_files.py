"""Queries out of files: which column is asked, which split a row is of, and that a held-out query never reaches training."""

import json
from pathlib import Path

import pytest

from core.constitution.queries import Query
from core.constitution.reading.query_files import read_query_file
from core.errors import QueryError, StudioError

STARTERS = Path(__file__).parents[4] / "app" / "starters" / "queries.jsonl"


def rows(*found):
    return "\n".join(json.dumps(row) for row in found).encode()


def texts(data, name="q.jsonl", **options):
    return [query.text for query in read_query_file(data, name, **options).queries]


def splits(data, name="q.csv"):
    return {query.text: query.split for query in read_query_file(data, name).queries}


def test_the_three_forms_hold_the_same_queries():
    lines = read_query_file(b"One?\n\nTwo?\nOne?\n", "q.txt").queries
    assert lines == read_query_file(b'query,other\nOne?,1\n"Two?",2\n', "q.csv").queries
    assert lines == read_query_file(b'{"query": "One?"}\n{"query": "Two?", "extra": 1}\n', "q.jsonl").queries
    assert [q.text for q in lines] == ["One?", "Two?"]


def test_a_split_is_kept_and_otherwise_follows_from_the_text_alone():
    assert read_query_file(b'{"query": "A", "split": "held_out"}', "q.jsonl").queries == (Query("A", "held_out"),)
    big = read_query_file("\n".join(f"question {i}" for i in range(400)).encode(), "a.txt").queries
    again = {q.text: q.split for q in read_query_file("\n".join(f"question {i}" for i in range(399, -1, -1)).encode(), "b.txt").queries}
    assert all(again[q.text] == q.split for q in big)
    assert 60 < sum(q.split == "held_out" for q in big) < 140


def test_the_starter_set_is_read_as_it_is_written():
    written = [json.loads(line) for line in STARTERS.read_text().splitlines()]
    reading = read_query_file(STARTERS.read_bytes(), STARTERS.name)
    assert [(q.text, q.split) for q in reading.queries] == [(row["query"], row["split"]) for row in written]
    assert (reading.notes, reading.ignored, reading.used) == ((), (), {"query": "query", "split": "split"})


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        (rows({"prompt": "Why?", "id": 1}), "Why?"),
        (rows({"question": "Why?"}), "Why?"),
        (rows({"instruction": "Sum up.", "input": "A text.", "output": "x"}), "Sum up.\n\nA text."),
        (rows({"instruction": "Why?", "context": "", "response": "x"}), "Why?"),
        (rows({"turns": ["Why?", "Shorter."]}), "Why?"),
        (rows({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}]}), "Why?"),
        (rows({"messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}]}), "Why?"),
        (rows({"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}]}), "Why?"),
        (rows({"prompt": [{"role": "user", "content": "Why?"}], "chosen": []}), "Why?"),
        (rows({"chosen": "\n\nHuman: Why?\n\nAssistant: So.\n\nHuman: And?", "rejected": "x"}), "Why?"),
        (rows({"text": "Why?"}), "Why?"),
        (rows({" Query ": "Why?"}), "Why?"),
        (rows({"trait": "dry", "questions": ["Why?"]}), "Why?"),
    ],
)
def test_known_shapes(data, asked):
    assert texts(data) == [asked]


def test_a_chat_in_a_cell_of_a_table():
    assert texts(b'messages\n"[{""role"": ""user"", ""content"": ""Why?""}]"\n', "q.csv") == ["Why?"]


@pytest.mark.parametrize("header", ["query,split", "Query , SPLIT", "\ufeffquery,split ", '"query","split"', "query,\u00a0Split"])
@pytest.mark.parametrize("word", ["held_out", "Held-Out", "held out", "test", " validation", "DEV"])
def test_held_out_is_held_out_however_it_is_written(header, word):
    assert splits(f"{header}\nWhy?,train\nHow?,{word}\n".encode()) == {"Why?": "train", "How?": "held_out"}


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"query,split\nWhy?,train\nWhy?,held_out\n", {"Why?": "held_out"}),
        (b"query,split\nWhy?,held_out\n  why ?!,train\n", {"Why?": "held_out"}),
        (b"query,split\nwhy,train\nWhy?,test\n", {"Why?": "held_out"}),
        (b"query,split\nWhy?,\nWHY?,train\n", {"Why?": "train"}),
        (b"query,partition\nWhy?,train\nHow?,test\n", {"Why?": "train", "How?": "held_out"}),
    ],
)
def test_a_held_out_query_never_reaches_training(data, kept):
    assert splits(data) == kept


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b'{"query": "a", "split": "tst"}', "q.jsonl", "Line 1 of q.jsonl has split 'tst'"),
        (b'{"query": "a", "split": 1}', "q.jsonl", "has split '1'"),
        (b"query,held out\na,yes\n", "q.csv", "has a column `held out`"),
        (b"id,post\n1,x\n", "q.csv", "its columns are `id`, `post`.*--query-field"),
        (b"\n \n", "q.txt", "holds no query"),
        (b'{"query": null}\n{"query": " "}', "q.jsonl", "holds no query"),
        (b"ok?\n" + b"x" * 9000, "q.txt", "Line 2 of q.txt has a query of 9,000 characters"),
        (b'{"query": "ok"}\n{"query": "Say \\ud83d"}', "q.jsonl", r"Line 2 of q.jsonl holds half a character \(\\ud83d\)"),
        (b'{"prompts": {"a": 1}}', "q.json", "its columns are `prompts`"),
    ],
)
def test_a_bad_file_is_refused_with_the_place_and_the_remedy(data, name, words):
    with pytest.raises(StudioError, match=words):
        read_query_file(data, name)


def test_a_field_can_be_named_and_is_looked_for_by_that_name_only():
    data = rows({"prompt": "Why?", "Post Text": "A story."})
    assert texts(data, field="post_text") == ["A story."]
    with pytest.raises(QueryError, match="has no column `body`"):
        texts(data, field="body")


def test_whatever_was_not_taken_is_said():
    reading = read_query_file(
        rows({"query": "Why?", "prompt": "Other?"}, {"query": "why"}, {"query": 3}, {"query": "Why?"}, {"query": "", "tag": 1}, {"question": "x"}), "q.jsonl"
    )
    assert reading.ignored == ("prompt", "tag", "question")
    assert reading.notes == (
        "not asked: `prompt`, `question`; --query-field chooses another",
        "3 rows without a text to ask left out: Line 3, Line 5, Line 6",
        "1 duplicate left out",
        "1 left out that differs from an earlier query only in case, blanks or punctuation",
        "no split is marked: one query in four is held out, by the hash of its text",
    )
    chat = read_query_file(
        rows({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "A"}, {"role": "user", "content": "B"}]}), "c.jsonl"
    )
    assert chat.notes[:3] == ("asked is `messages`", "1 row: a system message is left out", "1 row: only the first of several turns is asked")
    part = read_query_file(b"query,split\nA,train\nB,\nC,test\n", "q.csv")
    assert part.notes == ("1 row without a split: one in four is held out, by the hash of its text",)
