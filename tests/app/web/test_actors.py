"""A browser is given its name, on a real server and a real database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.services import constitutions as service
from app.services.studio import Studio, open_studio
from app.settings import Settings
from app.web.actors import COOKIE, add_routes
from app.web.security import protect
from tests.app.serving import served

PASSWORD = "correct horse"
ROW = {"id": "1" * 32, "title": "Brief", "statement": "Be brief.", "antithesis": "Be long."}


class Site:
    """A protected server with nothing but the address of names, and one browser that calls it."""

    def __init__(self, studio: Studio, client: httpx.Client) -> None:
        self.studio, self.client = studio, client

    def give(self, name: object, auth: tuple[str, str] | None = None, **more: object) -> httpx.Response:
        return self.client.post("/name", json={"name": name, **more}, auth=auth)


def opened(folder: Path, **environ: str) -> Iterator[Site]:
    settings = Settings.from_environment({"DATABASE_URL": f"sqlite:///{folder}/studio.db", **environ}, data=folder)
    studio, app = open_studio(settings), FastAPI()
    add_routes(app, studio)
    protect(app, settings)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield Site(studio, client)
    studio.engine.dispose()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from opened(tmp_path)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Site]:
    yield from opened(tmp_path, STUDIO_PASSWORD=PASSWORD)


def written(site: Site, editor: str, statement: str) -> int:
    constitution_id = service.create_constitution(site.studio, "Mine")
    service.save_draft(
        site.studio, constitution_id, editor, service.open_draft(site.studio, constitution_id, editor).revision, [{**ROW, "statement": statement}]
    )
    return constitution_id


def rows(site: Site, constitution_id: int, editor: str) -> list[dict[str, Any]]:
    return service.open_draft(site.studio, constitution_id, editor).rows


def test_the_first_name_takes_over_what_was_written_without_one(site: Site) -> None:
    constitution_id = written(site, "you", "Unnamed.")
    reply = site.give("  Zoe\u0308 ")
    assert (reply.status_code, reply.json()) == (200, {"name": "Zoë", "drafts": 1})
    said = reply.headers["Set-Cookie"]
    assert f"{COOKIE}=Zo%C3%AB;" in said and "SameSite=strict" in said and "Path=/" in said and "Max-Age=34560000" in said and "HttpOnly" not in said
    assert rows(site, constitution_id, "Zoë")[0]["statement"] == "Unnamed." and rows(site, constitution_id, "you") == []


def test_another_name_takes_the_drafts_along_only_when_that_is_meant(site: Site) -> None:
    site.give("Ann")
    constitution_id = written(site, "Ann", "Ann's.")
    assert site.give("Bob", take_drafts=False).json() == {"name": "Bob", "drafts": 0}
    assert rows(site, constitution_id, "Ann")[0]["statement"] == "Ann's." and rows(site, constitution_id, "Bob") == []
    site.give("Ann", take_drafts=False)
    assert site.give("Anna").json() == {"name": "Anna", "drafts": 1}  # Ann's, for the browser was called so
    assert rows(site, constitution_id, "Anna")[0]["statement"] == "Ann's."


def test_an_empty_name_forgets_the_one_that_was_given(site: Site) -> None:
    site.give("Ann")
    constitution_id = written(site, "Ann", "Ann's.")
    reply = site.give(" ")
    assert reply.json() == {"name": "you", "drafts": 1} and COOKIE not in site.client.cookies
    assert rows(site, constitution_id, "you")[0]["statement"] == "Ann's."


@pytest.mark.parametrize(
    ("name", "says"), [("x" * 81, "81 characters"), ("line\nbreak", "cannot be shown"), ("\u202eabc", "cannot be shown"), ("You", "Type another one")]
)
def test_a_name_that_cannot_be_is_refused_and_nothing_moves(site: Site, name: str, says: str) -> None:
    constitution_id = written(site, "you", "Unnamed.")
    reply = site.give(name)
    assert reply.status_code == 400 and says in reply.json()["message"] and "Set-Cookie" not in reply.headers
    assert rows(site, constitution_id, "you")[0]["statement"] == "Unnamed."


@pytest.mark.parametrize("body", [None, [], {"name": 7}, {}, {"name": "Ann", "take_drafts": "perhaps"}])
def test_what_is_no_name_at_all_is_refused(site: Site, body: object) -> None:
    assert site.client.post("/name", json=body).status_code == 422


def test_another_site_cannot_give_a_name(site: Site) -> None:
    assert site.client.post("/name", json={"name": "Ann"}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_whoever_signed_in_is_called_as_they_signed_in(locked: Site) -> None:
    constitution_id = written(locked, "Zoë", "Hers.")
    reply = locked.give("Ann", auth=("Zoë", PASSWORD))
    assert reply.status_code == 400 and "signed in with" in reply.json()["message"] and "Set-Cookie" not in reply.headers
    assert locked.give("Ann").status_code == 401
    assert rows(locked, constitution_id, "Zoë")[0]["statement"] == "Hers."
