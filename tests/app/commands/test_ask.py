"""`ask`, as a person at a terminal types it, against a real server that speaks the protocol."""

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.services.studio import Studio
from db.verdict_table import ModelVerdict
from tests.app import warm
from tests.app.judging import Handler, JudgeServer, attentive, judge_server
from tests.app.marking import finished_run, mark_all
from tests.app.planting import make_studio, queue
from tests.app.warm import ROOT, WITHIN_S

KEY = "sk-not-to-be-seen"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


def typed(folder: Path, *arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    return warm.run(("ask", *arguments), os.environ | {"STUDIO_DATA": str(folder / "data"), **environ})


def asking(server: JudgeServer, run: int, *more: object) -> tuple[object, ...]:
    return ("--run", run, "--judge", server.address, "--model", "m", *more)


def kept(studio: Studio) -> list[ModelVerdict]:
    with studio.sessions.read() as session:
        return list(session.query(ModelVerdict).order_by(ModelVerdict.id))


def test_it_asks_says_how_far_it_is_and_what_came_out(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio)
    mark_all(studio, run)
    done = typed(tmp_path, *asking(server, run, "--yes", "--who", "Ada", "--price-in", "5", "--price-out", "50"), STUDIO_JUDGE_KEY=KEY)
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    assert told[0].startswith(f"“Museum”, run {run}: 48 questions about 24 cards go to {server.address}, model m. Each holds a query, a reply")
    assert len(told) == 25 and told[1].startswith("1/24  ") and {line.partition("  ")[2] for line in told[1:]} == {"follows", "does not"}
    said = done.stdout.splitlines()
    assert said[:2] == ["24 of 24 cards asked about.", "1 “Only”: 8 follow, 16 do not."]
    assert said[2].startswith("  Agreement with people, over all runs of this principle: Cohen’s kappa 1.00 (0.") and said[2].endswith(
        "n = 24 replies. The longer of two follows in 1.00 of pairs, by people’s marks in 1.00 (difference 0.00, 0.00 to 0.00, n = 24 replies)."
    )
    assert said[3] == "  Reaches the bound (the lower end must be at least 0.4, with 24 cards or more): used where no program and no marks judge."
    assert said[4].startswith("A question took 0.") and said[5] == "Tokens: 4,800 sent, 96 answered. At 5 and 50 a million: 0.0288."
    assert {headers["Authorization"] for _, headers, _ in server.seen} == {f"Bearer {KEY}"}
    assert {row.who for row in kept(studio)} == {"Ada"}


def test_the_key_is_nowhere_but_on_its_way(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio, n=2)
    server.answer = lambda handler, _: handler.say(f"A {handler.headers['Authorization']}") if len(server.seen) < 4 else handler.say(KEY, 401)
    done = typed(tmp_path, *asking(server, run, "--yes"), STUDIO_JUDGE_KEY=KEY)
    assert done.returncode == 1 and "Check STUDIO_JUDGE_KEY" in done.stderr and len(kept(studio)) == 1
    assert KEY not in done.stdout + done.stderr
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_without_marks_it_is_shown_and_not_used(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio, n=2)
    done = typed(tmp_path, *asking(server, run, "--yes"))
    said = done.stdout.splitlines()
    assert said[2].startswith("  Nobody has marked cards that it judged by this principle, in any run. ") and "by people’s marks it is not known" in said[2]
    assert said[3].startswith("  Shown and not used: the lower end must be")


def test_nothing_is_sent_before_somebody_says_yes(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio, n=1)
    unsure = typed(tmp_path, *asking(server, run))
    assert unsure.returncode == 1 and "Give --yes" in unsure.stderr and server.seen == []
    for answer, questions, says in ((b"\n", 0, "Nothing was asked."), (b"y\n", 6, "3 of 3 cards asked about.")):
        ours, theirs = pty.openpty()
        arguments = [str(argument) for argument in asking(server, run, "--data", tmp_path / "data")]
        process = subprocess.Popen([sys.executable, "-m", "app", "ask", *arguments], cwd=ROOT, stdin=theirs, stdout=-1, stderr=-1, text=True)
        os.write(ours, answer)
        said, complained = process.communicate(timeout=120)
        os.close(ours)
        os.close(theirs)
        assert process.returncode == 0 and "6 questions about 3 cards go to" in complained and says in said
        assert len(server.seen) == questions


def test_what_has_a_verdict_is_not_asked_again(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio, n=3)
    first = json.loads(typed(tmp_path, *asking(server, run, "--yes", "--limit", 4, "--json")).stdout)
    assert (first["cards"], first["asked"], len(server.seen)) == (4, 4, 8)
    rest = typed(tmp_path, *asking(server, run, "--yes"))
    assert "10 questions about 5 cards (4 of 9 cards have a verdict of this judge) go to" in rest.stderr and len(server.seen) == 18
    again = typed(tmp_path, *asking(server, run))  # without --yes: there is nothing to be sure of
    assert again.returncode == 0 and "9 of 9 cards asked about." in again.stdout and len(server.seen) == 18


def interrupted(server: JudgeServer, folder: Path, arguments: tuple[object, ...], number: int, at: int) -> SimpleNamespace:
    """The command, to which a signal is sent while its question number `at` is not answered yet."""
    reached, go_on = threading.Event(), threading.Event()

    def slow(handler: Handler, body: dict[str, Any]) -> None:
        if len(server.seen) == at:
            reached.set()
            go_on.wait(WITHIN_S)
        attentive(handler, body)

    server.answer = slow
    with open(os.devnull) as reads, tempfile.TemporaryFile("w+") as says, tempfile.TemporaryFile("w+") as complains:
        environ = os.environ | {"STUDIO_DATA": str(folder / "data")}
        process = warm.start(("ask", *arguments), environ, (reads.fileno(), says.fileno(), complains.fileno()))
        assert reached.wait(WITHIN_S) and process.pid is not None
        os.kill(process.pid, number)
        if number == signal.SIGKILL:
            process.join(WITHIN_S)
        go_on.set()
        process.join(WITHIN_S)
        said = [file.read() for file in (says, complains) if file.seek(0) == 0]
    server.answer = attentive
    return SimpleNamespace(returncode=process.exitcode, stdout=said[0], stderr=said[1])


def test_killed_in_the_middle_it_loses_no_card_and_the_same_command_goes_on(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio)
    dead = interrupted(server, tmp_path, asking(server, run, "--yes"), signal.SIGKILL, at=12)  # the second question of the sixth card
    assert dead.returncode == -signal.SIGKILL
    before = [(row.id, row.shown, row.follows, row.asked_at) for row in kept(studio)]
    assert len(before) == 5
    rest = typed(tmp_path, *asking(server, run, "--yes"))
    assert "38 questions about 19 cards (5 of 24" in rest.stderr and "24 of 24 cards asked about.\n1 “Only”: 8 follow, 16 do not." in rest.stdout
    assert [(row.id, row.shown, row.follows, row.asked_at) for row in kept(studio)][:5] == before
    assert len(server.seen) == 12 + 38


def test_ctrl_c_ends_after_the_card_and_says_what_came_out_so_far(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio)
    left = interrupted(server, tmp_path, asking(server, run, "--yes"), signal.SIGINT, at=7)
    assert left.returncode == 130 and "4 of 24 cards asked about." in left.stdout and "The same command goes on." in left.stderr
    assert len(kept(studio)) == 4 and len(server.seen) == 8
    typed(tmp_path, *asking(server, run, "--yes"))
    assert len(kept(studio)) == 24 and len(server.seen) == 48


def test_a_busy_endpoint_is_waited_for_and_ctrl_c_ends_the_waiting(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio, n=1)
    server.answer = lambda handler, body: handler.say("wait", 429, Retry_After="1") if len(server.seen) == 1 else attentive(handler, body)
    done = typed(tmp_path, *asking(server, run, "--yes"))
    assert done.returncode == 0 and "3 of 3 cards asked about." in done.stdout and len(server.seen) == 7

    seen = threading.Event()

    def busy(handler: Handler, _: object) -> None:
        handler.say("wait", 429, Retry_After="50")
        seen.set()

    server.answer = busy
    with open(os.devnull) as reads, tempfile.TemporaryFile("w+") as says:
        environ = os.environ | {"STUDIO_DATA": str(tmp_path / "data")}
        process = warm.start(("ask", *asking(server, run, "--yes", "--max-tokens", 9)), environ, (reads.fileno(), says.fileno(), says.fileno()))
        assert seen.wait(WITHIN_S) and process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        process.join(WITHIN_S)
    assert process.exitcode == 130 and len(server.seen) == 8


def test_an_endpoint_that_fails_is_told_with_what_was_answered(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run = finished_run(studio, n=2)
    server.answer = lambda handler, body: handler.send(b"<html>") if len(server.seen) > 2 else attentive(handler, body)
    done = typed(tmp_path, *asking(server, run, "--yes"))
    assert done.returncode == 1 and "3 cards in a row. What was answered is kept, and the same command goes on." in done.stderr
    assert "4 of 6 cards asked about, 3 failed and will be asked about again." in done.stdout
    server.answer = attentive
    assert "6 of 6 cards asked about.\n" in typed(tmp_path, *asking(server, run, "--yes")).stdout


def test_what_cannot_be_asked_is_said_in_one_line(studio: Studio, server: JudgeServer, tmp_path: Path) -> None:
    run, waiting = finished_run(studio, n=1), queue(studio, key="waits-in-line")
    address, named = ("--judge", server.address), ("--model", "m")
    for arguments, words in (
        (("--run", 99, *address, *named), "There is no run 99"),
        (("--run", waiting, *address, *named), "is queued: it has no held-out replies"),
        (("--run", run, "--judge", "http://me:secret@host/v1", *named), "without user name, query and fragment"),
        (("--run", run, *address, "--model", " "), "The judge's model is ' '."),
        (("--run", run, *address, *named, "--price-in", 1), "Give both --price-in and --price-out"),
        (("--run", run, *address, *named, "--who", "\u202e"), "another sign that cannot be shown"),
        (("--run", run, *address, *named, "--data", tmp_path / "nowhere"), "There is no studio in"),
    ):
        refused = typed(tmp_path, *arguments, "--yes")
        assert refused.returncode == 1 and words in refused.stderr and refused.stderr.count("\n") == 1 and "secret" not in refused.stderr, refused.stderr
    for wrong in (("--limit", 0), ("--limit", "x"), ("--price-in", "nan"), ("--price-out", "-1")):
        assert typed(tmp_path, "--run", run, *address, *named, *wrong).returncode == 2
    assert server.seen == []
