"""While something that somebody brought never ends, the page answers the others; and what hung is told with its reason."""

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.services import differences, imports, judging, matching, query_sets
from app.settings import Settings, prepare_data_folder
from core import budget
from core.budget import Limit
from core.constitution.patterns import PREVIEW_S, SEARCH_S
from core.engine.rendering import PROVED_WITHIN_S
from core.measure.judging import JUDGING, LOST_S
from tests.app.serving import served


@pytest.fixture
def page(tmp_path: Path) -> Iterator[httpx.Client]:
    from app.web.app import studio_app

    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db")
    prepare_data_folder(settings)
    budget.SHORT.warm()
    with served(studio_app(settings)) as url, httpx.Client(base_url=url, timeout=60.0, trust_env=False) as client:
        yield client


def ask_meanwhile(page: httpx.Client, question: str, sent: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """What is answered, and how long each of the others waited whom the page answered until then."""
    told: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: told.append(page.post(f"/api/{question}", json=sent).json()))
    asking.start()
    others: list[float] = []
    while asking.is_alive():
        began = time.monotonic()
        assert page.get("/healthz", timeout=30.0).status_code == 200
        others += [time.monotonic() - began] * asking.is_alive()
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
    assert min(others) < 1.0
    monkeypatch.undo()
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
    assert min(others) < 1.0


def test_what_hangs_is_told_with_its_reason_within_ten_seconds() -> None:
    """Of the processor, that is: where others want it too, the clock goes faster."""
    limits = (imports.READING, query_sets.READING, judging.READING, matching.TRYING, differences.REPLIES, differences.COMPARING, JUDGING)
    for seconds in (*(limit.seconds for limit in limits), PROVED_WITHIN_S, PREVIEW_S, LOST_S + SEARCH_S):
        assert 0 < seconds < 10
