"""What the studio writes is for its owner alone, whatever the shell that started it lets others do."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.services.studio import open_studio
from app.settings import Settings, prepare_data_folder
from tests.app.planting import claim, make_studio, queue, settings_for, write_log
from tests.app.serving import free_port


def open_to_others(folder: Path) -> list[str]:
    """What others may read, write or enter, unless a folder on the way keeps them out."""
    found = []
    for path in sorted(folder.iterdir()):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            found += [path.name, *open_to_others(path)] if path.is_dir() else [path.name]
    return found


@pytest.fixture
def careless() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def umask_of(process: psutil.Process) -> str:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Umask:"))


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system under which umask a process writes")
def test_a_studio_started_from_a_careless_shell_keeps_its_files_to_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environ = os.environ | {"STUDIO_DATA": str(data), "STUDIO_PORT": str(free_port())}
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, env=environ, umask=0o022, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as studio:
        try:
            assert studio.stdout is not None
            assert studio.stdout.readline().startswith("Constitution Studio is at"), "it did not start"
            deadline = time.monotonic() + 60
            while not ((data / "model-host.json").exists() and (data / "logs" / "trainer.log").exists()):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            everything = [data, *data.rglob("*")]
            assert {"studio.db", "studio.db.lock", "studio.lock", "model-host.json", "web.log", "trainer.log"} <= {path.name for path in everything}
            assert [path.name for path in everything if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
            assert {umask_of(child) for child in psutil.Process(studio.pid).children()} == {"0077"}  # an attempt inherits the trainer's
        finally:
            studio.send_signal(signal.SIGTERM)
            studio.wait(30)


def test_what_an_earlier_start_left_open_is_closed_by_the_next_one(careless: None, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    studio = make_studio(data)
    queue(studio)
    write_log(studio, claim(studio), "secret")
    studio.engine.dispose()
    for path in (data / "studio.db", data / "studio.db.schema-0006-20260101T000000000000", data / "studio.lock", data / "model-host.json"):
        path.touch()
        path.chmod(0o644)
    for folder in data.iterdir():
        if folder.is_dir():
            folder.chmod(0o755)
    assert len(open_to_others(data)) > 7
    prepare_data_folder(settings_for(data))
    open_studio(settings_for(data)).engine.dispose()
    assert open_to_others(data) == []


def test_other_things_in_a_folder_that_is_shared_stay_as_they_are(careless: None, tmp_path: Path) -> None:
    """The data folder may be a home, or one that a backup program enters; and a database may lie among other files."""
    data = tmp_path / "home"
    data.mkdir(mode=0o755)
    (data / "notes.txt").touch()
    (data / "studio.dbase").touch()
    settings = Settings.from_environment({}, data=data)
    prepare_data_folder(settings)
    open_studio(settings).engine.dispose()
    assert open_to_others(data) == ["notes.txt", "studio.dbase"]
    assert stat.S_IMODE(data.stat().st_mode) == 0o755


def test_a_verb_writes_where_it_is_told_as_the_shell_says(tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text("Why?\n")
    code = "import os, sys; from app.cli import main; main(sys.argv[1:]); print('umask', oct(os.umask(0)))"
    command = [sys.executable, "-c", code, "read", str(tmp_path / "queries.txt")]
    done = subprocess.run(command, umask=0o022, capture_output=True, text=True, check=True)
    assert "umask 0o22" in done.stdout
