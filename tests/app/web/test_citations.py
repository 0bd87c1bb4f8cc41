"""Citations: addresses that open one version for good, changelogs, redlines as pages and files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.services import constitutions
from app.services.addresses import find, named
from app.services.studio import RefusedError, Studio
from app.web import citations, downloads
from app.web.security import protect
from tests.app.planting import HOSTILE, make_studio

ROW = {"id": "1" * 32, "title": "Be brief", "statement": "Answer in one sentence.", "antithesis": "Answer at length."}
OTHER = {"id": "2" * 32, "title": HOSTILE, "statement": HOSTILE, "antithesis": "Be rude."}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    app = FastAPI()
    downloads.add_routes(app, studio)
    citations.add_routes(app, studio)
    protect(app, studio.settings)
    return TestClient(app, base_url="http://127.0.0.1", client=("203.0.113.5", 50000))


def save(studio: Studio, constitution: int, rows: list[dict[str, str]], message: str) -> None:
    draft = constitutions.open_draft(studio, constitution, "Ann")
    saved = constitutions.save_draft(studio, constitution, "Ann", draft.revision, rows)
    constitutions.save_version(studio, constitution, "Ann", message, (saved.revision, saved.head.number if saved.head else None))


@pytest.fixture
def made(studio: Studio) -> int:
    made = constitutions.create_constitution(studio, "House rules")
    save(studio, made, [ROW], "First.")
    save(studio, made, [{**ROW, "statement": "Answer in one short sentence."}, OTHER], "Shorter.")
    return made


def test_a_citation_opens_that_version_with_each_principle_at_its_anchor(made: int, client: TestClient) -> None:
    page = client.get("/c/house-rules@1")
    assert page.status_code == 200 and "Answer in one sentence." in page.text and "short" not in page.text
    assert '<li class="cs-principle" id="1">' in page.text and 'href="./c/house-rules@1#1"' in page.text
    assert "This is not the newest version" in page.text
    newest = client.get("/c/house-rules@2").text
    assert '<li class="cs-principle" id="2">' in newest and "<script>alert" not in newest and "not the newest" not in newest


def test_a_citation_outlives_a_renaming_and_names_are_never_mixed_up(made: int, studio: Studio, client: TestClient) -> None:
    named(studio, made)
    constitutions.rename(studio, made, "Ann", "Rules of the house")
    answer = client.get("/c/house-rules@1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "./rules-of-the-house%401")
    assert client.get("/c/house-rules@1").status_code == 200
    other = constitutions.create_constitution(studio, "House rules")
    assert named(studio, other).slug == "house-rules-2" and find(studio, "house-rules").id == made
    assert find(studio, "House rules").id == other and find(studio, "Rules of the house").id == made  # as a person at a terminal names them


def test_a_name_in_any_script_has_a_word_and_two_that_come_to_the_same_have_two(studio: Studio) -> None:
    words = [named(studio, constitutions.create_constitution(studio, name)).slug for name in ("नियम!", "नियम?", "🙂", "Ünïcode Straße")]
    assert words == ["नियम", "नियम-2", "constitution", "ünïcode-strasse"]


def test_the_changelog_tells_who_when_why_and_what(made: int, client: TestClient) -> None:
    page = client.get("/c/house-rules").text
    assert page.index("Version 2") < page.index("Version 1</a>") and "Shorter." in page and "<ins>short </ins>" in page and "<bdi>Ann</bdi>" in page


def test_any_two_versions_are_held_against_each_other_as_page_and_files(made: int, client: TestClient) -> None:
    page = client.get("/c/house-rules/redline?from=1&to=2").text
    assert "<ins>short </ins>" in page and "<script>alert" not in page
    assert "<th scope" in client.get("/c/house-rules/redline?from=1&to=2&view=sides").text
    back = client.get("/c/house-rules/redline?from=2&to=1").text
    assert "<del>short </del>" in back
    for form, kind in (("docx", "wordprocessingml"), ("md", "markdown"), ("html", "html")):
        file = client.get(f"/c/house-rules/redline.{form}?from=1&to=2")
        assert kind in file.headers["content-type"] and f"house-rules-v1-v2-redline.{form}" in file.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/c/nobody@1", "No constitution is cited as 'nobody'"),
        ("/c/house-rules@9", "“House rules” has no version 9; its newest is version 2."),
        ("/c/house-rules@x", "cites nothing"),
        ("/c/house-rules/redline?from=1&to=9", "has no version 9; its newest is version 2"),
        ("/c/house-rules/redline?from=one", "'one' is no number of a version"),
        ("/c/house-rules/redline.pdf", "There is no redline as .pdf"),
        ("/versions/999", "There is no version with id 999"),
    ],
)
def test_what_names_nothing_is_told_in_words(made: int, client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 and says in answer.text


def test_a_version_leads_to_its_citation(made: int, studio: Studio, client: TestClient) -> None:
    version = constitutions.history(studio, made)[0].id
    assert client.get(f"/versions/{version}", follow_redirects=False).headers["location"] == "../c/house-rules@2"


def test_a_constitution_without_a_version_has_nothing_to_cite(studio: Studio) -> None:
    made = constitutions.create_constitution(studio, "Empty")
    with pytest.raises(RefusedError, match="has no version yet"):
        citations.redline_of(studio, made)
