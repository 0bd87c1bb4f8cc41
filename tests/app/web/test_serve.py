"""The web process as the supervisor starts it: light, and gone when it is asked to go."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self

import httpx

from tests.app.serving import free_port

SERVER = """
import json, os, sys
from app.settings import Settings
from app.services.health import Parts
from app.web import health
from app.web.app import create_app, serve

def build(_):
    import gradio as gr
    with gr.Blocks() as demo:
        gr.Textbox()
    return demo

def app(settings):
    made = create_app(settings, lambda _: None, build, lambda app, _: health.add_routes(app, Parts({"database": lambda: True})))
    import psutil
    rss = psutil.Process().memory_info().rss
    print(json.dumps({"torch": "torch" in sys.modules, "rss_mib": rss / 2**20, "analytics": os.environ["GRADIO_ANALYTICS_ENABLED"]}), flush=True)
    return made

raise SystemExit(serve(Settings.from_environment(os.environ), app))
"""


class ServerProcess:
    """`serve` in a process of its own, as the supervisor starts it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        environment = os.environ | {"STUDIO_DATA": str(folder), "STUDIO_PORT": str(self.port), "STUDIO_SUPERVISED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> Self:
        assert self.process.stdout is not None
        self.facts = json.loads(self.process.stdout.readline())
        deadline = time.monotonic() + 30
        while (health := self.health()) is None:
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        self.first_health = health
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.__exit__(None, None, None)

    def health(self) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False)
        except httpx.TransportError:
            return None


def test_the_web_process_is_light_and_stops_when_the_supervisor_is_gone(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server, closing(http.client.HTTPConnection("127.0.0.1", server.port)) as open_page:
        assert server.facts["torch"] is False
        assert server.facts["rss_mib"] < 300
        assert server.facts["analytics"] == "False"
        assert "server" not in server.first_health.headers
        open_page.putrequest("POST", "/api/constitutions/list")  # a question that never comes whole
        open_page.putheader("Content-Length", "10")
        open_page.endheaders(b"{")
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.wait(15) == 0


def test_the_web_process_ends_with_success_when_it_is_asked_to(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
