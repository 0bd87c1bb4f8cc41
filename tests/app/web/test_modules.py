"""The scripts of the pages as modules: which files are served, how they are kept, and who may have them."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.modules import ASSETS, add_routes, address, digest, modules
from app.web.security import protect


def client(settings: Settings | None = None) -> TestClient:
    app = FastAPI()
    add_routes(app)
    if settings is not None:
        protect(app, settings)
    return TestClient(app, base_url="http://localhost")


def test_a_script_is_served_as_a_module_and_kept_for_good():
    answer = client().get(address("studio.js"))
    assert answer.content == (ASSETS / "studio.js").read_bytes()
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"] and "private" in answer.headers["cache-control"]


def test_the_address_is_relative_and_changes_with_what_is_served():
    assert re.fullmatch(r"\./modules/[0-9a-f]{16}/write/editor\.js", address("write/editor.js"))
    assert digest() in address("run.js")


def test_a_page_from_before_a_restart_gets_this_version_and_keeps_nothing():
    answer = client().get("/modules/0123456789abcdef/studio.js")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"


def test_what_the_browser_has_is_not_sent_again():
    first = client().get(address("studio.js"))
    again = client().get(address("studio.js"), headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize("name", ["none.js", "studio.css", "../settings.py", "..%2Fsettings.py", "%2e%2e/%2e%2e/settings.py", "write", "", "/etc/passwd"])
def test_nothing_but_the_scripts_is_served(name: str):
    assert client().get(f"/modules/{digest()}/{name}").status_code == 404


def test_every_import_names_a_script_that_is_served():
    for name, text in modules().items():
        for wanted in re.findall(r'^import .* from "([^"]+)";$', text.decode(), re.MULTILINE):
            assert (ASSETS / name).parent.joinpath(wanted).resolve().relative_to(ASSETS).as_posix() in modules(), (name, wanted)


def test_scripts_stand_behind_the_password(tmp_path):
    guarded = client(Settings(data=tmp_path, database_url="sqlite://", password="a long enough password"))
    assert guarded.get(address("studio.js")).status_code == 401
    assert guarded.get(address("studio.js"), auth=("ann", "a long enough password")).status_code == 200


def test_an_unknown_script_is_our_own_mistake():
    with pytest.raises(ValueError, match=r"none\.js"):
        address("none.js")
