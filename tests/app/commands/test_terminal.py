"""What a command says is only seen, whatever is in the texts; and files that never end, or can never be written, are said."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import files
from app.commands.files import read_bytes, require_writable
from core.errors import ConfigError, FileError
from tests.app.warm import ROOT

HOSTILE = '{"query": "Why\\u001b]0;mine\\u0007\\u009b2J\\rso\\u007f\\b?", "spl\\u001b[31mit": 1}\n'


def said(arguments: list[str], environ: dict[str, str]) -> bytes:
    """By a command at a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "app", *arguments], cwd=ROOT, env=os.environ | environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while block := os.read(ours, 65536):
            told += block
    except OSError:  # it has ended
        pass
    finally:
        os.close(ours)
        process.wait(60)
    return told


def test_texts_of_strangers_move_no_cursor_and_rename_no_window(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(HOSTILE * 3)
    told = said(["read", str(tmp_path / "q.jsonl")], {})
    assert b"Why\\x1b]0;mine\\x07\\x9b2J so\\x7f\\x08?" in told and b"`spl\\x1b[31mit`" in told
    assert not set(told.decode()) & {chr(code) for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160))}
    (tmp_path / "x\x1b[2J").mkdir()
    assert b"x\\x1b[2J" in said(["read", str(tmp_path / "x\x1b[2J")], {})  # and of no error


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_the_reader_s_encoding_lacks_is_written_out(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "q.txt").write_text("".join(f"What is “{i}”?\n" for i in range(40)))
    command = [sys.executable, "-m", "app", "read", str(tmp_path / "q.txt")]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"What is \\u201c1\\u201d?" in done.stdout


def test_a_file_that_never_ends_is_read_no_further_than_any_file_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 2_000_000)
    for endless in ("/dev/zero", "/dev/urandom"):
        with pytest.raises(FileError, match=f"{endless} holds more than 2 MB, or never ends"):
            read_bytes(Path(endless))
    (tmp_path / "large").write_bytes(b"x" * 2_000_001)
    with pytest.raises(FileError, match="Take a sample"):
        read_bytes(tmp_path / "large")
    (tmp_path / "large").write_bytes(b"x" * 2_000_000)
    assert len(read_bytes(tmp_path / "large")) == 2_000_000


@pytest.mark.parametrize("out", ["", ".", "/", "/dev/null", "/dev/stdout", "missing/r.jsonl"])
def test_where_no_file_can_be_put_is_said_before_anything_is_spent_on_it(tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--out is"):
        require_writable(Path(out))
    require_writable(Path("r.jsonl"))
    Path("r.jsonl").touch()
    require_writable(Path("r.jsonl"))
