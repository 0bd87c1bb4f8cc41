import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.processes.health import MISSES
from app.processes.lifeline import identity_of, is_alive
from app.processes.place import only_one, wait_for_port
from app.processes.supervisor import child_command, supervise
from app.settings import Settings, prepare_data_folder
from core.errors import ConfigError
from db.errors import DatabaseInUse
from db.session import sqlite_url
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


@pytest.fixture
def studios(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    made: list[Studio] = []

    def make(**options: object) -> Studio:
        made.append(Studio(tmp_path, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for studio in made:
        studio.end()


def test_it_imports_neither_gradio_nor_torch() -> None:
    code = "import sys, json, app.processes.supervisor; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert not {"gradio", "torch", "transformers", "fastapi", "uvicorn", "sqlalchemy", "pandas", "numpy"} & set(loaded)


def test_children_are_started_as_modules_of_this_interpreter() -> None:
    assert child_command("web") == [sys.executable, "-m", "app", "web"]


def test_it_announces_the_page_once_it_answers_and_stops_cleanly(studios: Callable[..., Studio]) -> None:
    studio = studios()
    studio.wait_until_ready()
    expected = f"Constitution Studio is at http://127.0.0.1:{studio.port} (data in {studio.folder}; stop with Ctrl-C)\n"
    assert studio.lines == [expected]
    assert "web begins" in (studio.folder / "logs" / "web.log").read_text()
    studio.process.send_signal(signal.SIGINT)
    assert studio.process.wait(10) == 0
    assert (studio.folder / "trainer.stopped").exists()
    assert (studio.folder / "web.stopped").exists()
    assert studio.lines == [expected]


def test_a_child_has_its_own_process_group(studios: Callable[..., Studio]) -> None:
    studio = studios()
    studio.wait_until_ready()
    for name in ("web", "trainer"):
        pid = studio.pids(name)[0]
        assert os.getpgid(pid) == pid


@pytest.mark.parametrize("name", ["web", "trainer"])
def test_a_killed_child_is_started_again_and_the_others_go_on(studios: Callable[..., Studio], name: str) -> None:
    studio = studios()
    studio.wait_until_ready()
    other = {"web": "trainer", "trainer": "web"}[name]
    os.kill(studio.pids(name)[0], signal.SIGKILL)
    assert eventually(lambda: len(studio.pids(name)) == 2), studio.lines
    assert studio.said(f"{name} ended unexpectedly (killed by signal 9: Killed); starting it again in 1 s.")
    assert len(studio.pids(other)) == 1
    if name == "web":
        assert eventually(lambda: answers(studio.port))
    studio.process.send_signal(signal.SIGTERM)
    assert studio.process.wait(10) == 0


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_a_child_that_keeps_failing_is_tried_more_and_more_rarely(studios: Callable[..., Studio]) -> None:
    studio = studios(others="trainer,broken")
    assert eventually(lambda: studio.said("starting it again in 2 s")), studio.lines
    told = [line for line in studio.lines if line.startswith("broken ended")]
    assert "(exit status 1); starting it again in 1 s. It last said: 'nothing works'." in told[0]
    assert str(studio.folder / "logs" / "broken.log") in told[0]


def test_a_child_that_cannot_be_started_does_not_stop_the_others(studios: Callable[..., Studio]) -> None:
    studio = studios(others="missing,trainer")
    studio.wait_until_ready()
    assert eventually(lambda: studio.said("trying again in 2 s")), studio.lines
    assert studio.said("missing cannot be started (No such file or directory); trying again in 1 s.")
    assert (len(studio.pids("web")), len(studio.pids("trainer"))) == (1, 1)


def test_a_child_that_ignores_the_request_to_stop_is_killed(studios: Callable[..., Studio]) -> None:
    studio = studios(others="trainer,stubborn", stop_within_s=0.5)
    studio.wait_until_ready()
    assert eventually(lambda: len(studio.pids("stubborn")) == 1)
    stubborn = identity_of(studio.pids("stubborn")[0])
    studio.process.send_signal(signal.SIGTERM)
    assert studio.process.wait(10) == 0
    assert is_alive(stubborn) is False


@pytest.mark.parametrize("name", ["web", "trainer"])
def test_a_child_that_runs_but_gives_no_sign_of_life_is_started_again(studios: Callable[..., Studio], name: str) -> None:
    studio = studios(look_s=0.3)
    studio.wait_until_ready()
    time.sleep(1.5)  # signs enough to be judged by
    hung = identity_of(studio.pids(name)[0])
    os.kill(studio.pids(name)[0], signal.SIGSTOP)
    assert eventually(lambda: len(studio.pids(name)) == 2, within_s=30), studio.lines
    assert studio.said(f"{name} runs, but gave no sign of life for {0.3 * MISSES[name]:.0f} s, so it was ended; starting it again in 1 s.")
    assert is_alive(hung) is False
    assert len(studio.pids({"web": "trainer", "trainer": "web"}[name])) == 1
    studio.process.send_signal(signal.SIGTERM)
    assert studio.process.wait(10) == 0


def hang_at_start(folder: Path, name: str, seconds: float) -> None:
    """The first process of that name will do nothing for so long."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / f"{name}.hangs").write_text(str(seconds))


@pytest.mark.parametrize("beat_before", [b"", b"4711                "])  # the file of a trainer before may be there
def test_a_child_that_hangs_before_its_first_sign_of_life_is_started_again(studios: Callable[..., Studio], tmp_path: Path, beat_before: bytes) -> None:
    hang_at_start(tmp_path, "trainer", 600)
    (tmp_path / "data" / "trainer.alive").write_bytes(beat_before)
    studio = studios(look_s=0.2, first_misses=15)
    assert eventually(lambda: studio.said("trainer runs, but gave no sign of life for 3 s, so it was ended"), within_s=30), studio.lines
    assert eventually(lambda: len(studio.pids("trainer")) >= 2), studio.lines
    assert len(studio.pids("web")) == 1


def test_a_host_whose_file_names_another_process_is_started_again(studios: Callable[..., Studio]) -> None:
    studio = studios(others="trainer,model-host", look_s=0.2, first_misses=15)
    assert eventually(lambda: len(studio.pids("model-host")) >= 2, within_s=30), studio.lines
    assert studio.said("model-host runs, but gave no sign of life for 3 s")


def test_a_child_whose_start_takes_long_is_left_alone(studios: Callable[..., Studio], tmp_path: Path) -> None:
    """Longer than it may be silent later on (2.4 s), though a trainer before has left its file, and writes into it still."""
    hang_at_start(tmp_path, "trainer", 4)
    studio = studios(look_s=0.2)
    alive = studio.folder / "trainer.alive"
    assert eventually(lambda: len(studio.pids("trainer")) == 1)
    for _ in range(10):
        alive.write_bytes(b"4711".ljust(20))
        time.sleep(0.2)
    assert eventually(lambda: alive.read_text().strip() == str(studio.pids("trainer")[0])), studio.lines
    assert len(studio.pids("trainer")) == 1 and not studio.said("trainer runs"), studio.lines


def test_children_that_hang_are_ended_with_the_others(studios: Callable[..., Studio]) -> None:
    studio = studios(stop_within_s=0.5)
    studio.wait_until_ready()
    hung = [identity_of(studio.pids(name)[0]) for name in ("web", "trainer")]
    for name in ("web", "trainer"):
        os.kill(studio.pids(name)[0], signal.SIGSTOP)
    studio.process.send_signal(signal.SIGTERM)
    assert studio.process.wait(10) == 0
    assert [is_alive(identity) for identity in hung] == [False, False]


def test_children_stop_when_the_supervisor_is_killed_and_the_next_one_takes_over(studios: Callable[..., Studio]) -> None:
    studio = studios()
    studio.wait_until_ready()
    first = [identity_of(studio.pids(name)[0]) for name in ("web", "trainer")]
    studio.process.kill()
    studio.process.wait()
    studio.reader.join()
    studio.lines.clear()
    studio.start()  # at once: the old page may still hold the port
    assert eventually(lambda: all(is_alive(identity) is False for identity in first))
    assert (studio.folder / "web.stopped").read_text() == (studio.folder / "trainer.stopped").read_text() == "alone"
    assert eventually(lambda: studio.said("Constitution Studio is at")), studio.lines
    assert len(studio.pids("web")) == 2


def test_a_second_supervisor_of_the_same_folder_is_refused_with_the_first_ones_id(studios: Callable[..., Studio]) -> None:
    studio = studios()
    studio.wait_until_ready()
    with pytest.raises(ConfigError, match=rf"process {studio.process.pid}\)"), only_one(studio.folder / "studio.lock"):
        pass
    assert studio.process.poll() is None


def test_the_folder_is_free_again_afterwards_and_a_crash_can_be_told(tmp_path: Path) -> None:
    lock = tmp_path / "studio.lock"
    with only_one(lock) as after_crash:
        assert after_crash is False
        assert lock.read_text() == f"{os.getpid()}\n"
    with only_one(lock) as after_crash:
        assert after_crash is False
    lock.write_text("4711\n")
    with only_one(lock) as after_crash:
        assert after_crash is True


def test_a_port_that_is_taken_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = Settings.from_environment({}, data=tmp_path, port=other.getsockname()[1])
        prepare_data_folder(settings)
        with pytest.raises(ConfigError, match=rf"port {settings.port}: Address already in use\. .*STUDIO_PORT"):
            wait_for_port(settings)
    wait_for_port(settings)


def test_a_host_that_is_not_of_this_machine_is_refused(tmp_path: Path) -> None:
    settings = Settings.from_environment({"STUDIO_PASSWORD": "correct horse"}, data=tmp_path, host="192.0.2.1", port=free_port())
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1 port .* STUDIO_HOST"):
        wait_for_port(settings)


def test_a_long_log_is_put_aside_when_the_child_starts(studios: Callable[..., Studio], tmp_path: Path) -> None:
    logs = tmp_path / "data" / "logs"
    logs.mkdir(parents=True)
    (logs / "web.log").write_text("x" * 5_000_001)
    studio = studios()
    studio.wait_until_ready()
    assert (logs / "web.log.1").stat().st_size == 5_000_001
    assert (logs / "web.log").stat().st_size < 1000


def test_a_second_supervisor_of_the_same_database_is_refused_though_its_folder_is_another(studios: Callable[..., Studio], tmp_path: Path) -> None:
    studio = studios()
    studio.wait_until_ready()
    another = {"DATABASE_URL": sqlite_url(studio.folder / "studio.db")}
    settings = Settings.from_environment(another, data=tmp_path / "another", port=free_port())
    with pytest.raises(DatabaseInUse, match=rf"process {studio.process.pid} on "):
        supervise(settings)
    assert studio.process.poll() is None
    assert len(studio.pids("trainer")) == 1
