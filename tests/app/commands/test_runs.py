"""`runs`, as an operator types it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from app.present.run_list import came_out
from app.services import runs
from db import claims
from tests.app.commands.calling import run
from tests.app.planting import claim, finish, make_studio, queue
from tests.app.results import capitals, result
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


def test_the_list_says_what_the_page_says_came_out(tmp_path):
    studio = make_studio(tmp_path / "data")
    ids = [queue(studio, key=f"run-number-{i}") for i in range(3)]
    finish(studio, claim(studio), result(result().report.principles[0], capitals()))
    held = claim(studio)
    with studio.sessions.begin() as session:
        claims.fail(session, held, "memory", "Memory ran out.")
    lines = {line.id: came_out(line) for line in runs.list_runs(studio)}
    studio.engine.dispose()
    listed = json.loads(run("runs", "list", "--json", folder=tmp_path).stdout)
    assert {row["run"]: row["says"] for row in listed} == lines
    assert [lines[each] for each in ids] == ["finished: 1 followed, 1 not followed", "failed: memory ran out", "waiting"]
    assert f"{ids[0]}  finished: 1 followed, 1 not followed  Brevity  1  " in run("runs", "list", folder=tmp_path).stdout


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
