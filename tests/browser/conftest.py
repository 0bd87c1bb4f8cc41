"""The real web process on a free port, and Chromium. Skipped with a plain reason where there is no Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright

from app.services.studio import Studio
from tests.app.planting import make_studio
from tests.app.warm import preload_pages, start

ROOT = Path(__file__).parents[2]
preload_pages()
START_S = 60  # a machine that is busy with other tests imports gradio slowly


class Cold:
    """`python -m app web` from its first import on, for who measures what it takes."""

    def __init__(self, environ: dict[str, str], log: IO[bytes]) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "app", "web"], cwd=ROOT, env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self._process.pid
        self.kill, self.terminate, self.join = self._process.kill, self._process.terminate, self._process.wait

    @property
    def exitcode(self) -> int | None:
        return self._process.poll()


def start_web(data: Path, port: int, cold: bool = False) -> ForkServerProcess | Cold:
    """Start `python -m app web` and wait until it answers. Unless it is to be cold it finds what it imports imported."""
    environ = {**os.environ, "STUDIO_DATA": str(data), "STUDIO_PORT": str(port), "STUDIO_HOST": "127.0.0.1"}
    for name in ("STUDIO_PASSWORD", "STUDIO_ALLOWED_HOSTS", "STUDIO_SUPERVISED", "DATABASE_URL"):
        environ.pop(name, None)
    data.mkdir(exist_ok=True)
    with (data / "web.log").open("ab") as log, open(os.devnull) as nothing:
        process = Cold(environ, log) if cold else start(["web"], environ, (nothing.fileno(), log.fileno(), log.fileno()))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.exitcode is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    process.join(20)
    raise AssertionError(f"The web process did not answer:\n{(data / 'web.log').read_text()}")


def look(page: Page, name: str, whole: bool = True) -> None:
    """Keep a picture, where somebody wants to see it: STUDIO_PICTURES names a folder."""
    if folder := os.environ.get("STUDIO_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class App:
    """The running web process of one test module; can be stopped and started again on the same data."""

    def __init__(self, data: Path, cold: bool = False) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = start_web(data, self.port, cold)

    def stop(self, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.join(20)

    def restart(self, kill: bool = False) -> None:
        self.stop(kill)
        self.process = start_web(self.data, self.port)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("studio"))
    yield running
    running.stop()


@pytest.fixture
def studio(app: App) -> Iterator[Studio]:
    """The database of the running web process, opened from here as the trainer opens it."""
    opened = make_studio(app.data)
    yield opened
    opened.engine.dispose()


def found_chromium(whole: bool = False) -> str | None:
    """A browser of this machine. The shell draws no window, which is half the work, and keeps no page to go back to: who needs that wants the whole."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names if whole else ("chromium-headless-shell", *names))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = found_chromium()
    if found is None:
        pytest.skip("no Chromium on this machine; Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that fails the test on a script error, on a dialog, and on a request to anybody but the studio; its context's other pages too."""
    # Errors of TLS: the proxies' certificate is of our own making.
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, ignore_https_errors=True)
    context.set_default_timeout(15_000)
    problems: list[str] = []

    def refuse(dialog: Dialog) -> None:
        problems.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()

    def watch(request: Request) -> None:
        if _is_outside(request.url):
            problems.append(f"outside request: {request.url}")

    context.on("weberror", lambda error: problems.append(f"script error: {error.error}"))
    context.on("dialog", refuse)
    context.on("request", watch)
    yield context.new_page()
    context.close()
    assert problems == []


def _is_outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "https://127.0.0.1:", "data:", "blob:"))
