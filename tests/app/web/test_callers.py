"""Every route and every question of the real application, asked by whoever may not, and by one account about what is another's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_type_hints

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route

from app.pages import questions, site
from app.services import accounts
from app.services import constitutions as service
from app.services.proposals import Proposals
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from app.web.actors import COOKIE
from app.web.app import studio_app
from tests.app.serving import served

ANN, BEN, SHARED = ("Ann", "ann's password"), ("Ben", "ben's password"), "correct horse"
SECRET = "What only Ann has written."
ROW = {"id": "1" * 32, "title": "Ann's", "statement": SECRET, "antithesis": "The other way."}
OPEN = {"/healthz"}
STRANGERS: dict[str, dict[str, Any]] = {
    "anonymous": {},
    "wrong password": {"auth": ("Ann", "wrong")},
    "another's password": {"auth": ("Ann", BEN[1])},
    "shared password": {"auth": ("Ann", SHARED)},
    "cookie": {"headers": {"Cookie": f"{COOKIE}=Ann"}},
    "header": {"headers": {"Remote-User": "Ann", "X-Forwarded-User": "Ann", "X-Forwarded-For": "127.0.0.1"}},
}


@dataclass(frozen=True)
class House:
    """The application as it is served, and what lies behind it."""

    app: FastAPI
    studio: Studio
    client: httpx.Client
    draft: int  # of a constitution that Ann alone has written in

    def ask(self, endpoint: str, who: tuple[str, str], /, **question: object) -> httpx.Response:
        return self.client.post(f"/api/{endpoint}", json=question, auth=who)

    def statement_of_ann(self) -> tuple[int, str]:
        draft = service.open_draft(self.studio, self.draft, "Ann")
        return draft.revision, draft.rows[0]["statement"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = Settings.from_environment({"STUDIO_PASSWORD": SHARED}, data=tmp_path_factory.mktemp("data"))
    prepare_data_folder(settings)
    studio = open_studio(settings)
    for who in (ANN, BEN):
        accounts.add(studio.sessions, *who)
    made = service.create_constitution(studio, "Of Ann")
    service.save_draft(studio, made, "Ann", service.open_draft(studio, made, "Ann").revision, [ROW])
    app = studio_app(settings)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        yield House(app, studio, client, made)
    studio.engine.dispose()


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and address of everything that is served, Gradio's own included; a parameter is given a value."""
    waiting: list[Any] = list(app.routes)
    found = []
    while waiting:
        route = waiting.pop()
        if isinstance(route, Route):
            found.append(route)
        elif isinstance(route, Mount):
            waiting += route.routes
        else:  # a router that FastAPI was given
            waiting += route.original_router.routes
    return sorted({(method, re.sub(r"\{\w+(:\w+)?\}", "1", route.path)) for route in found for method in route.methods or ()})


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nothing_but_health_answers_a_stranger(house: House, stranger: str) -> None:
    every = routes(house.app)
    assert {("POST", "/api/1"), ("GET", "/runs/1/adapter.zip"), ("POST", "/name"), ("POST", "/gradio_api/queue/join"), ("GET", "/write")} <= set(every)
    before = house.statement_of_ann()
    for method, path in every:
        if path not in OPEN:
            answer = house.client.request(method, path, **STRANGERS[stranger])
            assert answer.status_code in (401, 429), (method, path, answer.status_code)
            assert SECRET not in answer.text and "Set-Cookie" not in answer.headers
    assert house.statement_of_ann() == before
    assert house.client.get("/", auth=ANN).status_code == 200


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_question_answers_a_stranger(house: House, stranger: str) -> None:
    for each in site.endpoints(house.studio, Proposals()):
        answer = house.client.post(f"/api/{each.page}/{each.name}", json={"constitution": house.draft}, **STRANGERS[stranger])
        assert answer.status_code in (401, 429) and SECRET not in answer.text


def test_no_question_names_whose_draft_it_is_about() -> None:
    """The editor is whoever asks, so nobody can ask for another's."""
    kinds = [kind for kind in vars(questions).values() if isinstance(kind, type) and issubclass(kind, questions.Question)]
    fields = {name for kind in kinds for name in get_type_hints(kind)}
    assert {"constitution", "revision", "principles", "proposal"} <= fields
    assert fields & {"editor", "author", "user", "who", "actor", "requested_by", "created_by", "draft"} == set()


def test_one_account_can_neither_read_nor_write_what_another_has_written(house: House) -> None:
    """Each question about a constitution is asked with the revision that Ann's draft has."""
    revision, _ = before = house.statement_of_ann()
    about = {"constitution": house.draft}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("write/opened", {"constitution": str(house.draft)}),
        ("train/opened", {"constitution": str(house.draft)}),
        ("write/draft", {}),
        ("write/save", {"revision": revision, "principles": [{**ROW, "statement": "Ben's."}]}),
        ("write/merge", {"before": [], "principles": [{**ROW, "statement": "Ben's."}]}),
        ("write/behind", {}),
        ("write/take_in", {"revision": revision, "number": 1}),
        ("write/begin", {}),
        ("write/preview", {}),
        ("write/version", {"revision": revision, "head": None, "message": "Mine now."}),
        ("write/restore", {"revision": revision, "head": None, "number": 1}),
        ("write/discard", {"revision": revision, "head": None}),
        ("write/open", {"number": 1}),
        ("write/history", {}),
        ("write/download", {"format": "yaml"}),
        ("write/download", {"format": "markdown"}),
        ("write/matches", {"pattern": "."}),
        ("write/rename", {"name": "Of Ann"}),
        ("constitutions/rename", {"name": "Of Ann"}),
        ("constitutions/duplicate", {}),
        ("compare/opened", {"constitution": str(house.draft)}),
        ("constitutions/archive", {}),
        ("constitutions/unarchive", {}),
        ("amend/opened", {"constitution": str(house.draft)}),
        ("amend/propose", {"reason": "Mine.", "key": "a-click-of-ben"}),
        ("amend/role", {"name": "Ben", "role": "writer"}),
    ]
    naming = {f"{each.page}/{each.name}" for each in site.endpoints(house.studio, Proposals()) if "constitution" in get_type_hints(each.question)}
    assert {name for name, _ in asked} == naming
    for name, more in asked:
        answer = house.ask(name, BEN, **{**about, **more})
        assert answer.status_code in (200, 400) and SECRET not in answer.text, (name, answer.text)
        assert house.statement_of_ann() == before, name
    assert house.ask("write/draft", BEN, **about, editor="Ann").status_code == 400
    assert SECRET in house.ask("write/draft", ANN, **about).text


def test_nor_take_it_over_by_a_name(house: House) -> None:
    before = house.statement_of_ann()
    refused = house.client.post("/name", json={"name": "Ann"}, auth=BEN)
    assert refused.status_code == 400 and "signed in with" in refused.json()["message"] and "Set-Cookie" not in refused.headers
    headers = {"Cookie": f"{COOKIE}=Ann", "Remote-User": "Ann"}
    question = {"constitution": house.draft, "revision": before[0], "principles": []}
    for name, asked in (("write/draft", {"constitution": house.draft}), ("write/save", question), ("write/opened", {"constitution": str(house.draft)})):
        assert SECRET not in house.client.post(f"/api/{name}", json=asked, auth=BEN, headers=headers).text
    assert house.statement_of_ann() == before
