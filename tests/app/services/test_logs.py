"""The log of a run: its last lines, whatever was written into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.processes.store import FolderStore
from app.services import runs
from app.services.logs import LOG_LINES, log_tail
from app.services.studio import Studio
from tests.app.planting import (
    claim,
    make_studio,
    queue,
    write_log,
)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def test_the_log_tail_is_the_last_lines_without_control_characters(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    assert runs.run_view(studio, run_id).log == ()
    write_log(studio, held, "\n".join(f"line {i}" for i in range(250)) + "\n\x1b[31mred\x1b[0m\x07\nloading 10%\rloading 100%\n")
    log = runs.run_view(studio, run_id).log
    assert len(log) == LOG_LINES
    assert log[-3:] == ("line 249", "red", "loading 100%")


def test_a_log_of_many_megabytes_or_broken_text_is_still_read_quickly(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with store.workspace("runs/1/attempt-1") as folder:
        (folder / "log.txt").write_bytes(b"\xff\xfe" + b"x" * 3_000_000 + "\nlast ü\n".encode())
    assert log_tail(store, "runs/1/attempt-1/log.txt") == ("last ü",)
