"""Files that were published and lie beside the project, where they do: each is read rightly, or refused with its reason."""

import json
from pathlib import Path

import pytest

from core.constitution.files import read_constitution
from core.constitution.findings import problems
from core.constitution.reading.query_files import read_query_file
from core.constitution.reading.replies import read_replies
from core.errors import StudioError

DATA = Path(__file__).parents[5] / "shared" / "data"
FILES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.name not in ("README.md", "LICENSE"))
pytestmark = pytest.mark.skipif(not FILES, reason="no published data lies beside the project")
READERS = {
    "constitution": lambda data, name: read_constitution(data, name).constitution.principles,
    "queries": lambda data, name: read_query_file(data, name).queries,
    "replies": lambda data, name: read_replies(data, name).replies,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("kind", READERS)
def test_each_reader_understands_it_or_says_why_not(path, kind):
    said, found = "", ()
    try:
        found = READERS[kind](path.read_bytes(), path.name)
    except StudioError as error:
        said = str(error)
    assert found or (said.endswith(".") and len(said.split()) > 5)


@pytest.mark.parametrize("path", [path for path in FILES if path.name.startswith("constitution_")], ids=lambda path: path.name)
def test_the_pairs_of_lists_give_every_principle_with_both_sides(path):
    written = json.loads(path.read_text())
    reading = read_constitution(path.read_bytes(), path.name)
    assert not problems(reading.findings)
    assert len(reading.constitution.principles) == len([line for line in written["positive"].splitlines() if line.strip()]) - _repeated(written)
    assert all(p.statement and p.antithesis for p in reading.constitution.principles)


def _repeated(written):
    """Lines of the positive list that the negative one repeats: they belong to the principle beside them."""
    own = [" ".join(line.split(".", 1)[1].split()) for line in written["positive"].splitlines() if line.strip()]
    other = [" ".join(line.split(".", 1)[1].split()) for line in written["negative"].splitlines() if line.strip()]
    return sum(a == b for a, b in zip(own, other, strict=True))


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "posts.jsonl"], ids=lambda path: path.name)
def test_the_posts_are_asked_when_their_column_is_named(path):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    reading = read_query_file(path.read_bytes(), path.name, field="post")
    assert [q.text for q in reading.queries] == list(dict.fromkeys(row["post"].strip() for row in rows))
    assert set(reading.ignored) == set(rows[0]) - {"post"}
