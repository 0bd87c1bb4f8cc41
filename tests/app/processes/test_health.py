"""Children that run and do nothing: they are told from those that are only slow."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.processes.health import MISSES
from app.processes.lifeline import identity_of, is_alive
from tests.app.processes.supervising import Studio, eventually, studios_in


@pytest.fixture
def studios(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    with studios_in(tmp_path) as make:
        yield make


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


def test_a_child_that_hangs_before_its_first_sign_of_life_is_started_again(studios: Callable[..., Studio], tmp_path: Path) -> None:
    hang_at_start(tmp_path, "trainer", 600)
    (tmp_path / "data" / "trainer.alive").write_bytes(b"4711".ljust(20))  # of a trainer before
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
