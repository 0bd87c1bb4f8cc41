"""Backups of a studio that is being used, brought back."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from db import constitutions, runs
from tests.app.commands.archiving import back_up, files_below, furnished, restore
from tests.app.hosting import wait_until
from tests.app.planting import measure, queue
from tests.app.warm import ROOT
from tests.clusters import Cluster

WRITER = """
import sys
from db.constitutions import NewVersion, add_constitution, add_version
from db.session import make_engine, make_sessions
sessions = make_sessions(make_engine(sys.argv[1]))
with sessions.begin() as s:
    constitution = add_constitution(s, "Grows").id
base = None
for number in range(100_000):
    content = {"name": "Grows", "principles": [{"id": "a" * 32, "title": "T", "statement": f"Say {number}.", "antithesis": "Be silent."}]}
    with sessions.begin() as s:
        base = add_version(s, NewVersion(constitution_id=constitution, base_version_id=base, content=content, message="", author="ann")).id
    print(base, flush=True)
"""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STUDIO_DATA", "DATABASE_URL", "STUDIO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return furnished(tmp_path)


def names(path: Path) -> set[str]:
    with tarfile.open(path) as archive:
        return set(archive.getnames())


def test_a_backup_while_versions_are_saved_has_every_one_that_was_acknowledged_before_it_began(studio: Studio, tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, studio.settings.database_url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(12)]
        assert back_up(studio.settings.data, tmp_path / "b.tar") == 0
        acknowledged_later = int(writer.stdout.readline())  # it went on meanwhile
        writer.kill()
    assert acknowledged_later > acknowledged[-1]
    assert restore(tmp_path / "b.tar", tmp_path / "back") == 0
    with closing(sqlite3.connect(tmp_path / "back" / "studio.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        stored = [row[0] for row in connection.execute("SELECT id FROM version ORDER BY id")]
    assert set(acknowledged) <= set(stored)
    assert stored == list(range(1, len(stored) + 1))  # a beginning of the history, without a gap
    opened = open_studio(Settings.from_environment({}, data=tmp_path / "back"))
    with opened.sessions.read() as session:
        assert constitutions.damaged_versions(session) == []


def test_what_rows_name_is_in_it_and_no_secret_and_only_this_user_can_read_it(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 0
    said = capsys.readouterr().out
    assert names(tmp_path / "b.tar") == {
        *("manifest.json", "database/studio.db", "runs/1/attempt-1/adapter/adapter_model.safetensors"),
        *("runs/2/attempt-1/checkpoint-000004/state.safetensors", "runs/2/attempt-1/checkpoint-000004/manifest.json"),
    }
    assert "2 runs" in said
    assert "4 files" in said
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    assert b"a secret" not in (tmp_path / "b.tar").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert restore(tmp_path / "b.tar", tmp_path / "back") == 0
    back = files_below(tmp_path / "back")
    assert set(back) == {"studio.db", *(name for name in names(tmp_path / "b.tar") if name.startswith("runs"))}
    assert back["runs/1/attempt-1/adapter/adapter_model.safetensors"] == b"weights"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "back").rglob("*") if path.is_file() and path.name != "studio.lock"} == {0o600}


def test_models_go_in_on_request_and_a_folder_names_the_file_after_the_time(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    assert back_up(studio.settings.data, tmp_path / "all", "--models") == 0
    (made,) = (tmp_path / "all").iterdir()
    assert made.name.startswith("constitution-studio-2")
    assert "models/base/model.safetensors" in names(made)


def test_a_backup_is_never_overwritten_and_an_interrupted_one_leaves_nothing(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.tar").write_text("precious")
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 1
    assert "never overwritten" in capsys.readouterr().err
    assert (tmp_path / "b.tar").read_text() == "precious"
    (tmp_path / "out").mkdir()
    os.truncate(studio.settings.data / "models" / "base" / "model.safetensors", 3_000_000_000)  # long to read, no room on the disk
    command = [sys.executable, "-m", "app", "backup", str(tmp_path / "out" / "c.tar"), "--models", "--data", str(studio.settings.data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        part = tmp_path / "out" / ".c.tar.part"
        wait_until(lambda: part.exists() and part.stat().st_size > 1_000_000, seconds=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130
    assert list((tmp_path / "out").iterdir()) == []


def test_what_the_studio_had_lost_before_is_said_and_the_rest_is_kept(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (studio.settings.data / "runs/1/attempt-1/adapter/adapter_model.safetensors").unlink()
    (studio.settings.data / "runs/1/attempt-1/adapter/.adapter_model.safetensors.7").unlink()
    (studio.settings.data / "runs/1/attempt-1/adapter").rmdir()
    with studio.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER version_no_update")
        connection.exec_driver_sql("UPDATE version SET content = replace(content, 'a', 'b') WHERE id = 1")
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 1
    said = capsys.readouterr().out
    assert "PROBLEM  version 1 of constitution 1 does not match its hash" in said
    assert "PROBLEM  run 1 names runs/1/attempt-1/adapter, which is not there" in said
    assert restore(tmp_path / "b.tar", tmp_path / "back") == 0


def test_a_damaged_database_and_none_at_all_are_said(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert back_up(tmp_path / "nothing here", tmp_path / "a.tar") == 1
    assert "There is no database at" in capsys.readouterr().err
    with (studio.settings.data / "studio.db").open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 20_000)
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 1
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "b.tar").exists()


def test_a_postgresql_database_goes_into_a_backup_and_into_an_empty_database(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", cluster.new())
    settings = Settings.from_environment(os.environ, data=tmp_path / "data")
    prepare_data_folder(settings)
    opened = open_studio(settings)
    measure(opened)
    queue(opened)
    assert back_up(settings.data, tmp_path / "b.tar") == 0
    assert restore(tmp_path / "b.tar", tmp_path / "back") == 1
    assert "has tables already" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", cluster.new())
    assert restore(tmp_path / "b.tar", tmp_path / "back") == 0
    again = open_studio(Settings.from_environment(os.environ, data=tmp_path / "back"))
    with opened.sessions.read() as before, again.sessions.read() as after:
        assert [v.sha256 for v in constitutions.versions_of(before, 1)] == [v.sha256 for v in constitutions.versions_of(after, 1)]
        assert len(runs.list_runs(after)) == 1
    monkeypatch.delenv("DATABASE_URL")
    assert restore(tmp_path / "b.tar", tmp_path / "sqlite") == 1
    assert "DATABASE_URL" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", opened.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert back_up(settings.data, tmp_path / "c.tar") == 1
    assert "needs pg_dump" in capsys.readouterr().err
    opened.engine.dispose()
    again.engine.dispose()
