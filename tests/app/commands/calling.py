"""The command line called as a stranger calls it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from tests.app import warm
from tests.app.warm import ROOT, WITHIN_S

PLAIN = """\
name: Brief
principles:
  - title: Be brief
    statement: Answer in one sentence.
    antithesis: Answer at length.
    check: {max_words: 20}
"""
CONSTITUTION = f"""\
{PLAIN}    scenarios:
      - query: What is rain?
        follows: It says that water falls.
"""
SMALL = [
    "train_queries=4",
    "held_out_queries=3",
    "queries_per_step=2",
    "lora_rank=4",
    "lora_alpha=8",
    "sampling.max_new_tokens=6",
    "sampling.temperature=1",
    "max_kl_nats=0",
    "train_anyway=true",  # a random model follows nothing
]


def run(*arguments, folder):
    return warm.run(arguments, os.environ | {"STUDIO_DATA": str(folder / "data")})


def cold(*arguments, folder):
    """The same with an interpreter of its own: for each command it is done once."""
    environ = os.environ | {"STUDIO_DATA": str(folder / "data")}
    return subprocess.run([sys.executable, "-m", "app", *map(str, arguments)], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)


def train_arguments(files, out, *more):
    settings = [part for setting in (*SMALL, *more) for part in ("--set", setting)]
    named = ["--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", "--out", out]
    return ["train", *named, "--method", "sami", "--seed", 3, *settings]


def typed(folder: Path, *arguments: object, keys: str = "") -> SimpleNamespace:
    """`mark` with something typed at it, a key a line."""
    with tempfile.TemporaryFile("w+") as reads, tempfile.TemporaryFile("w+") as says, tempfile.TemporaryFile("w+") as complains:
        reads.write("".join(f"{key}\n" for key in keys))
        reads.seek(0)
        environ = os.environ | {"STUDIO_DATA": str(folder / "data")}
        process = warm.start(("mark", *arguments), environ, (reads.fileno(), says.fileno(), complains.fileno()))
        process.join(WITHIN_S)
        said = [file.read() for file in (says, complains) if file.seek(0) == 0]
    return SimpleNamespace(returncode=process.exitcode, stdout=said[0], stderr=said[1])


def shown(text: str) -> list[str]:
    """The replies that it showed."""
    return [line.removeprefix("Reply | ") for line in text.splitlines() if line.startswith("Reply | ")]
