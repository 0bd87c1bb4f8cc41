"""The command line called as a stranger calls it."""

import os
import subprocess
import sys

from tests.app import warm
from tests.app.warm import ROOT

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
