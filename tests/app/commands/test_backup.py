"""Backups of a studio that is being used, brought back; and files that are none."""

import io
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.processes.attempt import attempt_key
from app.processes.supervisor import only_one
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from db import claims, constitutions, runs
from db.claims import Progress
from tests.app.hosting import wait_until
from tests.app.planting import claim, make_studio, measure, queue
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
SECRETS = ("model-host.json", "studio.lock", "logs/web.log", "uploads/private.txt", "session-secret")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STUDIO_DATA", "DATABASE_URL", "STUDIO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return furnished(tmp_path)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of such a studio."""
    folder = tmp_path_factory.mktemp("written")
    assert back_up(furnished(folder).settings.data, folder / "b.tar") == 0
    return folder / "b.tar"


def furnished(folder: Path) -> Studio:
    """A studio with a finished run, one that runs, and files that are nobody else's business."""
    studio = make_studio(folder / "data")
    measure(studio)
    queue(studio, key="planted-run-one")
    first = claim(studio)
    leave_files(studio, f"{attempt_key(first.job_id, 1)}/adapter", {"adapter_model.safetensors": b"weights", ".adapter_model.safetensors.7": b"half"})
    with studio.sessions.begin() as session:
        runs.finish(session, first, f"{attempt_key(first.job_id, 1)}/adapter", "ab", {})
    queue(studio, key="planted-run-two")
    second = claim(studio)
    leave_files(studio, f"{attempt_key(second.job_id, 1)}/checkpoint-000004", {"state.safetensors": b"state", "manifest.json": b"{}"})
    with studio.sessions.begin() as session:
        claims.set_progress(session, second, Progress(phase="training", step=4, total_steps=8, checkpoint=f"{attempt_key(second.job_id, 1)}/checkpoint-000004"))
    leave_files(studio, "runs/404", {"orphan.txt": b"of no row"})
    leave_files(studio, "models/base", {"model.safetensors": b"large"})
    for name in SECRETS:
        leave_files(studio, str(Path(name).parent), {Path(name).name: b"a secret"})
    (studio.settings.data / attempt_key(first.job_id, 1) / "link").symlink_to("/etc/passwd")
    return studio


def leave_files(studio: Studio, key: str, files: dict[str, bytes]) -> None:
    folder = studio.settings.data / key
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def back_up(data: Path, target: Path, *more: str) -> int:
    return main(["backup", str(target), "--data", str(data), *more])


def restore(source: Path, data: Path) -> int:
    return main(["restore", str(source), "--data", str(data)])


def names(path: Path) -> set[str]:
    with tarfile.open(path) as archive:
        return set(archive.getnames())


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "studio.lock"}


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


def test_a_folder_in_use_and_one_that_is_not_empty_are_refused(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 0
    before = files_below(studio.settings.data)
    assert restore(tmp_path / "b.tar", studio.settings.data) == 1
    assert "is not empty" in capsys.readouterr().err
    with only_one(studio.settings.lock_file):
        assert restore(tmp_path / "b.tar", studio.settings.data) == 1
    assert "already runs" in capsys.readouterr().err
    assert files_below(studio.settings.data) == before
    prepare_data_folder(Settings.from_environment({}, data=tmp_path / "fresh"))  # as a volume that the studio has only looked at
    assert restore(tmp_path / "b.tar", tmp_path / "fresh") == 0


def remade(source: Path, target: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None], more: Any = None) -> Path:
    """The same backup with each file changed or left out, and something before the manifest."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            if member.name == "manifest.json" and more is not None:
                more(new)
            changed = change(member, file.read())
            if changed is not None:
                changed[0].size = len(changed[1])
                new.addfile(changed[0], io.BytesIO(changed[1]))
    return target


def same(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    return member, data


def add(kind: bytes, name: str, link: str = "") -> Callable[[tarfile.TarFile], None]:
    def put(archive: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        archive.addfile(info)

    return put


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (add(tarfile.REGTYPE, "../outside"), "outside"),
        (add(tarfile.REGTYPE, "/etc/outside"), "outside"),
        (add(tarfile.REGTYPE, "runs/../../outside"), "outside"),
        (add(tarfile.REGTYPE, "runs/./1/x"), "no name of a file of a backup"),
        (add(tarfile.REGTYPE, "model-host.json"), "no name of a file of a backup"),
        (add(tarfile.REGTYPE, "logs/web.log"), "no name of a file of a backup"),
        (add(tarfile.REGTYPE, "database/studio.db"), "no name of a file of a backup"),  # a second time
        (add(tarfile.REGTYPE, "runs/9/unknown"), "not what its manifest says"),
        (add(tarfile.SYMTYPE, "runs/1/link", "/etc/passwd"), "link, a folder or a device"),
        (add(tarfile.LNKTYPE, "runs/1/link", "database/studio.db"), "link, a folder or a device"),
        (add(tarfile.CHRTYPE, "runs/1/device"), "link, a folder or a device"),
        (add(tarfile.FIFOTYPE, "runs/1/pipe"), "link, a folder or a device"),
        (add(tarfile.DIRTYPE, "runs/1"), "link, a folder or a device"),
    ],
)
def test_an_archive_that_no_backup_wrote_is_refused_and_nothing_put_into_place(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: Any, word: str
) -> None:
    bad = remade(written, tmp_path / "bad.tar", same, more)
    assert restore(bad, tmp_path / "deep" / "back") == 1
    assert word in capsys.readouterr().err
    assert files_below(tmp_path / "deep") == {}
    assert not (tmp_path / "outside").exists()


def test_damage_is_found_whatever_it_is_and_nothing_put_into_place(written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = written.read_bytes()

    def told(bad: Path) -> str:
        assert restore(bad, tmp_path / "back") == 1
        assert files_below(tmp_path / "back") == {}
        return capsys.readouterr().err

    def manifest_with(**changes: Any) -> Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]:
        return lambda member, data: (member, json.dumps(json.loads(data) | changes).encode() if member.name == "manifest.json" else data)

    (tmp_path / "bad").write_bytes(whole[: len(whole) // 2])
    assert "no whole backup" in told(tmp_path / "bad")
    (tmp_path / "bad").write_bytes(whole.replace(b"weights", b"weightz"))
    assert "damaged" in told(tmp_path / "bad")
    (tmp_path / "bad").write_bytes(b"no tar at all")
    assert "no whole backup" in told(tmp_path / "bad")
    assert "damaged" in told(remade(written, tmp_path / "bad1", lambda member, data: None if "state" in member.name else (member, data)))
    assert "ends before its manifest" in told(remade(written, tmp_path / "bad2", lambda member, data: None if "manifest" in member.name else (member, data)))
    assert "format 2" in told(remade(written, tmp_path / "bad3", manifest_with(format=2)))
    assert "manifest cannot be read" in told(remade(written, tmp_path / "bad4", manifest_with(unknown=1)))
    assert "does not hold what its manifest says" in told(remade(written, tmp_path / "bad5", manifest_with(counts={"versions": 400})))
    assert "No such file" in told(tmp_path / "no such file")


def test_a_backup_of_a_newer_version_is_refused(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with studio.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 1
    assert "schema 9999" in capsys.readouterr().err
    monkeypatch.setattr("app.services.backups.newest_revision", lambda: "9999")
    assert back_up(studio.settings.data, tmp_path / "b.tar") == 0
    assert restore(tmp_path / "b.tar", tmp_path / "back") == 1
    assert "Start the newer version" in capsys.readouterr().err
    assert files_below(tmp_path / "back") == {}


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
        assert [v.sha256 for v in constitutions.history(before, 1)] == [v.sha256 for v in constitutions.history(after, 1)]
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
