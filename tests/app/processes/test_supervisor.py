import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.processes.lifeline import identity_of, is_alive
from app.processes.place import only_one, wait_for_port
from app.processes.supervisor import child_command, supervise
from app.settings import Settings, prepare_data_folder
from core.errors import ConfigError
from db.errors import DatabaseInUse
from db.session import sqlite_url
from tests.app.processes.supervising import Studio, eventually, studios_in
from tests.app.serving import free_port


@pytest.fixture
def studios(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    with studios_in(tmp_path) as make:
        yield make


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
