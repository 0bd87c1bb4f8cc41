"""`user` and `audit`, as an operator types them."""

import argparse
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands.audit import moment
from tests.app.commands.calling import run
from tests.app.warm import ROOT

PASSWORD = "correct horse battery"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(f"\ufeff{PASSWORD}\r\n", encoding="utf-8")
    return tmp_path / "secret"


def test_accounts_are_made_listed_changed_and_removed_and_the_log_tells_it(tmp_path, secret):
    made = run("user", "add", " Zoë ", "--password-file", secret, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout == "“Zoë” can sign in.\nFrom now on only those who have an account are let in.\n"
    assert run("user", "add", "Ben", "--password-file", secret, folder=tmp_path).stdout == "“Ben” can sign in.\n"
    listed = run("user", "list", folder=tmp_path).stdout.splitlines()
    assert [line.partition("  ")[2] for line in listed] == ["Ben", "Zoë"] and re.match(r"20\d\d-\d\d-\d\dT.*\+00:00  ", listed[0])
    assert [row["name"] for row in json.loads(run("user", "list", "--json", folder=tmp_path).stdout)] == ["Ben", "Zoë"]
    changed = run("user", "password", "ZOË", "--password-file", secret, folder=tmp_path)
    assert changed.returncode == 0 and "“Zoë” has another password" in changed.stdout
    removed = run("user", "remove", "ben", folder=tmp_path)
    assert removed.returncode == 0 and "0 drafts keep the name" in removed.stdout and "last account" not in removed.stdout
    assert "the last account" in run("user", "remove", "Zoë", folder=tmp_path).stdout

    printed = run("audit", folder=tmp_path)
    assert printed.returncode == 0, printed.stderr
    lines = [line.split("  ") for line in printed.stdout.splitlines()]
    what = ["user.added", "user.added", "user.password", "user.removed", "user.removed"]
    assert [(line[2], line[3], line[5]) for line in lines] == [("the command line", each, "done") for each in what]
    rows = [json.loads(line) for line in run("audit", "--json", "--since", "1h", "--who", lines[0][1].upper(), folder=tmp_path).stdout.splitlines()]
    assert [row["what"] for row in rows] == what and rows[0].keys() == {"at", "who", "place", "what", "subject", "outcome", "count", "detail"}
    assert run("audit", "--who", "somebody else", folder=tmp_path).stdout == run("audit", "--since", "2100-01-01", folder=tmp_path).stdout == ""
    everything = "".join(path.read_bytes().decode("latin-1") for path in (tmp_path / "data").iterdir() if path.is_file())
    assert PASSWORD not in everything + printed.stdout and "argon2id" not in printed.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "Ann"], "no terminal to type a password at"),
        (["add", "Ann", "--password-file", "SHORT"], "has 5 characters"),
        (["add", "Ann", "--password-file", "BINARY"], "not UTF-8"),
        (["add", "you", "--password-file", "SECRET"], "Type another"),
        (["password", "Ann", "--password-file", "SECRET"], "no account 'Ann'"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error(tmp_path, secret, arguments, words):
    files = {"SECRET": PASSWORD.encode(), "SHORT": b"short", "BINARY": b"\xff\xfe\x00aaaaaaa"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = run("user", *[tmp_path / part if part in files else part for part in arguments], folder=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("error: ") and words in done.stderr and done.stderr.count("\n") == 1
    assert "short" not in done.stderr.lower().replace(str(tmp_path), "") and PASSWORD not in done.stderr


def test_a_password_comes_from_standard_input_and_where_there_is_none_the_list_says_how(tmp_path):
    environ = os.environ | {"STUDIO_DATA": str(tmp_path / "data"), "STUDIO_PASSWORD": "the shared one"}
    command = [sys.executable, "-m", "app", "user", "add", "Ann", "--password-file", "-"]
    done = subprocess.run(command, cwd=ROOT, env=environ, input=PASSWORD, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "STUDIO_PASSWORD lets nobody in any more" in done.stdout
    nobody = run("user", "list", folder=tmp_path / "other")
    assert (nobody.returncode, nobody.stdout) == (0, "") and "user add NAME" in nobody.stderr


def typed(tmp_path: Path, *lines: str) -> tuple[int, str]:
    """`user add Ann` at a terminal: what it ends with, and all that the terminal showed."""
    ours, theirs = pty.openpty()
    environ = os.environ | {"STUDIO_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "app", "user", "add", "Ann"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    for prompt, line in zip((b"Password: ", b"Once more: "), lines, strict=True):
        while prompt not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, f"{line}\n".encode())
    try:
        while part := os.read(ours, 1000):
            shown += part
    except OSError:  # the other end was closed
        pass
    os.close(ours)
    return process.wait(60), shown.decode()


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(tmp_path):
    status, shown = typed(tmp_path, PASSWORD, "something else")
    assert status == 1 and "The two passwords differ" in shown and PASSWORD not in shown
    status, shown = typed(tmp_path, PASSWORD, PASSWORD)
    assert status == 0 and "“Ann” can sign in." in shown and PASSWORD not in shown


def test_moments_are_read_in_utc_unless_they_name_a_zone():
    assert moment("2026-11-01").isoformat() == "2026-11-01T00:00:00+00:00"
    assert moment("2026-11-01T08:30+02:00").isoformat() == "2026-11-01T06:30:00+00:00"
    assert 6.9 < (moment("1m") - moment("7d")).total_seconds() / 86400 < 7


@pytest.mark.parametrize("text", ["yesterday", "", "7", "99999d", "2026-13-01", "0001-01-01T00:00+10:00"])
def test_what_is_no_moment_is_refused_with_examples(text):
    with pytest.raises(argparse.ArgumentTypeError, match="such as 2026-11-01") as refusal:
        moment(text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("arguments", [["web"], []])
def test_a_server_that_others_can_reach_does_not_start_without_anybody_to_ask_for(tmp_path, arguments):
    done = run(*arguments, "--host", "0.0.0.0", "--port", "1", folder=tmp_path)
    assert done.returncode == 1 and "user add NAME" in done.stderr and "STUDIO_PASSWORD" in done.stderr
