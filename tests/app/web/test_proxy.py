"""Below a path of a reverse proxy: whether or not the path is taken off on the way, whoever says which one it is."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.addresses import is_root_path
from app.settings import Settings
from app.web.app import studio_app
from app.web.security import protect
from core.errors import ConfigError
from tests.app.proxying import PATH, proxied
from tests.app.serving import served

LOCAL, ELSEWHERE = ("127.0.0.1", 50000), ("203.0.113.5", 50000)


def build(trusted_proxies: str = "127.0.0.1,::1", **settings: str) -> FastAPI:
    app = FastAPI()

    @app.get("/train")
    def where(request: Request) -> JSONResponse:
        return JSONResponse({"url": str(request.url), "root_path": request.scope["root_path"], "client": request.client.host if request.client else ""})

    @app.get("/train/")
    def again() -> RedirectResponse:
        return RedirectResponse("/train")

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    protect(app, Settings(data=Path("/nowhere"), database_url="sqlite:////nowhere", allowed_hosts=("testserver",), trusted_proxies=trusted_proxies, **settings))  # type: ignore[arg-type]
    return app


def client(peer: tuple[str, int] = LOCAL, **settings: str) -> TestClient:
    return TestClient(build(**settings), client=peer, follow_redirects=False)


@pytest.mark.parametrize("asked", ["/train", "/studio/train"])
def test_the_setting_holds_whether_or_not_the_proxy_takes_the_path_off(asked: str) -> None:
    answer = client(root_path="/studio").get(asked)
    assert answer.json()["url"] == "http://testserver/studio/train"
    assert answer.json()["root_path"] == "/studio"


@pytest.mark.parametrize("asked", ["/train", "/a/deep-er/path.1/train"])
def test_a_trusted_proxy_says_the_path(asked: str) -> None:
    answer = client().get(asked, headers={"X-Forwarded-Prefix": "/a/deep-er/path.1/"})
    assert answer.json()["url"] == "http://testserver/a/deep-er/path.1/train"


def test_nobody_else_is_heard_and_the_setting_wins() -> None:
    told = {"X-Forwarded-Prefix": "/other", "X-Forwarded-For": "198.51.100.7"}
    assert client(ELSEWHERE).get("/train", headers=told).json() == {"url": "http://testserver/train", "root_path": "", "client": "203.0.113.5"}
    assert client(ELSEWHERE, trusted_proxies="203.0.113.0/24").get("/train", headers=told).json()["root_path"] == "/other"
    assert client().get("/train", headers=told).json() == {"url": "http://testserver/other/train", "root_path": "/other", "client": "198.51.100.7"}
    assert client(root_path="/studio").get("/train", headers=told).json()["root_path"] == "/studio"


def test_unless_told_so_not_even_this_machine_is_heard_and_the_log_says_it_once(caplog: pytest.LogCaptureFixture) -> None:
    """Any program of this machine has the address that a proxy there has."""
    told = {"X-Forwarded-Prefix": "/other", "X-Forwarded-For": "198.51.100.7"}
    assert Settings.from_environment({}).trusted_proxies == ""
    unheard = client(trusted_proxies="")
    for _ in range(2):
        assert unheard.get("/train", headers=told).json() == {"url": "http://testserver/train", "root_path": "", "client": "127.0.0.1"}
    assert [record.getMessage() for record in caplog.records if record.name == "app.web.proxy"] == [
        "127.0.0.1 sends X-Forwarded-… headers, which are not heard. If it is your proxy, set FORWARDED_ALLOW_IPS=127.0.0.1"
    ]


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        (["6.6.6.6, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        (["6.6.6.6", "198.51.100.7", "10.1.2.3, 127.0.0.1"], "198.51.100.7"),
        (["127.0.0.1, 198.51.100.7"], "198.51.100.7"),
        (["10.1.2.3, 127.0.0.1"], "10.1.2.3"),
        (["6.6.6.6, 198.51.100.7:4711"], "198.51.100.7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        ([""], "127.0.0.1"),
    ],
)
def test_of_several_addresses_the_last_one_that_is_no_proxys_is_the_callers(chain: list[str], address: str) -> None:
    headers = [("X-Forwarded-For", part) for part in chain]
    assert client(trusted_proxies="127.0.0.1, 10.0.0.0/8").get("/train", headers=headers).json()["client"] == address


def test_without_either_nothing_is_different() -> None:
    assert client().get("/train").json()["url"] == "http://testserver/train"
    assert client().get("/studio/train").status_code == 404


@pytest.mark.parametrize("told", ["//evil.example", "/a/../b", "studio", "/a b", '/a"><script>', "/train", "http://evil.example", "/./a"])
def test_a_path_that_cannot_be_one_is_refused(told: str) -> None:
    assert client().get("/train", headers={"X-Forwarded-Prefix": told}).status_code == 400
    with pytest.raises(ConfigError, match="STUDIO_ROOT_PATH"):
        Settings.from_environment({"STUDIO_ROOT_PATH": told})


def test_the_setting_may_end_with_a_slash_and_reaches_the_children() -> None:
    settings = Settings.from_environment({"STUDIO_ROOT_PATH": "/a/studio/"})
    assert settings.root_path == "/a/studio"
    assert Settings.from_environment(settings.to_environment()) == settings
    assert Settings.from_environment({"STUDIO_ROOT_PATH": "/"}).root_path == ""


def test_redirections_stay_below_the_path() -> None:
    below = client(root_path="/studio")
    assert below.get("/train/").headers["location"] == "/studio/train"
    assert below.get("/studio/train/").headers["location"] == "/studio/train"
    assert below.get("/studio?x=1&y=2").headers["location"] == "/studio/?x=1&y=2"
    assert client().get("/train/").headers["location"] == "/train"


def test_health_stays_open_and_everything_else_closed() -> None:
    below = client(root_path="/studio", password="correct horse")
    assert [below.get(path).status_code for path in ("/healthz", "/studio/healthz", "/studio/train", "/train")] == [200, 200, 401, 401]


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
@pytest.mark.parametrize("media_type", ["text/event-stream", "application/x-ndjson"])
def test_what_is_streamed_arrives_line_by_line(kind: str, media_type: str, tmp_path: Path) -> None:
    """The second line is written only after the first was read at the other end."""
    read = threading.Event()
    app = build()

    def lines() -> Iterator[str]:
        yield "data: first\n\n"
        yield f"data: {'second' if read.wait(10) else 'gathered on the way'}\n\n"

    app.add_api_route("/stream", lambda: StreamingResponse(lines(), media_type=media_type))
    with (
        served(app) as url,
        proxied(kind, url, tmp_path, stripped=True, told=False) as address,
        httpx.stream("GET", f"{address}/stream", timeout=20, trust_env=False, verify=False) as answer,
    ):
        got = []
        for line in filter(None, answer.iter_lines()):
            got.append(line)
            read.set()
    assert got == ["data: first", "data: second"]


@pytest.mark.parametrize(("kind", "stripped", "told"), [("nginx", True, True), ("nginx", False, True), ("caddy", True, True), ("caddy", False, True)])
def test_real_proxies_say_the_path(kind: str, stripped: bool, told: bool, tmp_path: Path) -> None:
    with served(build()) as url, proxied(kind, url, tmp_path, stripped=stripped, told=told) as address:
        answer = httpx.get(f"{address}/train", trust_env=False, verify=False)
        assert answer.json()["url"] == f"{address}/train"
        moved = httpx.get(f"{address}/train/", trust_env=False, verify=False)
        assert httpx.URL(f"{address}/").join(moved.headers["location"]).path == f"{PATH}/train"


def test_no_page_and_no_file_of_ours_can_be_the_path_of_a_proxy(tmp_path: Path) -> None:
    """Of `/train` nobody could tell whether a proxy had taken a path of that name off."""
    app = studio_app(Settings.from_environment({}, data=tmp_path))
    routes = [route for route in app.routes if isinstance(route, Route)] + [
        inner for mount in app.routes if isinstance(mount, Mount) for inner in mount.routes if isinstance(inner, (Route, Mount))
    ]
    firsts = {route.path.split("/")[1] for route in routes}
    assert {"judge", "run", "gradio_api", "api"} <= firsts
    assert [first for first in sorted(firsts) if re.fullmatch(r"[\w.-]+", first) and is_root_path(f"/{first}")] == []
