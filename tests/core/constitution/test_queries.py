"""Query sets: drawing from a split, and their plain rows."""

import pytest

from core.constitution.queries import Query, draw_queries, from_rows, to_rows
from core.errors import QueryError


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
