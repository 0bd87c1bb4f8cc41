"""What is asked of rows that are turns, or that ask nothing."""

import pytest

from core.constitution.reading.query_files import read_query_file
from core.errors import StudioError


def reading(text, name):
    return read_query_file(text.encode(), name)


def test_of_rows_that_are_turns_only_those_of_users_are_asked():
    found = reading('{"text": "Why so?", "role": "prompter"}\n{"text": "Just so.", "role": "assistant"}', "q.jsonl")
    assert [query.text for query in found.queries] == ["Why so?"]
    assert "1 row: left out, as `role` says that no user asks it" in found.notes


def test_what_programs_write_into_an_empty_cell_is_no_query():
    assert [query.text for query in reading("query\nNULL\nnan\n#N/A\n\u200b\nWhy so?\n", "q.csv").queries] == ["Why so?"]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("messages\n\"[{'role': 'user', 'content': 'Why so?'}]\"\n", "q.csv", "Line 2 of q.csv holds turns that are no JSON"),
        ("prompt\n\"[{'content': 'Why so?', 'role': 'user'}]\"\n", "q.csv", "json.dumps"),
        ('{"query": {"text": "Why so?"}}', "q.jsonl", "no text to ask in `query` of Line 1"),
        ('{"query": "Why\\u0000so?"}', "q.jsonl", r"U\+0000"),
        ("query\nWhy so?\nquery\nHow so?\n", "q.csv", "Line 3 of q.csv is the header again"),
    ],
)
def test_what_cannot_be_asked_is_refused(text, name, words):
    with pytest.raises(StudioError, match=words):
        reading(text, name)
