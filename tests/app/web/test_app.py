"""The whole server: which addresses it has, to whom they answer, and what becomes of errors."""

from collections.abc import Iterator, Mapping

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI

from app.services.health import Parts
from app.settings import Settings, prepare_data_folder
from app.web import health
from app.web.app import create_app
from app.web.doors import is_known
from tests.app.serving import served

PASSWORD = "correct horse"
OURS = ("Zoë", PASSWORD)
GRADIO = (
    *("queue/join", "call/greet", "call/v2/greet", "run/greet", "run/at_once", "api/at_once", "component_server", "upload", "cancel", "stream/x", "reset"),
    *("upload_progress", "process_recording", "vibe-edit", "vibe-code", "undo-vibe-edit", "launch"),
)
GRADIO_READ = (
    *("config", "gradio_api/config", "gradio_api/info", "gradio_api/heartbeat/test", "gradio_api/queue/data?session_hash=test", "gradio_api/queue/status"),
    *("gradio_api/startup-events", "gradio_api/app_id", "gradio_api/token", "gradio_api/user", "login", "logout", "monitoring", "monitoring/summary"),
    *("openapi.json", "gradio_api/openapi.json", "gradio_api/mcp/", "gradio_api/deep_link", "proxy=http://127.0.0.1/", "custom_component/x/y/z"),
)


class Pages:
    """A server with two pages whose handlers keep what they were called with."""

    def __init__(self, client: httpx.Client, settings: Settings, calls: list[str]) -> None:
        self.client, self.settings, self.calls = client, settings, calls

    def get(self, path: str, auth: tuple[str, str] | None = OURS, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.get(path, auth=auth, headers=headers)

    def post(self, path: str, auth: tuple[str, str] | None = OURS, headers: Mapping[str, str] | None = None) -> httpx.Response:
        body: dict[str, object] = {"data": ["hello"], "session_hash": "test", "fn_index": 0}
        return self.client.post(path, auth=auth, headers=headers, json=body)


def build(calls: list[str]) -> gr.Blocks:
    def keep(said: object) -> None:
        calls.append(str(said))

    demo = gr.Blocks()
    with demo:
        box, button, file = gr.Textbox(), gr.Button(), gr.File()
        button.click(keep, box, None, api_name="greet")
        button.click(keep, box, None, api_name="at_once", queue=False)
        button.click(keep, file, None, api_name="read", queue=False)
        gr.HTML("", elem_id="asks", server_functions=[keep])
    with demo.route("Write", "write"):
        gr.Markdown("Another page")
    return demo


def routes(app: FastAPI, _: object) -> None:
    health.add_routes(app, Parts({"database": lambda: True}))

    @app.get("/runs/{run_id}/fail")
    def fail(run_id: int) -> None:
        raise RuntimeError("a secret of the studio")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    calls: list[str] = []
    settings = Settings.from_environment({"STUDIO_PASSWORD": PASSWORD}, data=tmp_path_factory.mktemp("data"))
    prepare_data_folder(settings)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", "")  # put back afterwards
        app = create_app(settings, lambda _: calls, build, routes)
        with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
            yield Pages(client, settings, calls)


@pytest.mark.parametrize(
    ("auth", "headers", "status"),
    [
        (OURS, {"Origin": "https://evil.example"}, 403),
        (OURS, {"Origin": "null"}, 403),
        (OURS, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403),
        (OURS, {"Host": "evil.example"}, 400),
        (None, {}, 401),
        (("Zoë", "wrong"), {}, 401),
        (("", PASSWORD), {}, 401),
    ],
)
def test_nothing_is_reached_from_elsewhere_or_without_the_password(pages: Pages, auth: tuple[str, str] | None, headers: dict[str, str], status: int) -> None:
    for path in ("", "write", "theme.css", "api", "runs/1/fail", *GRADIO_READ):
        assert pages.get(f"/{path}", auth, headers).status_code == status, path
    for path in GRADIO:
        assert pages.post(f"/gradio_api/{path}", auth, headers).status_code == status, path


def test_the_pages_are_there(pages: Pages) -> None:
    for path in ("/", "/write", "/theme.css"):
        assert pages.get(path).status_code == 200, path
    assert "frame-ancestors 'none'" in pages.get("/").headers["Content-Security-Policy"]


def test_of_gradios_own_addresses_none_is_there_for_anybody(pages: Pages) -> None:
    for path in GRADIO:
        assert pages.post(f"/gradio_api/{path}").status_code == 404, path
    for path in GRADIO_READ:
        assert pages.get(f"/{path}").status_code == 404, path
    for path in ("/", "/write", "/theme.css"):
        assert pages.post(path).status_code == 404, path
    assert pages.calls == []


def test_no_file_is_taken_in_and_none_is_fetched_or_handed_out(pages: Pages) -> None:
    private = pages.settings.data / "studio.db"
    private.write_text("private")
    for named in (str(private), "/etc/passwd", "http://127.0.0.1:1/x", "https://example.org/", "//etc/passwd", "../../studio.db"):
        for address in (f"/gradio_api/file={named}", f"/file={named}", f"/gradio_api/file/{named}", f"/static/../../{named}", f"/assets/%2e%2e/{named}"):
            answer = pages.get(address)
            assert answer.status_code in (403, 404) and "private" not in answer.text and "root:" not in answer.text, address
    assert pages.client.post("/gradio_api/upload", files={"files": ("q.txt", b"Why?")}, auth=OURS).status_code == 404
    assert list(pages.settings.uploads_folder.rglob("*")) == []


@pytest.mark.parametrize("path", ["/assets/" + "a" * 300, "/static/" + "a/" * 3000, "/svelte/" + "%F0%9F%98%80" * 70])
def test_an_address_that_no_file_can_have_is_not_found(pages: Pages, path: str) -> None:
    """Gradio hands it to the file system, which raises."""
    answer = pages.client.get(path, auth=OURS)
    assert (answer.status_code, answer.text) == (404, "There is nothing at this address.")


OPENED = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}  # as a browser opens an address


@pytest.mark.parametrize("path", ["/nothing", "/write/x", "/runs/1/nothing", "/versions/99.yaml", "/modules/x/y.js", "/gradio_api/info"])
def test_an_unknown_address_is_a_page_in_words_with_a_way_back_for_browsers(pages: Pages, path: str) -> None:
    answer = pages.client.get(path, auth=OURS, headers=OPENED)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Nothing is here</h1>" in answer.text and 'href="/">To the constitutions</a>' in answer.text
    assert "{" not in answer.text.partition("<main")[2]
    assert not pages.client.get(path, auth=OURS).headers["content-type"].startswith("text/html")


def test_programs_get_json_of_an_unknown_endpoint_also_where_they_take_pages(pages: Pages) -> None:
    answer = pages.client.get("/api/write/nothing", auth=OURS, headers=OPENED)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


@pytest.mark.parametrize("path", ["/gradio_api", "/gradio_api/upload", "/config", "/apix", "/assets/../config", "/write/x", "/WRITE", "//write", ""])
def test_what_is_not_named_is_not_there(path: str) -> None:
    assert is_known("GET", path) is (path == "")
    assert not is_known("POST", path)


def test_an_unforeseen_error_is_words_with_a_number_of_the_log_and_tells_nothing(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    answer = pages.get("/runs/1/fail")
    assert answer.status_code == 500 and "Something went wrong in the studio itself" in answer.text
    assert "secret" not in answer.text and answer.text.split()[-1].rstrip(".") in caplog.text


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "9" * 20, "9" * 400])
def test_an_address_that_names_no_row_says_that_nothing_is_there(pages: Pages, number: str) -> None:
    answer = pages.get(f"/runs/{number}/fail")
    assert answer.status_code in (404, 500) and "detail" not in answer.text
