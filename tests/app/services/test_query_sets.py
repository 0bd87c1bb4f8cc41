"""Query sets: the starter set, and uploads with everything that can be wrong with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import query_sets, starter_queries
from app.services.starter_queries import FILES, FOLDER, STARTER_NAME
from app.services.studio import Studio, open_studio
from core.constitution.reading.query_files import read_query_file
from core.errors import StudioError
from tests.app.planting import make_studio, settings_for


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def lines(count: int) -> bytes:
    return "\n".join(f"What is number {i}?" for i in range(count)).encode()


def test_the_starter_sets_are_planted_once_with_their_splits_everyday_queries_first(studio: Studio, tmp_path: Path) -> None:
    open_studio(settings_for(tmp_path)).engine.dispose()
    assert [(view.name, view.train, view.held_out) for view in query_sets.list_query_sets(studio)] == [
        (STARTER_NAME, 208, 92),
        ("Visitors of a museum", 64, 32),
        ("Customers who need support", 64, 32),
        ("Questions of policy", 64, 32),
    ]


def test_a_studio_that_had_everyday_queries_alone_is_given_the_others_behind_its_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(starter_queries, "FILES", {STARTER_NAME: FILES[STARTER_NAME]})
        opened = make_studio(tmp_path)
        query_sets.upload(opened, lines(40), "mine.txt")
        opened.engine.dispose()
    opened = open_studio(settings_for(tmp_path))
    assert [each.name for each in query_sets.list_query_sets(opened)] == [*FILES, "mine.txt"]
    opened.engine.dispose()


def test_no_starter_query_stands_in_two_sets_or_twice() -> None:
    texts = [query.text.casefold() for file in FILES.values() for query in read_query_file((FOLDER / file).read_bytes(), file).queries]
    assert len(set(texts)) == len(texts) == 300 + 3 * 96


def test_an_upload_is_split_kept_and_listed_after_the_starter_sets(studio: Studio) -> None:
    view, reading = query_sets.upload(studio, lines(40), "mine.txt")
    assert len(reading.queries) == 40
    assert view.train + view.held_out == 40
    assert view.held_out >= 2
    assert [each.name for each in query_sets.list_query_sets(studio)] == [*FILES, "mine.txt"]


def test_the_same_file_again_is_the_same_set(studio: Studio) -> None:
    assert query_sets.upload(studio, lines(40), "mine.txt")[0] == query_sets.upload(studio, lines(40), "mine.txt")[0]


def test_splits_that_the_file_names_are_kept(studio: Studio) -> None:
    rows = b"query,split\nWhy?,train\nHow?,train\nWhen?,held_out\nWho?,held_out\n"
    view, _ = query_sets.upload(studio, rows, "mine.csv")
    assert (view.train, view.held_out) == (2, 2)


@pytest.mark.parametrize(
    ("data", "filename", "says"),
    [
        (b"", "empty.txt", "holds no query"),
        (b"\x00\x01\x02", "image.txt", "is not a text file in UTF-8"),
        ("Grüße\nWie geht es?".encode("latin-1"), "old.txt", "is not UTF-8 text"),
        (b'{"query": "Why?"}\n{"question": "How?"}', "rows.jsonl", "0 held-out queries|1 train"),
        (b"not json", "rows.jsonl", "Line 1 of rows.jsonl is not JSON"),
        (b"a,b\n1,2\n", "table.csv", "has no column `query`"),
        (b"Only one question?", "one.txt", "at least 2 are needed"),
        (b'{"query": "A?", "split": "train"}\n{"query": "B?", "split": "train"}', "train.jsonl", "0 held-out queries"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason(studio: Studio, data: bytes, filename: str, says: str) -> None:
    with pytest.raises(StudioError, match=says):
        query_sets.upload(studio, data, filename)
    assert [view.name for view in query_sets.list_query_sets(studio)] == list(FILES)


def test_a_file_name_is_only_ever_a_name(studio: Studio) -> None:
    assert query_sets.upload(studio, lines(40), "../../etc/pass\nwd.txt")[0].name == "passwd.txt"
    assert query_sets.upload(studio, lines(41), "C:\\Users\\Ann\\mine.txt")[0].name == "mine.txt"
    long = query_sets.upload(studio, lines(42), "x" * 300 + ".jsonl.txt")[0].name
    assert len(long) <= query_sets.MAX_NAME_CHARS
    assert long.endswith("….txt")


def test_the_column_to_ask_can_be_named(studio: Studio) -> None:
    rows = "".join(f'{{"id": {i}, "post": "Story {i}"}}\n' for i in range(20)).encode()
    with pytest.raises(StudioError, match="its columns are `id`, `post`"):
        query_sets.upload(studio, rows, "posts.jsonl")
    view, reading = query_sets.upload(studio, rows, "posts.jsonl", " Post ")
    assert view.train + view.held_out == 20
    assert reading.used == {"query": "post"}
