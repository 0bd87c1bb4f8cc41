"""A web process that can be killed and started again within a second, and editors that save through it."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.processes.lifeline import SUPERVISED
from tests.app import warm
from tests.app.planting import settings_for
from tests.app.serving import free_port

UP_WITHIN_S = 300.0
LOOK_S = 0.1  # between two tries while nobody answers: those who ask leave the processor to the one that starts
PLAIN: dict[str, bool] = {"trust_env": False, "verify": False}  # certificates, of which HTTP has none, would be read for each client: 30 ms
warm.preload_pages()


class Server:
    """`python -m app web` on a data folder."""

    def __init__(self, data: Path, **environ: str) -> None:
        self.settings, self.port, self.environ = settings_for(data), free_port(), environ
        data.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        environ = {**os.environ, **self.settings.to_environment(), "STUDIO_PORT": str(self.port), **self.environ}
        environ.pop(SUPERVISED, None)
        with (self.settings.data / "web.log").open("ab") as log, open(os.devnull) as nothing:
            self.process = warm.start(["web"], environ, (nothing.fileno(), log.fileno(), log.fileno()))

    def kill(self) -> None:
        self.process.kill()
        self.process.join(60)

    def up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5, **PLAIN).status_code == 200
        except httpx.HTTPError:
            return False

    def wait(self) -> None:
        deadline = time.monotonic() + UP_WITHIN_S
        while not self.up():
            assert time.monotonic() < deadline and self.process.exitcode is None, (self.settings.data / "web.log").read_text()[-3000:]
            time.sleep(LOOK_S / 2)

    def intact(self) -> bool:
        """Whether SQLite finds nothing wrong with the file."""
        with sqlite3.connect(self.settings.data / "studio.db") as connection:
            return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


@contextmanager
def serving(data: Path, **environ: str) -> Iterator[Server]:
    """A server that is up."""
    server = Server(data, **environ)
    try:
        server.wait()
        yield server
    finally:
        server.kill()


@dataclass
class Editor:
    """Somebody who types into one constitution and saves, again and again, and knows what was acknowledged."""

    url: str
    name: str
    constitution: int
    revision: int = 1
    head: int | None = None
    text: str = ""  # of the newest draft that was acknowledged
    tried: str | None = None  # sent, and no answer came
    saves: int = 0
    versions: int = 0
    lost: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # answers that were none of success

    def ask(self, name: str, **question: object) -> dict[str, object] | None:
        """The answer; None when the connection broke."""
        try:
            with httpx.Client(base_url=self.url, timeout=30, cookies={"studio_name": self.name}, **PLAIN) as client:
                told: dict[str, object] = client.post(f"/api/{name}", json={"constitution": self.constitution, **question}).json()
        except (httpx.HTTPError, ValueError):
            return None
        return told

    def open(self) -> bool:
        """Read the draft, and hold it against what was acknowledged."""
        draft = self.ask("write/draft")
        if draft is None or draft["kind"] != "opened":
            return False
        rows = draft["principles"]
        stored = rows[0]["statement"] if rows else ""  # type: ignore[index]
        if self.saves and stored not in (self.text, self.tried):
            self.lost.append(f"{self.name} was told that {self.text!r} is saved; stored is {stored!r}")
        if (draft["head"] or 0) < self.versions:  # type: ignore[operator]
            self.lost.append(f"{self.name} was told of version {self.versions}; the newest is {draft['head']}")
        self.revision, self.head, self.text, self.tried = int(str(draft["revision"])), draft["head"], stored, None  # type: ignore[assignment]
        return True

    def save(self, text: str) -> bool:
        """Save a draft; False when no answer came."""
        row = {"id": f"{self.constitution:032x}", "title": "T", "statement": text, "antithesis": "The contrary."}
        self.tried = text
        told = self.ask("write/save", revision=self.revision, principles=[row])
        if told is None:
            return False
        if told["kind"] == "saved":
            self.revision, self.text, self.tried, self.saves = int(str(told["revision"])), text, None, self.saves + 1
        else:
            self.refused.append(str(told.get("message")))
        return True

    def save_version(self) -> bool:
        """Make a version of the draft; False when no answer came."""
        told = self.ask("write/version", revision=self.revision, head=self.head, message=f"By {self.name}")
        if told is None:
            return False
        if told["kind"] == "versioned":
            self.revision, self.head = int(str(told["revision"])), int(str(told["head"]))
            self.versions = self.head
        else:
            self.refused.append(str(told.get("message")))
        return True


def edit(editor: Editor, rng: random.Random, until: Callable[[], bool]) -> None:
    """Save until it is time; after a broken connection look what is there, and go on."""
    known = False
    while not until():
        if not known:
            known = editor.open()
            time.sleep(0 if known else LOOK_S)
            continue
        number = editor.saves + 1
        known = editor.save(f"{editor.name} {number} {rng.random()}") and (number % 10 or editor.save_version())  # type: ignore[assignment]


def editors_on(server: Server, count: int) -> list[Editor]:
    """Each with a constitution of their own."""
    found = []
    for number in range(count):
        answer = httpx.post(f"{server.url}/api/constitutions/create", json={"name": f"Of {number}"}, **PLAIN).json()
        found.append(Editor(server.url, f"editor-{number}", int(answer["id"])))
    return found


@contextmanager
def typing(editors: list[Editor], seed: int, until: Callable[[], bool]) -> Iterator[None]:
    """All of them at once, in threads."""
    threads = [threading.Thread(target=edit, args=(editor, random.Random(seed + i), until)) for i, editor in enumerate(editors)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(120)
