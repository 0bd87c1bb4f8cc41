"""`runs`, as an operator types it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from app.services import runs
from tests.app.commands.calling import run
from tests.app.planting import make_studio, queue
from tests.app.warm import ROOT


def planted(data: Path) -> list[int]:
    """Two runs that were stopped before they began, and one that waits."""
    studio = make_studio(data)
    ids = [queue(studio, key=f"run-number-{i}") for i in range(3)]
    for run_id in ids[:2]:
        runs.stop(studio, run_id)
    studio.engine.dispose()
    return ids


def test_runs_are_listed_and_those_that_have_ended_are_deleted(tmp_path):
    first, second, waiting = planted(tmp_path / "data")
    listed = json.loads(run("runs", "list", "--json", folder=tmp_path).stdout)
    assert [(row["run"], row["status"]) for row in listed] == [(waiting, "queued"), (second, "stopped"), (first, "stopped")]
    assert run("runs", "list", folder=tmp_path).stdout.splitlines()[2].startswith(f"{first}  stopped  Brevity  1  SmolLM2-135M-Instruct  Ann  20")
    unsure = run("runs", "delete", str(first), folder=tmp_path)
    assert unsure.returncode == 1 and "Give --yes" in unsure.stderr
    done = run("runs", "delete", str(first), "--yes", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"Run {first} is deleted.\n")
    again = run("runs", "delete", str(first), "--yes", folder=tmp_path)
    assert (again.returncode, again.stderr) == (1, f"error: There is no run {first}.\n")
    busy = run("runs", "delete", str(waiting), "--yes", folder=tmp_path)
    assert busy.returncode == 1 and f"Run {waiting} is queued. Stop it, then delete it." in busy.stderr
    assert [row["run"] for row in json.loads(run("runs", "list", "--json", folder=tmp_path).stdout)] == [waiting, second]
    assert f"run.deleted  run {first}" in run("audit", folder=tmp_path).stdout


def test_at_a_terminal_it_is_asked_first(tmp_path):
    first, *_ = planted(tmp_path / "data")
    for answer, says in ((b"\n", "Nothing was deleted."), (b"y\n", f"Run {first} is deleted.")):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "app", "runs", "delete", str(first), "--data", str(tmp_path / "data")]
        process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        os.write(ours, answer)
        said, _ = process.communicate(timeout=120)
        os.close(ours)
        os.close(theirs)
        assert f"Delete run {first}?" in said and says in said, said
