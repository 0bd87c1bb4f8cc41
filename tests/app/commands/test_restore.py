"""What is not brought back: files that no backup wrote, and where something is already."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.processes.place import only_one
from app.services.studio import Studio
from app.settings import Settings, prepare_data_folder
from tests.app.commands.archiving import back_up, files_below, furnished, restore


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
        (add(tarfile.REGTYPE, "database/studio.db-wal"), "no name of a file of a backup"),  # SQLite would take it for what came after
        (add(tarfile.REGTYPE, "database/other"), "no name of a file of a backup"),
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
    assert "no whole backup" in (said := told(tmp_path / "bad")) and said.count("\n") == 1
    assert "damaged" in told(remade(written, tmp_path / "bad1", lambda member, data: None if "state" in member.name else (member, data)))
    assert "ends before its manifest" in told(remade(written, tmp_path / "bad2", lambda member, data: None if "manifest" in member.name else (member, data)))
    assert "format 2" in told(remade(written, tmp_path / "bad3", manifest_with(format=2)))
    odd: list[dict[str, Any]] = [{"unknown": 1}, {"counts": None}, {"counts": 5}, {"database": ["sqlite"]}, {"files": "x"}, {"notes": [1]}, {"made_at": {}}]
    for number, changes in enumerate(odd):
        assert "manifest cannot be read" in told(remade(written, tmp_path / f"odd{number}", manifest_with(**changes))), changes
    assert "holds no database" in told(remade(written, tmp_path / "odd", manifest_with(database="oracle")))
    assert "holds no database" in told(remade(written, tmp_path / "bad4", manifest_with(files={})))
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
