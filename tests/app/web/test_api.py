"""The endpoints for scripts: JSON in and out, in lines where an answer comes again and again, behind the password like everything else."""

import base64
import gc
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.pages.answers import Go
from app.pages.endpoints import answers, endpoints_of, tells
from app.pages.questions import NewName, OneRun
from app.settings import Settings
from app.web import api
from app.web.api import add_routes
from app.web.security import protect
from core.errors import ConfigError
from tests.app.serving import served

PASSWORD = "a long enough password"
SIGNED_IN = {"Authorization": f"Basic {base64.b64encode(f'ann:{PASSWORD}'.encode()).decode()}"}


@dataclass(frozen=True)
class Desk:
    closed: list[bool] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    @answers
    def rename(self, question: NewName, editor: str) -> Go:
        """Give it a name."""
        if not question.name:
            raise ConfigError("A name is missing.")
        return Go(href=f"./{editor}/{question.constitution}/{question.name}", id=question.constitution)

    @tells
    def ramble(self, question: OneRun, editor: str) -> Iterator[Go]:
        """Tell without end."""
        try:
            while True:
                yield Go(href="./", id=question.run)
                time.sleep(0.02)
        finally:
            self.left.set()

    @tells
    def watch(self, question: OneRun, editor: str) -> Iterator[Go]:
        """Tell of a run."""
        try:
            for step in range(3):
                yield Go(href=f"./{question.run}/{step}", id=question.run)
        finally:
            self.closed.append(True)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk, tmp_path: Any) -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, endpoints_of("desk", desk, ("rename", "watch")))
    protect(app, Settings(data=tmp_path, database_url="sqlite://", password=PASSWORD))
    return TestClient(app, base_url="http://localhost", headers=SIGNED_IN)


def test_a_question_gets_its_answer_and_the_caller_is_known(client: TestClient) -> None:
    answer = client.post("/api/desk/rename", json={"constitution": 1, "name": "x"})
    assert (answer.status_code, answer.json()) == (200, {"kind": "go", "href": "./ann/1/x", "id": 1})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("question", [{"constitution": 1, "name": ""}, {"constitution": "1", "name": "x"}, {}])
def test_what_can_be_put_right_is_a_problem_with_status_400(client: TestClient, question: dict[str, Any]) -> None:
    answer = client.post("/api/desk/rename", json=question)
    assert (answer.status_code, answer.json()["kind"]) == (400, "problem")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"constitution": NaN}', b'{"name": [1e999]}', b'{"a": -Infinity}', b"\xff"])
def test_what_is_no_object_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/api/desk/rename", content=body, headers={"Content-Type": "application/json"}).status_code == 400


def test_an_answer_that_comes_again_and_again_is_lines(client: TestClient, desk: Desk) -> None:
    lines = client.post("/api/desk/watch", json={"run": 7}).text.splitlines()
    assert [json.loads(line)["href"] for line in lines] == ["./7/0", "./7/1", "./7/2"]
    assert desk.closed == [True]


def test_whoever_hangs_up_ends_what_was_told_to_them(desk: Desk, tmp_path: Any) -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, endpoints_of("desk", desk, ("ramble",)))
    protect(app, Settings(data=tmp_path, database_url="sqlite://"))
    gc.disable()  # nobody may rely on its coming by
    try:
        with served(app) as address, httpx.stream("POST", f"{address}/api/desk/ramble", json={"run": 1}, trust_env=False) as answer:
            next(answer.iter_lines())
            answer.close()
            assert desk.left.wait(10)
    finally:
        gc.enable()


def test_as_many_are_told_of_something_at_once_and_no_more(desk: Desk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "STREAMS_AT_ONCE", 1)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, endpoints_of("desk", desk, ("ramble", "watch")))
    protect(app, Settings(data=tmp_path, database_url="sqlite://"))
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        with client.stream("POST", "/api/desk/ramble", json={"run": 1}) as answer:
            next(answer.iter_lines())
            refused = client.post("/api/desk/watch", json={"run": 1})
            assert refused.status_code == 503 and "Try again" in refused.json()["message"]
        assert desk.left.wait(10)
        deadline = time.monotonic() + 10
        while client.post("/api/desk/watch", json={"run": 1}).status_code != 200:
            assert time.monotonic() < deadline


def test_an_unknown_endpoint_says_where_the_list_is(client: TestClient) -> None:
    answer = client.post("/api/desk/nothing", json={})
    assert answer.status_code == 404 and "./api" in answer.json()["message"]


@pytest.mark.parametrize(("method", "path", "status", "says"), [("GET", "desk/rename", 405, "asked with POST"), ("PUT", "desk/watch", 405, "asked with POST")])
def test_a_question_that_is_asked_in_another_way_is_told_how(client: TestClient, method: str, path: str, status: int, says: str) -> None:
    answer = client.request(method, f"/api/{path}")
    assert answer.status_code == status and says in answer.json()["message"]
    for other in ("", "desk", "desk/", "desk/rename/x", "schema.json/", "Desk/rename"):
        answer = client.request(method, f"/api/{other}")
        assert answer.status_code == 404 and "./api" in answer.json()["message"], other


def test_the_list_is_for_people_and_for_programs(client: TestClient) -> None:
    assert client.get("/api").text == client.get("/docs").text
    assert "POST /api/desk/watch" in client.get("/api").text
    assert client.get("/api/schema.json").json()["endpoints"]["desk/rename"]["does"] == "Give it a name."


@pytest.mark.parametrize("path", ["/api", "/docs", "/api/schema.json"])
def test_the_list_stands_behind_the_password(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"Authorization": ""}).status_code == 401


def test_another_web_site_cannot_ask(client: TestClient) -> None:
    assert client.post("/api/desk/rename", json={"constitution": 1, "name": "x"}, headers={"Origin": "http://evil.test"}).status_code == 403
