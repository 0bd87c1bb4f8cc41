import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import gradio as gr
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from app.settings import Settings
from app.web.actors import COOKIE, caller
from app.web.security import BodyLimit, BodyTooLarge, allowed_hosts, protect
from tests.app.serving import served

PASSWORD = "correct horse"


class Site:
    """A protected server whose only handler keeps the names of its callers and the sizes of their bodies."""

    def __init__(self, stack: ExitStack, settings: Settings) -> None:
        self.seen: list[tuple[str, int]] = []
        app = Starlette(routes=[Route("/work", self.work, methods=["GET", "POST"]), Route("/healthz", self.health)])
        protect(app, settings)
        self.client = stack.enter_context(httpx.Client(base_url=stack.enter_context(served(app)), trust_env=False))

    async def work(self, request: Request) -> Response:
        self.seen.append((caller(request), len(await request.body())))
        return PlainTextResponse("done")

    async def health(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    def get(self, auth: tuple[str, str] | None = None, **headers: str) -> httpx.Response:
        return self.client.get("/work", auth=auth, headers=plain(headers))

    def post(self, auth: tuple[str, str] | None = None, **headers: str) -> httpx.Response:
        return self.client.request("POST", "/work", auth=auth, headers=plain(headers), content=b"body")


def plain(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """One server for each set of variables."""
    made: dict[tuple[tuple[str, str], ...], Site] = {}
    with ExitStack() as stack:

        def open_site(**environ: str) -> Site:
            key = tuple(sorted(environ.items()))
            if key not in made:
                made[key] = Site(stack, Settings.from_environment(environ, data=tmp_path_factory.mktemp("data")))
            made[key].seen.clear()
            return made[key]

        yield open_site


def test_without_a_password_the_caller_is_you(sites: Callable[..., Site]) -> None:
    site = sites()
    assert site.post().text == "done"
    assert site.post(auth=("somebody", "else")).text == "done"
    assert site.seen == [("you", 4), ("you", 4)]


def test_without_a_password_the_caller_is_who_the_browser_says(sites: Callable[..., Site]) -> None:
    site = sites()
    for name in ("Ann", "Zo%C3%AB", "Zoe%CC%88", "%20Ann%20", "x" * 80, "a%20b%3B%22c"):
        site.post(Cookie=f"other=1; {COOKIE}={name}; more=2")
    assert [name for name, _ in site.seen] == ["Ann", "Zoë", "Zoë", "Ann", "x" * 80, 'a b;"c']


@pytest.mark.parametrize("name", ["", "%20", "x" * 81, "line%0Abreak", "%E2%80%AEabc", "nul%00", "%FF", "you", "%E3%85%A4", "a%E2%A0%80"])
def test_a_cookie_without_a_usable_name_is_nobodys(sites: Callable[..., Site], name: str) -> None:
    site = sites()
    assert site.post(Cookie=f"{COOKIE}={name}").status_code == 200
    assert site.seen == [("you", 4)]


def test_with_a_password_no_cookie_changes_who_calls(sites: Callable[..., Site]) -> None:
    site = sites(STUDIO_PASSWORD=PASSWORD)
    assert site.post(auth=("Zoë", PASSWORD), Cookie=f"{COOKIE}=Ann").status_code == 200
    assert site.post(Cookie=f"{COOKIE}=Ann").status_code == 401
    assert site.seen == [("Zoë", 4)]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "", "[::2]", "localhost@evil.example"])
def test_a_foreign_host_name_is_refused(sites: Callable[..., Site], host: str) -> None:
    site = sites()
    response = site.post(Host=host)
    assert (response.status_code, site.seen) == (400, [])
    assert "STUDIO_ALLOWED_HOSTS" in response.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:7860", "[::1]:7860", "studio.example", "studio.example.:443"])
def test_our_own_host_names_are_accepted(sites: Callable[..., Site], host: str) -> None:
    site = sites(STUDIO_ALLOWED_HOSTS="studio.example")
    assert site.post(Host=host).status_code == 200


def test_two_host_headers_never_reach_a_handler(sites: Callable[..., Site]) -> None:
    site = sites()
    with closing(http.client.HTTPConnection(site.client.base_url.host, site.client.base_url.port or 0)) as connection:
        connection.putrequest("POST", "/work", skip_host=True)
        for host in ("localhost", "evil.example"):
            connection.putheader("Host", host)
        connection.endheaders()
        assert (connection.getresponse().status, site.seen) == (400, [])


def test_an_address_that_means_every_interface_is_no_host_name() -> None:
    settings = Settings.from_environment({"STUDIO_HOST": "0.0.0.0", "STUDIO_PASSWORD": PASSWORD, "STUDIO_ALLOWED_HOSTS": "10.0.0.7"})
    assert allowed_hosts(settings) == {"localhost", "127.0.0.1", "::1", "10.0.0.7"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1.evil.example", ""])
def test_a_foreign_origin_is_refused(sites: Callable[..., Site], method: str, origin: str) -> None:
    site = sites()
    response = site.client.request(method, "/work", headers={"Origin": origin})
    assert (response.status_code, site.seen) == (403, [])
    assert "access-control-allow-origin" not in response.headers


def test_our_own_origin_is_accepted_also_behind_a_proxy_that_ends_tls(sites: Callable[..., Site]) -> None:
    site = sites(STUDIO_ALLOWED_HOSTS="studio.example")
    assert site.post(Origin=str(site.client.base_url).rstrip("/"), Sec_Fetch_Site="same-origin").status_code == 200
    assert site.post(Origin="https://studio.example", Host="studio.example").status_code == 200


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
def test_what_another_site_makes_a_browser_send_is_refused_unless_it_is_a_link(sites: Callable[..., Site], where: str) -> None:
    site = sites()
    assert site.post(Sec_Fetch_Site=where).status_code == 403
    assert site.post(Sec_Fetch_Site=where, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document").status_code == 403  # a form
    assert site.get(Sec_Fetch_Site=where, Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="image").status_code == 403
    assert site.get(Sec_Fetch_Site=where, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe").status_code == 403
    assert site.seen == []
    assert site.get(Sec_Fetch_Site=where, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document").status_code == 200
    assert site.get(Sec_Fetch_Site="none").status_code == 200  # typed into the address bar


def test_the_password_is_asked_for_and_the_name_given_with_it_is_the_callers(sites: Callable[..., Site]) -> None:
    site = sites(STUDIO_PASSWORD=PASSWORD)
    refused = site.post()
    assert (refused.status_code, site.seen) == (401, [])
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="Constitution Studio", charset="UTF-8"'
    assert site.post(auth=("Zoë", PASSWORD)).status_code == 200
    assert site.post(auth=(" Zoe\u0308 ", PASSWORD)).status_code == 200  # the same name, typed another way
    assert [name for name, _ in site.seen] == ["Zoë", "Zoë"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "line\nbreak", "\u202eabc", "nul\0"])
def test_a_name_that_cannot_be_shown_is_refused_even_with_the_password(sites: Callable[..., Site], name: str) -> None:
    site = sites(STUDIO_PASSWORD=PASSWORD)
    for _ in range(12):  # and is no wrong guess of the password
        assert site.post(auth=(name, PASSWORD)).status_code == 401
    assert site.seen == []


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic Og==", "Basic /////w==", "Bearer correct horse", f"Basic {PASSWORD}"])
def test_a_damaged_authorization_is_refused(sites: Callable[..., Site], header: str) -> None:
    site = sites(STUDIO_PASSWORD=PASSWORD)
    assert site.post(Authorization=header).status_code == 401
    assert site.seen == []


def test_health_can_be_asked_without_the_password_but_nothing_else(sites: Callable[..., Site]) -> None:
    site = sites(STUDIO_PASSWORD=PASSWORD)
    assert site.client.get("/healthz").text == "ok"
    for path in ("/healthz/", "//healthz", "/healthz/../work", "/work", "/nowhere"):
        assert site.client.get(path).status_code == 401


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(sites: Callable[..., Site], announced: bool) -> None:
    site = sites()

    def pieces(total: int) -> Iterator[bytes]:
        for _ in range(total // 100_000):
            yield b"x" * 100_000

    for total, status in ((6_000_000, 200), (6_100_000, 413)):
        content = b"".join(pieces(total)) if announced else pieces(total)
        assert site.client.post("/work", content=content).status_code == status
    assert site.seen == [("you", 6_000_000)]


def test_a_body_over_the_limit_stays_refused_when_the_application_hides_the_error() -> None:
    async def careless(request: Request) -> Response:
        try:
            await request.body()
        except BodyTooLarge:
            return PlainTextResponse("never mind", 500)
        return PlainTextResponse("done")

    app = Starlette(routes=[Route("/", careless, methods=["POST"])])
    with served(BodyLimit(app, largest_bytes=10)) as address, httpx.Client(trust_env=False) as client:
        assert client.post(address, content=iter([b"x" * 11])).status_code == 413
        assert client.post(address, content=iter([b"x" * 10])).text == "done"


def test_every_answer_tells_the_browser_what_it_may_load(sites: Callable[..., Site]) -> None:
    site = sites(STUDIO_PASSWORD=PASSWORD)
    answers = [site.get(), site.get(auth=("me", PASSWORD)), site.get(Host="evil.example"), site.get(Origin="null")]
    assert [answer.status_code for answer in answers] == [401, 200, 400, 403]
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "http:" not in answers[0].headers["Content-Security-Policy"]


def test_a_request_that_did_not_pass_the_gate_has_no_caller() -> None:
    scope: Scope = {"type": "http", "headers": [(b"authorization", httpx.BasicAuth("me", PASSWORD)._auth_header.encode())]}
    for request in (None, Request(scope), gr.Request(Request(scope)), gr.Request()):
        with pytest.raises(PermissionError, match="sign in"):
            caller(request)
