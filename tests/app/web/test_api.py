"""The endpoints for scripts: JSON in and out, in lines where an answer comes again and again, behind the password like everything else."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.pages.answers import Go
from app.pages.endpoints import answers, endpoints_of, tells
from app.pages.questions import NewName, OneRun
from app.settings import Settings
from app.web.api import add_routes
from app.web.security import protect
from core.errors import ConfigError

PASSWORD = "a long enough password"
SIGNED_IN = {"Authorization": f"Basic {base64.b64encode(f'ann:{PASSWORD}'.encode()).decode()}"}


@dataclass(frozen=True)
class Desk:
    closed: list[bool] = field(default_factory=list)

    @answers
    def rename(self, question: NewName, editor: str) -> Go:
        """Give it a name."""
        if not question.name:
            raise ConfigError("A name is missing.")
        return Go(href=f"./{editor}/{question.constitution}/{question.name}", id=question.constitution)

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


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"'])
def test_what_is_no_object_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/api/desk/rename", content=body, headers={"Content-Type": "application/json"}).status_code == 400


def test_an_answer_that_comes_again_and_again_is_lines(client: TestClient, desk: Desk) -> None:
    lines = client.post("/api/desk/watch", json={"run": 7}).text.splitlines()
    assert [json.loads(line)["href"] for line in lines] == ["./7/0", "./7/1", "./7/2"]
    assert desk.closed == [True]


def test_an_unknown_endpoint_says_where_the_list_is(client: TestClient) -> None:
    answer = client.post("/api/desk/nothing", json={})
    assert answer.status_code == 404 and "./api" in answer.json()["message"]


def test_the_list_is_for_people_and_for_programs(client: TestClient) -> None:
    assert client.get("/api").text == client.get("/docs").text
    assert "POST /api/desk/watch" in client.get("/api").text
    assert client.get("/api/schema.json").json()["endpoints"]["desk/rename"]["does"] == "Give it a name."


@pytest.mark.parametrize("path", ["/api", "/docs", "/api/schema.json"])
def test_the_list_stands_behind_the_password(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"Authorization": ""}).status_code == 401


def test_another_web_site_cannot_ask(client: TestClient) -> None:
    assert client.post("/api/desk/rename", json={"constitution": 1, "name": "x"}, headers={"Origin": "http://evil.test"}).status_code == 403
