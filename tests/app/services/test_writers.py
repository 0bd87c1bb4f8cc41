"""Endpoints that write proposals: real HTTP servers on loopback, good and bad, and the command line that asks them."""

import contextlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.services.writers import Endpoint, ask_endpoint, model_name
from app.settings import Settings
from core.constitution.principles import Turns
from core.errors import ConfigError, WriterError
from tests.app import warm
from tests.app.serving import completion, free_port, served

KEY = "sk-not-to-be-seen"
PROMPT = Turns("You write.", "Be brief.", (("Be warm.", "Be cold."),))
LONG_STATEMENT = "Answer in plain words."


class Server:
    """Speaks the chat protocol as `answer` says; keeps what it was sent."""

    def __init__(self) -> None:
        self.answer: Callable[[], Response] = lambda: completion("Be long.")
        self.seen: list[tuple[dict[str, Any], str | None]] = []
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    async def chat(self, request: Request) -> Response:
        self.seen.append((await request.json(), request.headers.get("authorization")))
        return self.answer()


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Server, str]]:
    server = Server()
    with served(server.app) as url:
        yield server, url


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def asked(url: str, key: str | None = KEY, within_s: float = 10.0) -> str:
    return ask_endpoint(Endpoint(url=url, model="a-model", key=key), within_s)(PROMPT, 0)


def test_an_endpoint_is_asked_in_its_own_protocol(running: tuple[Server, str]) -> None:
    server, url = running
    server.answer = lambda: completion("Be long.")
    assert asked(f"{url}/v1") == "Be long."
    body, authorization = server.seen[-1]
    assert body["model"] == "a-model" and body["temperature"] == 0 and authorization == f"Bearer {KEY}"
    assert [(turn["role"], turn["content"]) for turn in body["messages"]] == [
        ("system", "You write."),
        ("user", "Be warm."),
        ("assistant", "Be cold."),
        ("user", "Be brief."),
    ]


def test_without_a_key_this_machines_own_token_is_not_sent(running: tuple[Server, str], monkeypatch: pytest.MonkeyPatch) -> None:
    server, url = running
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    server.answer = lambda: completion("Be long.")
    asked(url, key=None)
    assert server.seen[-1][1] == "Bearer none"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: PlainTextResponse(f"bad key {KEY}", 401), r"refused the key \(status 401\). Check STUDIO_WRITER_KEY"),
        (lambda: JSONResponse({"error": "no"}, 404), "no model a-model"),
        (lambda: PlainTextResponse("slow down", 429), "Try again later"),
        (lambda: PlainTextResponse("oops", 500), r"could not answer \(status 500\)"),
        (lambda: PlainTextResponse("<html>hello</html>"), "no chat completion"),
        (lambda: JSONResponse({"choices": []}), "no chat completion"),
        (lambda: JSONResponse([]), "no chat completion"),
        (lambda: JSONResponse({"hello": 1}), "no chat completion"),
        (lambda: completion(["parts"]), "something other than text"),
    ],
)
def test_a_bad_answer_is_said_in_words_without_the_key(running: tuple[Server, str], answer: Callable[[], Response], says: str) -> None:
    server, url = running
    server.answer = answer
    with pytest.raises(WriterError, match=says) as refused:
        asked(url)
    assert KEY not in str(refused.value)


def test_an_empty_answer_is_empty(running: tuple[Server, str]) -> None:
    server, url = running
    for content in (None, ""):
        server.answer = lambda content=content: completion(content)  # type: ignore[misc]
        assert asked(url) == ""


def test_nobody_there_is_said_at_once() -> None:
    with pytest.raises(WriterError, match=r"127\.0\.0\.1:\d+ cannot be reached"):
        asked(f"http://127.0.0.1:{free_port()}")


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(WriterError, match="did not answer within 1 seconds"):
            asked(f"http://127.0.0.1:{silent.getsockname()[1]}", within_s=1.0)
        assert time.monotonic() - began < 10


def dripping(listener: socket.socket, head: bytes, again: bytes, pause_s: float) -> None:
    """Answers one connection after the other, and goes on for as long as somebody reads."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(head)
                while again:
                    connection.sendall(again)
                    time.sleep(pause_s)


@pytest.mark.parametrize(
    ("head", "again", "pause_s", "says"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ", 0.2, "did not answer within 1 seconds, or with far too much"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 1_000_000, 0.0, "did not answer within 1 seconds, or with far too much"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.2, "did not answer within 1 seconds, or with far too much"),
        (b"HTTP/1.1 307 Moved\r\nLocation: /v1/chat/completions\r\nContent-Length: 0\r\n\r\n", b"", 0.0, r"127\.0\.0\.1:\d+ "),
    ],
)
def test_a_server_that_drips_or_never_stops_or_sends_elsewhere_for_ever_is_given_up(head: bytes, again: bytes, pause_s: float, says: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=dripping, args=(listener, head, again, pause_s), daemon=True).start()
        with pytest.raises(WriterError, match=says):
            asked(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", within_s=1.0)
        listener.shutdown(socket.SHUT_RDWR)


def test_an_answer_of_a_book_is_refused(running: tuple[Server, str]) -> None:
    server, url = running
    server.answer = lambda: completion("word " * 20_000)
    with pytest.raises(WriterError, match="100,000 characters where 400 tokens were asked for"):
        asked(url)


def test_a_server_that_breaks_off_is_said_in_words() -> None:
    def break_off(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=break_off, args=(listener,))
        thread.start()
        with pytest.raises(WriterError, match="cannot be reached"):
            asked(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://x", "http://", "http://me:secret@x", "http://x?key=1", "http://x:99999"])
def test_an_address_that_cannot_be_asked_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="STUDIO_WRITER_URL") as refused:
        Endpoint(url=url, model="m")
    assert "secret" not in str(refused.value)


def test_the_settings_name_the_writer_and_hide_the_key(tmp_path: Path) -> None:
    environ = {"STUDIO_WRITER_URL": "https://api.example/v1", "STUDIO_WRITER_MODEL": "large", "STUDIO_WRITER_KEY": KEY, "STUDIO_DATA": str(tmp_path)}
    settings = Settings.from_environment(environ)
    assert settings.endpoint == Endpoint(url="https://api.example/v1", model="large", key=KEY)
    assert KEY not in repr(settings) and KEY not in repr(settings.endpoint)
    assert Settings.from_environment(settings.to_environment()) == settings
    local = Settings.from_environment({"STUDIO_WRITER_MODEL": "org/writer"})
    assert local.endpoint is None and local.local_writer == "org/writer"
    for missing in ({"STUDIO_WRITER_MODEL": ""}, {"STUDIO_WRITER_KEY": "two words"}):
        with pytest.raises(ConfigError, match="STUDIO_WRITER_"):
            Settings.from_environment(environ | missing)


def test_a_folder_is_named_by_its_last_part(tmp_path: Path) -> None:
    assert model_name(str(tmp_path)) == tmp_path.name
    assert model_name("org/name") == "org/name"
    assert model_name("/models/on/another/machine") == "machine"
    assert model_name("~/models/mine/") == "mine"
    assert model_name("accounts/somebody/models/large") == "accounts/somebody/models/large"  # what an endpoint calls it


def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return warm.run(["propose", *arguments], {"NO_PROXY": "127.0.0.1", "PATH": "/usr/bin:/bin", **environ})


def test_the_command_line_prints_a_proposal_from_an_endpoint(running: tuple[Server, str]) -> None:
    server, url = running
    server.answer = lambda: completion("Answer in learned words.")
    done = command("--statement", LONG_STATEMENT, "--endpoint", url, "--endpoint-model", "large", "--json", STUDIO_WRITER_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "title": "Answer in learned words",
        "statement": LONG_STATEMENT,
        "antithesis": "Answer in learned words.",
        "written_by": {"model": "large", "texts": ["antithesis"]},
    }
    assert server.seen[-1][1] == f"Bearer {KEY}"


def test_the_command_line_says_what_went_wrong(running: tuple[Server, str]) -> None:
    server, url = running
    server.answer = lambda: PlainTextResponse("no", 401)
    done = command("--wish", "Short", STUDIO_WRITER_URL=url, STUDIO_WRITER_MODEL="large", STUDIO_WRITER_KEY=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and "STUDIO_WRITER_KEY" in done.stderr and KEY not in done.stderr
    server.answer = lambda: completion("Use few words.")
    done = command("--wish", "Short", STUDIO_WRITER_URL=url, STUDIO_WRITER_MODEL="large")
    assert done.returncode == 1
    assert "statement: Use few words." in done.stdout and "written_by:\n  model: large\n  texts:\n  - statement\n" in done.stdout
    assert "nothing that can be used as an antithesis" in done.stderr


WRITTEN = "1. Query: What is rain?\nWould follow: Plain words.\nWould not: Latin.\n\n2. Query: what is RAIN\n\n3. Query: 雪是什么？\nWould follow: 很短。"


def test_the_command_line_prints_scenarios_that_a_constitution_file_may_hold(running: tuple[Server, str]) -> None:
    server, url = running
    server.answer = lambda: completion(WRITTEN)
    where = {"STUDIO_WRITER_URL": url, "STUDIO_WRITER_MODEL": "large", "STUDIO_WRITER_KEY": KEY}
    done = command("--scenarios", "--statement", LONG_STATEMENT, "--antithesis", "Use rare words.", **where)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "scenarios:\n- query: What is rain?\n  follows: Plain words.\n  fails: Latin.\n- query: 雪是什么？\n  follows: 很短。\n"
    assert done.stderr == "left out: “what is RAIN” asks the same as another of these\n"
    body, authorization = server.seen[-1]
    assert body["messages"][-1]["content"] == f"Instruction: {LONG_STATEMENT}\nOpposite: Use rare words.\nHow many questions: 6"
    assert body["max_tokens"] >= 1000 and body["temperature"] == 0 and authorization == f"Bearer {KEY}"
    done = command("--scenarios", "--statement", LONG_STATEMENT, "--json", **where)
    told = json.loads(done.stdout)
    assert [each["query"] for each in told["scenarios"]] == ["What is rain?", "雪是什么？"] and told["model"] == "large"
    assert told["left_out"] == [{"query": "what is RAIN", "why": "asks the same as another of these"}]


def test_the_command_line_says_why_there_are_no_scenarios(running: tuple[Server, str]) -> None:
    server, url = running
    where = {"STUDIO_WRITER_URL": url, "STUDIO_WRITER_MODEL": "large"}
    for answer, says in (
        ("I like turtles.", "error: The model wrote nothing that can be read as a scenario."),
        ("1. Query: ...", "error: The one scenario"),
    ):
        server.answer = lambda answer=answer: completion(answer)  # type: ignore[misc]
        done = command("--scenarios", "--statement", LONG_STATEMENT, **where)
        assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith(says)
    for options, says in (
        (["--scenarios", "--wish", "Short"], "--scenarios reads a statement"),
        (["--statement", "Be brief.", "--antithesis", "Be long."], "--antithesis goes with --scenarios"),
        (["--scenarios", "--check", "--statement", "Be brief."], "not allowed with"),
    ):
        done = command(*options, **where)
        assert done.returncode != 0 and says in done.stderr


def test_the_command_line_asks_a_model_of_this_machine(tmp_path: Path) -> None:
    """A random model has nothing usable to say, and that is said in words."""
    from tests.tiny import save_tiny_model

    folder = save_tiny_model(tmp_path / "tiny")
    options = ["--statement", LONG_STATEMENT, "--model", folder, "--data", tmp_path / "data", "--device", "cpu", "--json"]
    done = warm.run(["propose", *options], {"PATH": "/usr/bin:/bin"})
    if done.returncode == 0:
        assert json.loads(done.stdout)["written_by"] == {"model": "tiny", "texts": ["antithesis"]}
    else:
        assert "error: The model wrote nothing that can be used as an antithesis" in done.stderr
