"""While something that somebody brought never ends, the page answers the others; and what hung is told with its reason."""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.services import imports, matching, query_sets
from app.settings import Settings, prepare_data_folder
from core import budget
from core.budget import Limit
from tests.app.serving import served


@pytest.fixture
def page(tmp_path: Path) -> Iterator[httpx.Client]:
    from app.web.app import studio_app

    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db")
    prepare_data_folder(settings)
    budget.SHORT.warm()
    with served(studio_app(settings)) as url, httpx.Client(base_url=url, timeout=60.0, trust_env=False) as client:
        yield client


def ask_meanwhile(page: httpx.Client, question: str, sent: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """What is answered, and how often the page answered others until then."""
    told: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: told.append(page.post(f"/api/{question}", json=sent).json()))
    asking.start()
    others = 0
    while asking.is_alive():
        assert page.get("/healthz", timeout=30.0).status_code == 200
        others += asking.is_alive()
    return told[0], others


@pytest.mark.parametrize("kind", ["constitution", "queries", "pattern"])
def test_others_are_answered_while_something_never_ends_and_it_is_told(page: httpx.Client, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The readers have no input left that is known to hang, so the deadline is one that none can keep."""
    at_once: dict[str, Any] = {"seconds": 0.3, "remedy": "Shorten it."}
    data = base64.b64encode(b'{"query": "a"}\n' * 90_000).decode()
    if kind == "constitution":
        monkeypatch.setattr(imports, "READING", Limit(what="Reading the file", **at_once))
        question, sent = "constitutions/read", {"data": base64.b64encode(b"- a\n" * 240_000).decode(), "filename": "x.md", "key": "a" * 32}
    elif kind == "queries":
        monkeypatch.setattr(query_sets, "READING", Limit(what="Reading the file", **at_once))
        question, sent = "train/upload", {"data": data, "filename": "x.jsonl"}
    else:
        monkeypatch.setattr(matching, "TRYING", Limit(what="Trying the pattern", **at_once))
        question, sent = "write/matches", {"constitution": 1, "pattern": "(a|a)*$", "statement": "a" * 60 + "b"}
    told, others = ask_meanwhile(page, question, sent)
    assert told["kind"] == "problem", told
    assert f"{'Trying the pattern' if kind == 'pattern' else 'Reading the file'} took more than 0.3 seconds, so it was stopped. Shorten it." in told["message"]
    assert others > 0
    assert page.post("/api/write/matches", json={"constitution": 1, "pattern": "a+", "statement": "aa"}).json()["texts"][0]["follows"] is True


def test_a_pattern_that_never_ends_leaves_all_replies_unjudged_and_says_so(page: httpx.Client) -> None:
    principle = {"id": "a" * 32, "title": "T", "statement": "Say a.", "antithesis": "Say b.", "check": {"regex": "(a|a)*$"}}
    draft = page.post("/api/write/draft", json={"constitution": 1}).json()
    saved = page.post("/api/write/save", json={"constitution": 1, "revision": draft["revision"], "principles": [principle]}).json()
    page.post("/api/write/version", json={"constitution": 1, "message": "m", "revision": saved["revision"], "head": saved["head"]})
    version = page.post("/api/train/choices", json={}).json()["versions"][0]["id"]
    rows = b'{"response": "' + b"a" * 60 + b'b"}\n'
    wish = {"version": version, "data": base64.b64encode(rows * 1_000).decode(), "filename": "r.jsonl"}
    told, others = ask_meanwhile(page, "judge/replies", wish)
    assert told["kind"] == "judged", told
    outcomes = [outcome for outcome in told["outcomes"] if outcome["principle"] == "T"]
    assert len(outcomes) == 1_000 and {outcome["follows"] for outcome in outcomes} == {None}
    assert "took too long" in outcomes[0]["why"] and "out of time" in outcomes[-1]["why"]
    assert others > 0
