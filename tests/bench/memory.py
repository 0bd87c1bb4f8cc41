"""Peak memory of training steps, and of a whole quick run against the page's estimate.

    python -m tests.bench.memory [--data DIR] [--json]

Each figure is the peak resident size of a process of its own. The aim: a step of n = 16 constitutions in no more memory than one of
n = 2 the reference way (n x n padded sequences, logits everywhere), and an estimate within a fifth of what a run takes. Packed and
recomputed are a step as it is trained, without and with activation checkpointing.
"""

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from app.services.studio import STARTERS, read_starters
from core.constitution.files import dump_yaml
from core.engine.activations import recomputing
from core.engine.hardware import survey
from core.engine.policies import as_it_is
from core.machine import DEFAULT_SHAPE
from core.methods.gradients import add_gradient, replay_gradient
from core.methods.sami.recipe import objective
from core.methods.sami.settings import SamiSettings
from core.methods.settings import preset
from core.runs.estimates import estimate
from tests.bench.step import draw_example, load, reference_way

ROOT = Path(__file__).parents[2]
CASES = ((70, 50), (400, 60))
WAYS = (("reference", 2), ("packed", 2), ("recomputed", 2), ("replay", 2), ("replay", 16))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="studio-data", help="folder with the default model")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", nargs=4, metavar=("WAY", "PROMPT", "RESPONSE", "N"), help=argparse.SUPPRESS)  # one step, in this process
    options = parser.parse_args()
    if options.step:
        print(_step_bytes(options.data, options.step[0], *map(int, options.step[1:])))
        return
    run = _run(options.data)  # first: the system tells the peak of the largest child so far
    rows = [_case(options.data, *case) for case in CASES]
    if options.json:
        print(json.dumps({"machine": asdict(survey(torch.device("cpu"))), "steps": rows, "run": run}, indent=1))
    else:
        print(*rows, run, sep="\n")


def _case(data: str, prompt: int, response: int) -> dict[str, Any]:
    sizes = {f"{way} n={n}": _in_a_process(data, way, prompt, response, n) for way, n in WAYS}
    return {"prompt": prompt, "response": response, **{name: round(size / 1e9, 2) for name, size in sizes.items()}}


def _in_a_process(data: str, way: str, prompt: int, response: int, n: int) -> int:
    command = [sys.executable, "-m", "tests.bench.memory", "--data", data, "--step", way, str(prompt), str(response), str(n)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()[-1])


def _step_bytes(data: str, way: str, prompt: int, response: int, n: int) -> int:
    model, example = load(data, None, plainly=way == "reference"), draw_example(prompt, response, n)
    if way == "reference":
        reference_way(model, example)
    elif way == "replay":
        replay_gradient(as_it_is(model, "sami"), example, objective(SamiSettings(), distance=False), 1.0)
    else:
        with recomputing(model) if way == "recomputed" else contextlib.nullcontext():
            add_gradient(as_it_is(model, "sami"), example, objective(SamiSettings(), distance=False), 1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _run(data: str) -> dict[str, Any]:
    """A quick run of the first starter: its peak and what the page would have said."""
    constitution = read_starters()[0].constitution
    said = estimate(preset("quick"), DEFAULT_SHAPE, survey(torch.device("cpu")), constitution).memory_bytes
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "c.yaml").write_text(dump_yaml(constitution))
        command = [sys.executable, "-m", "app", "train", "--constitution", f"{folder}/c.yaml", "--queries", str(STARTERS / "queries.jsonl")]
        subprocess.run([*command, "--out", f"{folder}/run", "--data", data], cwd=ROOT, check=True, capture_output=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024  # of the largest child
    return {"peak_gb": round(peak / 1e9, 2), "estimate_gb": round(said / 1e9, 2), "ratio": round(said / peak, 2)}


if __name__ == "__main__":
    main()
