"""`checks`, `conflicts` and `labs`, as an operator types them."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.app.checked import kept_check, mark_check_whole
from tests.app.commands.calling import run
from tests.app.conflicting import kept_conflict
from tests.app.labs import finished_lab, queue_lab
from tests.app.planting import make_studio
from tests.app.warm import ROOT


def planted(data: Path) -> tuple[int, int, int]:
    """Two checks, of which the first is marked, and a conflict."""
    studio = make_studio(data)
    marked, other, conflict = kept_check(studio), kept_check(studio, name="Gallery"), kept_conflict(studio)
    mark_check_whole(studio, marked, "Ada", most=5)
    mark_check_whole(studio, marked, "Ben", most=1)
    studio.engine.dispose()
    return marked, other, conflict


def test_checks_are_listed_and_deleted_with_their_marks(tmp_path):
    marked, other, _ = planted(tmp_path / "data")
    listed = json.loads(run("checks", "list", "--json", folder=tmp_path).stdout)
    assert [(row["check"], row["constitution"], row["version"], row["requested_by"]) for row in listed] == [
        (other, "Gallery", 1, "Ann"),
        (marked, "Museum", 1, "Ann"),
    ]
    assert run("checks", "list", folder=tmp_path).stdout.splitlines()[1].startswith(f"{marked}  Museum  1  SmolLM2-135M-Instruct  Ann  20")
    unsure = run("checks", "delete", str(marked), folder=tmp_path)
    assert unsure.returncode == 1 and "Give --yes" in unsure.stderr
    done = run("checks", "delete", str(marked), "--yes", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"Check {marked} is deleted.\n")
    again = run("checks", "delete", str(marked), "--yes", folder=tmp_path)
    assert (again.returncode, again.stderr) == (1, f"error: There is no check {marked}.\n")
    assert [row["check"] for row in json.loads(run("checks", "list", "--json", folder=tmp_path).stdout)] == [other]
    gone = run("mark", "--check", str(marked), "--json", folder=tmp_path)
    assert gone.returncode == 1 and f"There is no check {marked}." in gone.stderr
    assert f"check.deleted  check {marked}" in run("audit", folder=tmp_path).stdout
    odd = run("checks", "delete", "one", folder=tmp_path)
    assert odd.returncode == 2 and "must be a number, as `list` prints it, got 'one'" in odd.stderr


def test_conflicts_are_listed_and_deleted(tmp_path):
    _, _, conflict = planted(tmp_path / "data")
    (row,) = json.loads(run("conflicts", "list", "--json", folder=tmp_path).stdout)
    assert (row["conflict"], row["constitution"], row["first"], row["second"], row["requested_by"]) == (conflict, "Two", 1, 2, "Ann")
    done = run("conflicts", "delete", str(conflict), "--yes", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"Conflict {conflict} is deleted.\n")
    assert run("conflicts", "list", folder=tmp_path).stderr == "There is no conflict.\n"
    assert f"conflict.deleted  conflict {conflict}" in run("audit", folder=tmp_path).stdout


def test_batteries_are_listed_and_those_that_have_ended_deleted(tmp_path):
    studio = make_studio(tmp_path / "data")
    lab = finished_lab(studio)
    waiting = queue_lab(studio, key="a-battery-2")
    studio.engine.dispose()
    listed = json.loads(run("labs", "list", "--json", folder=tmp_path).stdout)
    assert [(row["battery"], row["status"], row["constitution"], row["run"]) for row in listed] == [
        (waiting, "queued", "Brevity", None),
        (lab, "finished", "Brevity", None),
    ]
    refused = run("labs", "delete", str(waiting), "--yes", folder=tmp_path)
    assert refused.returncode == 1 and f"Battery {waiting} is queued. Stop it" in refused.stderr
    done = run("labs", "delete", str(lab), "--yes", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"Battery {lab} is deleted.\n")
    assert f"lab.deleted  job {lab}" in run("audit", folder=tmp_path).stdout


def test_at_a_terminal_it_is_asked_first_and_said_whose_marks_go(tmp_path):
    marked, *_ = planted(tmp_path / "data")
    asks = f"Delete check {marked}? Its verdict and its replies are gone for good then, and so are the 6 marks of them (5 by Ada, 1 by Ben)."
    for answer, says in ((b"\n", "Nothing was deleted."), (b"y\n", f"Check {marked} is deleted.")):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "app", "checks", "delete", str(marked), "--data", str(tmp_path / "data")]
        process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        os.write(ours, answer)
        said, _ = process.communicate(timeout=120)
        os.close(ours)
        os.close(theirs)
        assert asks in said and says in said, said
