"""Base models: looked up by their config alone, refused by name or by what lies in a folder."""

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.services import base_models
from app.services.base_models import check_model_id, look_up
from core.errors import ModelError

LLAMA = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 512,
    "max_position_embeddings": 256,
    "tie_word_embeddings": True,
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A Hub on this machine that has one model, and the addresses it was asked for."""
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            found = self.path == "/tiny/llama/resolve/main/config.json"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(LLAMA).encode() if found else b"")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        base_models.LOOKING_UP.close()  # a child has the environment that it was started with
        yield asked
        server.shutdown()
        thread.join()


def model_folder(path: Path, *, weights: str = "model.safetensors", config: str | None = None) -> str:
    path.mkdir()
    (path / weights).write_bytes(b"")
    (path / "config.json").write_text(json.dumps(LLAMA) if config is None else config)
    return str(path)


def test_a_hub_model_is_looked_up_by_its_config_alone(hub: list[str]) -> None:
    found = look_up("tiny/llama", local=True)
    assert found.shape is not None
    assert found.shape.context_tokens == 256
    assert hub == ["/tiny/llama/resolve/main/config.json"]


def test_a_model_the_hub_does_not_have_is_said_so(hub: list[str]) -> None:
    assert "the Hub has no such public model" in look_up("tiny/missing", local=True).notice


def answering(listener: socket.socket, parts: Sequence[bytes]) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for part in parts:
                connection.sendall(part)
                time.sleep(0.2)


CONFIG = json.dumps(LLAMA).encode()


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 60, CONFIG],
        [b"HTTP/1.1 200 OK\r\nX: ", *[b"y"] * 60, b"\r\n\r\n" + CONFIG],
        [b"HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: ", *[b"/"] * 60, b"\r\n\r\n"],
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + CONFIG[:90]],
    ],
    ids=["drips a text", "drips a head", "drips an address", "speaks another language", "has a head without an end", "breaks off"],
)
def test_a_hub_that_drips_or_answers_what_is_no_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, parts: list[bytes]) -> None:
    """Who waits for what drips gets the model's shape in the end."""
    monkeypatch.setattr(base_models, "LOOK_UP_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        base_models.LOOKING_UP.close()
        Thread(target=answering, args=(listener, parts), daemon=True).start()
        found = look_up(f"tiny/odd-{len(parts)}-{len(parts[0])}", local=True)
    assert (found.shape, found.notice[-34:]) == (None, "be reached from the machine that trains."[-34:])


@pytest.mark.parametrize("model", ["", "   ", "org/", "a/b/c", "org name/x", "../../etc", "x" * 600, "org/na\nme", "<script>", None, 7])
@pytest.mark.parametrize("local", [True, False])
def test_a_malformed_model_id_is_refused(model: object, local: bool) -> None:
    with pytest.raises(ModelError):
        check_model_id(model, local)


def test_a_folder_must_hold_a_model_without_pickles_and_the_words_do_not_tell_which_folders_there_are(tmp_path: Path) -> None:
    pickled = model_folder(tmp_path / "pickled", weights="pytorch_model.bin")
    (tmp_path / "file").write_text("")
    for path in (str(tmp_path), pickled, str(tmp_path / "missing"), str(tmp_path / "file"), "~root", "~nobody-here", "/etc", "/" + "x" * 400, "."):
        with pytest.raises(ModelError) as refused:
            check_model_id(path, local=True)
        assert str(refused.value) == (
            f"“{path}” is neither a Hub id such as `org/name` nor a folder of this machine with a config.json and .safetensors weights, "
            "as transformers saves it. Check the spelling."
        )
    assert look_up(model_folder(tmp_path / "odd", config="[]"), local=True).shape is None
    assert "mixture of experts" in look_up(model_folder(tmp_path / "moe", config=json.dumps({**LLAMA, "num_experts": 8})), local=True).notice


def test_a_folder_that_is_named_like_a_hub_model_is_told_like_one_that_is_not_there(hub: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "folder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    told = [look_up(name, local=True).notice.replace(name, "") for name in ("here/folder", "not/there")]
    assert told[0] == told[1]


def test_a_folder_of_another_machine_is_not_looked_for_on_this_one(tmp_path: Path) -> None:
    for folder in ("/models/of/a/cluster", str(tmp_path)):  # the second is here, and no model
        found = look_up(folder, local=False)
        assert (found.id, found.shape) == (folder, None)
        assert "on the machine that trains" in found.notice
    with pytest.raises(ModelError, match="the whole path of a folder"):
        check_model_id("models", local=False)
