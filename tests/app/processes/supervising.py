"""A real supervisor in a process of its own, with stand-ins for its children."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.app.serving import free_port

CHILD = '''
"""Stands in for a child: writes its pid, answers /healthz when it is the web page, stops when asked or alone."""
import http.server, os, signal, sys, threading, time
from pathlib import Path
from app.processes.lifeline import on_parent_gone
from app.settings import Settings
name, settings = sys.argv[1], Settings.from_environment(os.environ)

def stop(why):
    (settings.data / f"{name}.stopped").write_text(why)
    os._exit(0)

signal.signal(signal.SIGTERM, (lambda *_: None) if name == "stubborn" else (lambda *_: stop("asked")))
if name != "stubborn":
    on_parent_gone(lambda: stop("alone"))
print(name, "begins", flush=True)
pids = settings.data / f"{name}.pids"
with pids.open("a") as file:
    file.write(f"{os.getpid()}\\n")
hangs = settings.data / f"{name}.hangs"
if hangs.exists():
    how_long = float(hangs.read_text())
    hangs.unlink()
    time.sleep(how_long)
if name == "model-host":
    from app.host.server import announce
    announce(settings.model_host_file, {"port": settings.port, "token": "", "identity": {"pid": 1}})
if name == "trainer":
    from app.processes.health import beat
    threading.Thread(target=lambda: [(beat(settings), time.sleep(0.05)) for _ in iter(int, 1)], daemon=True).start()
if name == "broken":
    sys.exit("nothing works")
if name == "web":
    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()
        def log_message(self, *_): pass
    http.server.HTTPServer(("127.0.0.1", settings.port), Health).serve_forever()
time.sleep(60)
'''

PARENT = """
import os, sys
import app.processes.health as health
import app.processes.supervisor as supervisor
from app.settings import Settings
others, stop_within_s = sys.argv[2].split(","), float(sys.argv[3])
supervisor.STOP_WITHIN_S = stop_within_s
health.EVERY_S = supervisor.EVERY_S = health.ANSWER_WITHIN_S = float(sys.argv[4])
health.FIRST_MISSES |= {"trainer": int(sys.argv[5]), "model-host": int(sys.argv[5])}
settings = Settings.from_environment(os.environ)
command = lambda name: ["/no/such/program"] if name == "missing" else [sys.executable, sys.argv[1], name]
raise SystemExit(supervisor.supervise(settings, command, others))
"""


def eventually(condition: Callable[[], bool], within_s: float = 15.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Studio:
    """A real supervisor in its own process, with stand-ins for the children."""

    def __init__(self, folder: Path, others: str = "trainer", stop_within_s: float = 5.0, look_s: float = 5.0, first_misses: int = 120) -> None:
        self.folder, self.port = folder / "data", free_port()
        script = folder / "child.py"
        script.write_text(CHILD)
        self.arguments = [sys.executable, "-c", PARENT, str(script), others, str(stop_within_s), str(look_s), str(first_misses)]
        self.environment = os.environ | {"STUDIO_DATA": str(self.folder), "STUDIO_PORT": str(self.port), "PYTHONPATH": os.getcwd()}
        self.lines: list[str] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.arguments, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines += iter(output.readline, "")

    def pids(self, name: str) -> list[int]:
        file = self.folder / f"{name}.pids"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def wait_until_ready(self) -> None:
        assert eventually(lambda: self.said("Constitution Studio is at") and len(self.pids("trainer")) > 0), self.lines

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for name in ("web", "trainer", "model-host", "stubborn", "broken"):
            for pid in self.pids(name)[-1:]:
                if Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)
        self.reader.join()


@contextmanager
def studios_in(folder: Path) -> Iterator[Callable[..., Studio]]:
    """Makes studios, and ends them afterwards."""
    made: list[Studio] = []

    def make(**options: object) -> Studio:
        made.append(Studio(folder, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for studio in made:
        studio.end()
