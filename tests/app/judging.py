"""A real server on loopback that speaks the chat protocol, well or badly, as each test says."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PART = re.compile(r"^\[BEGIN (\w+) (\w{12})\]\n(.*?)\n\[END \1 \2\]$", re.DOTALL | re.MULTILINE)
Answer = Callable[["Handler", dict[str, Any]], None]


def parts(body: dict[str, Any]) -> dict[str, str]:
    """What a question shows: QUERY, REPLY, A and B."""
    return {name: text for name, _, text in PART.findall(body["messages"][1]["content"])}


class Handler(BaseHTTPRequestHandler):
    """Answers as its server says."""

    protocol_version = "HTTP/1.1"
    server: "JudgeServer"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append((self.path, dict(self.headers), body))
        self.server.answer(self, body)

    def say(self, content: object, status: int = 200, usage: object = None, **headers: str) -> None:
        """A chat completion, or whatever `content` is under another status."""
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        told = {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage or {"prompt_tokens": 100, "completion_tokens": 2}}
        self.send(json.dumps(told if status == 200 else {"error": content}).encode(), status, **headers)

    def send(self, data: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class JudgeServer(ThreadingHTTPServer):
    """Keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answer: Answer = attentive

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or has heard enough, is what some tests are about."""


def guesses(body: dict[str, Any]) -> str:
    """What an attentive judge says of the museum's principle: the side of which the reply is."""
    shown = parts(body)
    wanted = "guess" in shown["REPLY"]
    return next(letter for letter in "AB" if ("known or guessed" in shown[letter]) == wanted)


def attentive(handler: Handler, body: dict[str, Any]) -> None:
    handler.say(guesses(body))


@contextmanager
def judge_server(answer: Answer = attentive) -> Iterator[JudgeServer]:
    server = JudgeServer()
    server.answer = answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()
