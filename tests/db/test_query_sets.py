"""Query sets on a real SQLite file."""

import pytest

from db import query_sets
from db.errors import NotFound
from db.session import Sessions

ROWS = [{"query": "How do I boil an egg?", "split": "train"}, {"query": "What is rain?", "split": "train"}, {"query": "Why?", "split": "held-out"}]


def test_the_same_rows_under_the_same_name_are_stored_once(sessions: Sessions) -> None:
    with sessions.begin() as s:
        first = query_sets.add_query_set(s, "Everyday", "written here", ROWS)
        again = query_sets.add_query_set(s, "Everyday", "uploaded", [dict(reversed(list(row.items()))) for row in ROWS])
        renamed = query_sets.add_query_set(s, "Mine", "uploaded", ROWS)
        shorter = query_sets.add_query_set(s, "Everyday", "written here", ROWS[:2])
        assert again.id == first.id
        assert again.source == "written here"
        assert len({first.id, renamed.id, shorter.id}) == 3


def test_the_list_has_sizes_but_no_rows(sessions: Sessions) -> None:
    with sessions.begin() as s:
        query_sets.add_query_set(s, "Everyday", "written here", ROWS)
        query_sets.add_query_set(s, "Empty", "upload", [])
    with sessions.read() as s:
        everyday, empty = query_sets.list_query_sets(s)
    assert (everyday.name, everyday.split_sizes) == ("Everyday", {"train": 2, "held-out": 1})
    assert (empty.name, empty.split_sizes) == ("Empty", {})


def test_a_query_set_comes_back_with_its_rows_in_order(sessions: Sessions) -> None:
    with sessions.begin() as s:
        added = query_sets.add_query_set(s, "Everyday", "written here", ROWS)
    with sessions.read() as s:
        assert query_sets.get_query_set(s, added.id).rows == ROWS
        with pytest.raises(NotFound, match="404"):
            query_sets.get_query_set(s, 404)
