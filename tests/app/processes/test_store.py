"""Files by key, in a folder: what is read, what is refused, and how an attempt begins with what the last one left."""

import shutil
from pathlib import Path

import pytest
import torch

from app.processes.store import FolderStore, MissingFileError
from core.engine.checkpoints import latest_checkpoint, save_checkpoint, write_json


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore(tmp_path / "data")
    with made.workspace("runs/1/attempt-1") as folder:
        (folder / "adapter").mkdir()
        (folder / "adapter" / "weights").write_bytes(b"abc")
        (folder / "run.json").write_text("{}")
    return made


def read(store: FolderStore, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def test_what_was_left_in_a_workspace_is_found_by_its_key(store: FolderStore) -> None:
    assert read(store, "runs/1/attempt-1/adapter/weights") == b"abc"
    assert store.names("runs/1/attempt-1") == ["run.json"]
    assert store.names("runs/1/attempt-1/adapter") == ["weights"]
    assert [store.exists(key) for key in ("runs/1/attempt-1", "runs/1/attempt-1/run.json", "runs/1/attempt-2")] == [True, True, False]
    with store.local("runs/1/attempt-1/adapter") as folder:
        assert (folder / "weights").read_bytes() == b"abc"
    assert store.free_bytes() > 0


def test_what_is_not_there_is_said_in_words(store: FolderStore) -> None:
    for key in ("runs/1/attempt-1/gone.json", "runs/1/attempt-1/adapter", "runs/1/attempt-1/run.json/more"):
        with pytest.raises(MissingFileError, match="is not on this machine any more"):
            store.open(key)
    assert store.names("runs/1/attempt-9") == store.names("runs/1/attempt-1/run.json") == []


def test_nothing_leads_out_of_what_belongs_to_a_job(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "data" / "studio.db").write_text("rows")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (tmp_path / "data" / "runs" / "1" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "data" / "runs" / "1" / "attempt-1" / "rows").symlink_to(tmp_path / "data" / "studio.db")
    shutil.copytree(tmp_path / "data" / "runs" / "1" / "attempt-1", tmp_path / "data" / "runs" / "2" / "attempt-1")
    for key in (
        "studio.db",
        "runs/../studio.db",
        "runs/1/../2/attempt-1/run.json",
        "runs/1/link/secret",
        "runs/1/attempt-1/rows",
        str(tmp_path / "outside" / "secret"),
        "",
    ):
        assert not store.exists(key)
        with pytest.raises(MissingFileError):
            store.open(key)
    assert store.names("runs/1/attempt-1") == ["run.json"]
    assert store.names("runs/1/link") == store.names(str(tmp_path / "outside")) == []


def test_files_of_a_job_that_someone_moved_to_another_disk_are_still_its_own(store: FolderStore, tmp_path: Path) -> None:
    shutil.move(tmp_path / "data" / "runs", tmp_path / "disk")
    (tmp_path / "data" / "runs").symlink_to(tmp_path / "disk")
    assert read(store, "runs/1/attempt-1/run.json") == b"{}"


def test_a_folder_that_a_row_names_by_its_path_is_read_where_it_lies(store: FolderStore, tmp_path: Path) -> None:
    with store.local(str(tmp_path / "elsewhere" / "adapter")) as folder:
        assert folder == tmp_path / "elsewhere" / "adapter"


def test_an_attempt_starts_from_what_the_last_one_committed_and_leaves_it_alone(store: FolderStore) -> None:
    with store.workspace("runs/3/attempt-1") as old:
        save_checkpoint(old, 4, {"x": torch.ones(2)})
        write_json(old / "curve.json", [1])
        (old / ".half").write_text("half")
        (old / "log.txt").write_text("old log")
    store.inherit("runs/3/attempt-1", "runs/3/attempt-2")
    with store.workspace("runs/3/attempt-2") as new:
        found = latest_checkpoint(new)
        assert found is not None
        assert found.step == 4
        write_json(new / "curve.json", [1, 2])
        assert (old / "curve.json").read_text() == "[1]"
        assert not (new / ".half").exists()
        assert not (new / "log.txt").exists()
