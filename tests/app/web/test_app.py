"""The pages behind the gate: who reaches a handler, as whom, and which files are handed out."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.services.health import Parts
from app.settings import Settings, prepare_data_folder
from app.web import health
from app.web.actors import caller
from app.web.app import create_app, discard_old_uploads
from tests.app.serving import served

PASSWORD = "correct horse"
OURS = ("Zoë", PASSWORD)


class Pages:
    """A server with a page whose handlers keep who called them."""

    def __init__(self, client: httpx.Client, settings: Settings, calls: list[str]) -> None:
        self.client, self.settings, self.calls = client, settings, calls
        self.address = str(client.base_url).rstrip("/")
        parts = client.get("/config", auth=OURS).json()["components"]
        self.asking_part = next(part["id"] for part in parts if part["props"].get("elem_id") == "asks")

    def get(self, path: str, auth: tuple[str, str] | None = OURS, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.get(path, auth=auth, headers=headers)

    def post(self, path: str, auth: tuple[str, str] | None = OURS, headers: Mapping[str, str] | None = None) -> httpx.Response:
        body: dict[str, object] = {"data": ["hello"], "session_hash": "test"}
        if path.endswith("/queue/join"):
            body["fn_index"] = 0
        if path.endswith("/component_server"):
            body |= {"data": "hello", "component_id": self.asking_part, "fn_name": "ask"}
        return self.client.request("POST", path, auth=auth, headers=headers, json=body)


def build(calls: list[str]) -> gr.Blocks:
    def greet(text: str, request: gr.Request) -> str:
        calls.append(caller(request))
        return f"{text}, {caller(request)}"

    def count(text: str, request: gr.Request) -> Iterator[str]:
        for number in range(2):
            calls.append(caller(request))
            yield f"{text} {number} {caller(request)}"

    def ask(text: str, request: gr.Request) -> str:
        calls.append(caller(request))
        return f"{text}, {caller(request)}"

    def fail(text: str) -> str:
        raise RuntimeError(f"the secret of {text}")

    def give(path: str) -> str:
        return path

    def read(path: str) -> str:
        calls.append(Path(path).read_text())
        return Path(path).read_text()

    demo = gr.Blocks()
    with demo:
        box, button, file = gr.Textbox(), gr.Button(), gr.File()
        button.click(greet, box, box, api_name="greet")
        button.click(greet, box, box, api_name="at_once", queue=False)
        button.click(count, box, box, api_name="count")
        button.click(fail, box, box, api_name="fail")
        button.click(give, box, file, api_name="give", queue=False)
        button.click(read, file, box, api_name="read", queue=False)
        gr.HTML("", elem_id="asks", server_functions=[ask])
    with demo.route("Second", "second"):
        gr.Markdown("Another page")
    return demo


def healthy(app: FastAPI, _: object) -> None:
    health.add_routes(app, Parts({"database": lambda: True}))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    calls: list[str] = []
    settings = Settings.from_environment({"STUDIO_PASSWORD": PASSWORD}, data=tmp_path_factory.mktemp("data"))
    prepare_data_folder(settings)
    app = create_app(settings, lambda _: calls, build, healthy)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield Pages(client, settings, calls)


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> Iterator[None]:
    """No calls yet, and the variables of the shared server are put back after a test that made another one."""
    before = dict(os.environ)
    if "pages" in request.fixturenames:
        request.getfixturevalue("pages").calls.clear()
    yield
    os.environ.clear()
    os.environ.update(before)


def python_client(pages: Pages, auth: tuple[str, str] = OURS) -> Client:
    header = httpx.BasicAuth(*auth)._auth_header
    return Client(pages.address, headers={"Authorization": header}, verbose=False, analytics_enabled=False, download_files=False)


def test_a_queued_handler_knows_who_calls(pages: Pages) -> None:
    assert python_client(pages).predict("hello", api_name="/greet") == "hello, Zoë"
    assert python_client(pages, ("Ada", PASSWORD)).predict("hello", api_name="/greet") == "hello, Ada"
    assert pages.calls == ["Zoë", "Ada"]


def test_every_step_of_a_streaming_handler_knows_who_calls(pages: Pages) -> None:
    assert list(python_client(pages).submit("step", api_name="/count")) == ["step 0 Zoë", "step 1 Zoë"]


def test_a_handler_outside_the_queue_and_one_of_a_component_know_who_calls(pages: Pages) -> None:
    assert pages.post("/gradio_api/run/at_once").json()["data"] == ["hello, Zoë"]
    assert pages.post("/gradio_api/component_server").json() == "hello, Zoë"
    assert pages.calls == ["Zoë", "Zoë"]


def test_without_a_password_a_handler_is_called_by_you(tmp_path: Path) -> None:
    calls: list[str] = []
    settings = Settings.from_environment({}, data=tmp_path)
    prepare_data_folder(settings)
    with served(create_app(settings, lambda _: calls, build, healthy)) as address:
        anyone = Client(address, verbose=False, analytics_enabled=False, download_files=False)
        assert anyone.predict("hello", api_name="/greet") == "hello, you"


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
def test_no_handler_is_reached_from_elsewhere_or_without_the_password(pages: Pages, auth: tuple[str, str] | None, headers: dict[str, str], status: int) -> None:
    paths = [
        "queue/join",
        "call/greet",
        "call/v2/greet",
        "run/greet",
        "run/at_once",
        "api/at_once",
        "component_server",
        "upload",
        "cancel",
        "stream/x",
        "reset",
    ]
    for path in paths:
        assert pages.post(f"/gradio_api/{path}", auth, headers).status_code == status, path
    for path in ("", "config", "gradio_api/info", "gradio_api/heartbeat/test", "gradio_api/queue/data?session_hash=test", "theme.css", "second"):
        assert pages.get(f"/{path}", auth, headers).status_code == status, path
    time.sleep(0.2)  # were one queued, it would run now
    assert pages.calls == []


def test_the_same_requests_with_the_password_do_reach_a_handler(pages: Pages) -> None:
    assert "event_id" in pages.post("/gradio_api/queue/join").json()
    assert "event_id" in pages.post("/gradio_api/call/greet").json()
    deadline = time.monotonic() + 10
    while len(pages.calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pages.calls == ["Zoë", "Zoë"]


def test_a_queued_handler_cannot_be_called_past_the_queue(pages: Pages) -> None:
    for path in ("run/greet", "api/greet"):
        assert pages.post(f"/gradio_api/{path}").status_code == 404
    assert pages.calls == []


def test_an_unexpected_error_does_not_tell_its_text_to_the_page(pages: Pages) -> None:
    with pytest.raises(AppError) as failure:
        python_client(pages).predict("Zoë", api_name="/fail")
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("path", ["studio.db", "runs/1/log.txt", "logs/web.log", "model-host.json", "studio.db-wal"])
def test_nothing_of_the_data_folder_is_served(pages: Pages, path: str) -> None:
    file = pages.settings.data / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("private")
    for address in (f"/gradio_api/file={file}", f"/gradio_api/file/{file}"):
        response = pages.get(address)
        assert response.status_code in (403, 404)
        assert "private" not in response.text


@pytest.mark.parametrize("name", ["studio.db", "runs/1/run.json", "model-host.json"])
def test_a_private_file_that_a_handler_returns_by_mistake_is_not_handed_out(pages: Pages, name: str) -> None:
    file = pages.settings.data / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("private")
    response = pages.client.post("/gradio_api/run/give", json={"data": [str(file)]}, auth=OURS)
    assert response.status_code == 500
    assert not list(pages.settings.uploads_folder.rglob(file.name))


def test_a_handler_reads_what_was_uploaded_and_no_other_file_of_this_machine(pages: Pages, tmp_path: Path) -> None:
    def read(path: str) -> httpx.Response:
        said = {"path": path, "meta": {"_type": "gradio.FileData"}}
        return pages.client.post("/gradio_api/run/read", json={"data": [said]}, auth=OURS)

    (tmp_path / "secret.txt").write_text("secret")
    (pages.settings.data / "studio.db").write_text("private")
    for path in (tmp_path / "secret.txt", pages.settings.data / "studio.db", "/etc/passwd", "/proc/self/environ"):
        assert read(str(path)).status_code == 500
    assert pages.calls == []
    uploaded = pages.client.post("/gradio_api/upload", files={"files": ("queries.txt", b"Who are you?")}, auth=OURS).json()[0]
    assert read(uploaded).json()["data"] == ["Who are you?"]


def test_an_upload_lies_in_the_data_folder_and_one_over_the_limit_is_refused(pages: Pages) -> None:
    small = pages.client.post("/gradio_api/upload", files={"files": ("queries.txt", b"How are you?")}, auth=OURS)
    assert Path(small.json()[0]).is_relative_to(pages.settings.uploads_folder)
    large = pages.client.post("/gradio_api/upload", files={"files": ("queries.txt", b"x" * 5_500_000)}, auth=OURS)
    assert large.status_code == 413


def test_the_pages_promise_no_links_history_or_interface_description(pages: Pages) -> None:
    assert "frame-ancestors 'none'" in pages.get("/").headers["Content-Security-Policy"]
    config = pages.get("/config").json()
    assert config["footer_links"] == []
    assert config["run_history"] is False
    assert pages.get("/docs").status_code == 404
    assert pages.get("/monitoring/summary").status_code == 403


def test_old_uploads_are_deleted_and_new_ones_kept(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, data=tmp_path)
    prepare_data_folder(settings)
    for name, age_s in (("old.txt", 100_000), ("new.txt", 1000)):
        file = settings.uploads_folder / "folder" / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
        os.utime(file, (time.time() - age_s,) * 2)
    discard_old_uploads(settings)
    assert [file.name for file in settings.uploads_folder.rglob("*.txt")] == ["new.txt"]
