"""Kill `train` for good at random moments, again and again, and see that its files are those of a run that was left alone.

    python -m tests.rounds.train_kills [--kills 1000] [--seed 0] [--jobs 2]

At the terminal, on a small random model, with a checkpoint after every step: nothing limits how often a run may die, so kills come as often as a
start takes. Each run is killed about a dozen times, in the order of its phases, and then let end; `training_kills` kills the processes of whole studios.
Exit status 1 when anything differs, with the seed and the moments.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO, Any

from core.methods.settings import TrainConfig
from core.runs.phases import run_phases
from tests.app import warm
from tests.rounds.small_runs import QUERIES, SETTINGS
from tests.tiny import save_tiny_model

CONSTITUTION = """\
name: Brief and kind
principles:
  - {title: Be brief, statement: Answer in one sentence., antithesis: Answer at length., check: {max_words: 20}}
  - {title: Be kind, statement: Be warm., antithesis: Be cold.}
"""
ORDER = run_phases(TrainConfig(iterations=int(str(SETTINGS["iterations"]))))
KILLS = 12  # of one run, at most
WITHIN_S = 300.0


@dataclass(frozen=True)
class Killed:
    """What became of one run."""

    kills: int
    same: bool
    told: tuple[str, ...]  # when it was killed


def prepare(folder: Path) -> None:
    """What the runs are made of."""
    (folder / "c.yaml").write_text(CONSTITUTION)
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUERIES))
    save_tiny_model(folder / "model")


def keep_every_step() -> None:
    """A checkpoint is due after each step: at its own pace a run this small would have none to go on from."""
    import core.runs.loop

    core.runs.loop.CHECKPOINT_EVERY_S = 0.0


def start(files: Path, out: Path, seed: int) -> tuple[ForkServerProcess, IO[str]]:
    """The command line, and what it says about its progress."""
    arguments = ["train", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", "--out", out, "--seed", seed]
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    environ = os.environ | {"STUDIO_DATA": str(files / "data"), "OMP_NUM_THREADS": "1"}
    ours, theirs = os.pipe()
    with open(os.devnull, "r+") as nothing, os.fdopen(theirs, "w") as errors:
        process = warm.start([*arguments, *settings], environ, (nothing.fileno(), nothing.fileno(), errors.fileno()), keep_every_step)
    return process, os.fdopen(ours)


def finish(files: Path, out: Path, seed: int, told: tuple[str, ...] = ()) -> dict[str, Any]:
    """Let a run end; what it left: the bytes of its adapter, and its record but for the time it took."""
    process, errors = start(files, out, seed)
    with errors:
        said = errors.read()
    process.join(WITHIN_S)
    if process.exitcode != 0:
        raise AssertionError((*told, said))
    record = json.loads((out / "run.json").read_text())
    assert record.pop("duration_s") > 0
    return {"adapter": (out / "adapter" / "adapter_model.safetensors").read_bytes(), "record": record}


def kill_in(started: tuple[ForkServerProcess, IO[str]], phase: str, lines: int, delay_s: float) -> int | None:
    """SIGKILL a little after the process has said so many lines about a phase, or has gone past it; the status with which it ended."""
    process, errors = started
    seen = 0
    with errors:
        for line in errors:
            said = next((name for name in reversed(ORDER) if line.startswith(f"{name} ") and line[len(name) + 1].isdigit()), None)
            seen += said == phase
            if said is not None and (seen >= lines or ORDER.index(said) > ORDER.index(phase)):
                break
        time.sleep(delay_s)
        process.kill()
        process.join(WITHIN_S)
    return process.exitcode


def kill_run(files: Path, out: Path, seed: int, kills: int) -> Killed:
    """One run, killed so many times in the order of its phases, against the same one left alone."""
    whole = finish(files, out / "whole", seed)
    rng, told = random.Random(seed), [f"seed {seed}"]
    ended = []
    for phase in sorted(rng.choices(ORDER, k=kills), key=ORDER.index):
        lines, delay_s = rng.randint(1, 8 if phase.startswith("training") else 2), rng.uniform(0, 0.1)
        ended.append(kill_in(start(files, out / "cut", seed), phase, lines, delay_s))
        told.append(f"killed in {phase} after {lines} lines and {delay_s:.3f} s: {ended[-1]}")
    cut = finish(files, out / "cut", seed, tuple(told))
    return Killed(kills=ended.count(-signal.SIGKILL), same=cut == whole, told=tuple(told))


def kill_runs(files: Path, first_seed: int, kills: int, jobs: int, tell: Callable[[str], None]) -> list[Killed]:
    """Runs of one seed after the other, some at a time, until so many kills have been made."""
    done: list[Killed] = []
    began = time.monotonic()

    def work(job: int) -> None:
        seed = first_seed + job
        while sum(run.kills for run in done) < kills and all(run.same for run in done):
            with tempfile.TemporaryDirectory() as folder:
                done.append(kill_run(files, Path(folder), seed, KILLS))
            seed += jobs
            tell(
                f"{time.monotonic() - began:6.0f} s  {sum(run.kills for run in done):5,} kills, {len(done):4,} runs, {sum(run.same for run in done):,} the same"
            )

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, range(jobs)))
    return done


def main() -> None:
    """Kill, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        done = kill_runs(Path(folder), options.seed, options.kills, options.jobs, lambda line: print(line, flush=True))
    for run in done:
        if not run.same:
            print("DIFFERENT:", *run.told, sep="\n  ")
    sys.exit(not all(run.same for run in done))


if __name__ == "__main__":
    main()
