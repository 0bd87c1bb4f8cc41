"""`check --out` keeps the replies of a check in a folder, and `mark` shows them to a person; or those of a check of the studio."""

import json
import shutil
from pathlib import Path

import pytest

from app.services.kept_checks import check_found
from tests.app.checked import kept_check, mark_check_whole
from tests.app.commands.calling import SMALL, run, shown, typed
from tests.app.marking import follows
from tests.app.planting import make_studio

KIND = "name: Kind\nprinciples:\n  - title: Be kind\n    statement: Be kind.\n    antithesis: Be unkind.\n"


@pytest.fixture(scope="module")
def asked(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `check --out` leaves it, on a constitution without a program."""
    (files / "kind.yaml").write_text(KIND)
    out = tmp_path_factory.mktemp("asked") / "of kind"
    done = run(*question(files, out), folder=files)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Before training: cannot be judged yet."), done.stderr
    assert f"Mark them: python -m app mark --run '{out}'" in done.stderr
    return out


def question(files: Path, out: Path) -> list[object]:
    settings = [part for setting in SMALL for part in ("--set", setting)]
    return ["check", "--constitution", files / "kind.yaml", "--queries", files / "q.jsonl", "--model", files / "model", *settings, "--out", out]


@pytest.fixture
def folder(asked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(asked, tmp_path / "asked"))


def test_the_folder_holds_all_that_was_asked_and_no_path_of_this_machine(asked: Path, files: Path) -> None:
    record = json.loads((asked / "check.json").read_text())
    assert set(record) == {"constitution", "model", "config", "trainability", "replies"} and str(files) not in (asked / "check.json").read_text()
    assert record["model"] == "model" and len(record["replies"]["queries"]) == 4 and len(record["replies"]["flipped"]) == 1


def test_a_folder_is_marked_without_a_database_to_the_checks_verdict(folder: Path, tmp_path: Path) -> None:
    begun = typed(tmp_path / "nowhere", "--run", folder, "--who", "Ada", keys="3u1q")
    assert begun.returncode == 0, begun.stderr
    assert "“Kind”, principle 1: “Be kind”" in begun.stdout and "prompt" not in begun.stdout and "statement" not in begun.stdout
    first = shown(begun.stdout)
    assert first[0] == first[2] != first[1]  # undone
    told = typed(tmp_path, "--run", folder, "--who", "Ada", keys="1" * 8)
    assert "as marked by Ada" in told.stdout and "replies marked." in told.stdout and "All " in told.stdout
    data = json.loads(typed(tmp_path, "--run", folder, "--json").stdout)
    assert data["trainability"]["principles"][0]["by"] == "Ada" and data["trainability"]["verdict"] == "no-go"  # both sides are marked alike
    assert data["marks"][0]["people"] == ["Ada"] and not (tmp_path / "nowhere").exists()
    typed(tmp_path, "--run", folder, "--who", "Bob", keys="2" * 8)
    assert json.loads(typed(tmp_path, "--run", folder, "--json").stdout)["marks"][0]["alpha"] is not None


def test_marks_of_a_folder_go_to_a_copy_of_it(folder: Path, tmp_path: Path) -> None:
    typed(tmp_path, "--run", folder, "--who", "Ada", keys="12" * 4)
    before = json.loads(typed(tmp_path, "--run", folder, "--json").stdout)
    assert typed(tmp_path, "--run", folder, "--export", tmp_path / "marks.csv").returncode == 0
    copy = tmp_path / "another name"
    folder.rename(copy)
    (copy / "marks.jsonl").unlink()
    assert "marks imported." in typed(tmp_path, "--run", copy, "--import", tmp_path / "marks.csv").stdout
    assert json.loads(typed(tmp_path, "--run", copy, "--json").stdout) == before


def test_a_folder_that_holds_a_check_or_a_run_is_not_written_over(folder: Path, files: Path, tmp_path: Path) -> None:
    refused = run(*question(files, folder), folder=files)
    assert refused.returncode == 1 and "holds check.json already, and marks may go with it. Name a new folder." in refused.stderr
    (tmp_path / "file").write_text("")
    refused = run(*question(files, tmp_path / "file"), folder=files)
    assert refused.returncode == 1 and "which is no folder" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"constitution": 1}', "[" * 100_000])
def test_a_damaged_record_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "check.json").write_text(text)
    refused = typed(tmp_path, "--run", tmp_path, keys="1")
    assert refused.returncode == 1 and "is no record of a check that can be read" in refused.stderr and refused.stderr.count("\n") == 1


def test_a_check_of_the_studio_is_marked_by_its_number(tmp_path: Path) -> None:
    studio = make_studio(tmp_path / "data")
    check = kept_check(studio)
    mark_check_whole(studio, check, "Ada", most=30)
    rest = typed(tmp_path, "--check", check, "--who", "Ada", keys="12")
    assert "[31 of 32]" in rest.stdout and "All 32 marked." in rest.stdout and "as marked by Ada" in rest.stdout
    order = shown(typed(tmp_path, "--check", check, "--who", "Bob", keys="2" * 32).stdout)
    assert len(order) == 32 and sum(map(follows, order)) == 10
    assert check_found(studio, check).marks[0] is not None
    assert "There is no check 99" in typed(tmp_path, "--check", 99).stderr
    assert typed(tmp_path, "--check", check, "--run", check).returncode == 2
    studio.engine.dispose()
