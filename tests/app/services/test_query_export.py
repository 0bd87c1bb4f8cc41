"""Queries that were taken away are read back the same, whatever stands in them."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.services import downloads, query_sets
from app.services.studio import Studio
from core.constitution.queries import Query
from core.constitution.reading.query_files import read_query_file
from core.errors import QueryError
from tests.app.planting import make_studio
from tests.core.constitution.reading.test_round_trips import PIECES

ODD = [
    "one\u2028two",
    "one\x85two\u2029three",
    "a\x0bb\x0cc",
    "line\nbreak",
    "tab\there",
    '{"query": "x"}',
    "e\u0301",
    "\ue000",
    "👩‍👩‍👧?",
    "# no",
    "a, b; c",
    "\\u2028",
    "\ufeffx",
    "\x1fy",
]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = make_studio(tmp_path_factory.mktemp("queries"))
    yield made
    made.engine.dispose()


def taken_and_read(studio: Studio, texts: list[str]) -> tuple[tuple[Query, ...], tuple[Query, ...]]:
    rows = [{"query": text, "split": split} for text, split in zip(texts, ["train", "held_out"] * len(texts), strict=False)]
    rows += [{"query": f"filler {i}", "split": split} for i, split in enumerate(["train", "train", "held_out", "held_out"])]
    data = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    view, reading = query_sets.upload(studio, data, "odd\u2028\u202ename.jsonl")
    file = downloads.query_set_file(studio, view.id)
    return tuple(reading.queries), tuple(read_query_file(file.text.encode(), file.filename).queries)


def test_odd_line_ends_inside_queries_come_back(studio: Studio) -> None:
    before, after = taken_and_read(studio, ODD)
    assert before == after and {"one\u2028two", "one\x85two\u2029three", "line\nbreak"} <= {query.text for query in after}


@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_so_does_whatever_is_accepted(studio: Studio, texts: list[str]) -> None:
    try:
        before, after = taken_and_read(studio, texts)
    except QueryError:
        return  # refused before anything was stored
    assert before == after
