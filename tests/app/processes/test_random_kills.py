"""`train` killed for good at random moments, again and again, ends with the very files of a run that was left alone.

Here with a checkpoint after every step, at the terminal; `tests.rounds.training_kills` kills the processes of a whole studio.
"""

import json
import os
import random
import signal
import time

import pytest

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
KILLS = 4
ORDER = run_phases(TrainConfig(iterations=SETTINGS["iterations"]))
SEED = int(os.environ.get("KILL_SEED") or time.time_ns() % 1_000_000)  # other moments each time; a failure names the seed that repeats it


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    (folder / "c.yaml").write_text(CONSTITUTION)
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUERIES))
    save_tiny_model(folder / "model")
    return folder


def keep_every_step():
    """A checkpoint is due after each step: at its own pace a run this small would have none to go on from."""
    import core.runs.loop

    core.runs.loop.CHECKPOINT_EVERY_S = 0.0


def start(files, out):
    """The command line, and what it says about its progress."""
    arguments = ["train", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", files / "model", "--out", out]
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    environ = os.environ | {"STUDIO_DATA": str(files / "data")}
    ours, theirs = os.pipe()
    with open(os.devnull, "r+") as nothing, os.fdopen(theirs, "w") as errors:
        process = warm.start([*arguments, *settings], environ, (nothing.fileno(), nothing.fileno(), errors.fileno()), keep_every_step)
    return process, os.fdopen(ours)


def finish(process, errors, told=()):
    with errors:
        said = errors.read()
    process.join(120)
    assert process.exitcode == 0, [*told, said]


def kill_in(process, errors, phase, lines, delay_s):
    """SIGKILL a little after the process has said so many lines about a phase, or has gone past it."""
    order, seen = ORDER, 0
    with errors:
        for line in errors:
            said = next((name for name in reversed(order) if line.startswith(f"{name} ") and line[len(name) + 1].isdigit()), None)
            seen += said == phase
            if said is not None and (seen >= lines or order.index(said) > order.index(phase)):
                break
        time.sleep(delay_s)
        process.kill()
        process.join(60)
    return process.exitcode


def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(files, tmp_path):
    finish(*start(files, tmp_path / "whole"))
    rng, told = random.Random(SEED), [f"KILL_SEED={SEED}"]
    for phase in sorted(rng.sample(ORDER, KILLS), key=ORDER.index):
        lines, delay_s = rng.randint(1, 8 if phase.startswith("training") else 2), rng.uniform(0, 0.1)
        status = kill_in(*start(files, tmp_path / "cut"), phase, lines, delay_s)
        told.append(f"killed in {phase} after {lines} lines and {delay_s:.3f} s: {status}")
    assert told[1].endswith(str(-signal.SIGKILL)), told  # the first one cannot have been done before it was killed
    finish(*start(files, tmp_path / "cut"), told)
    whole, cut = ((tmp_path / run / "adapter" / "adapter_model.safetensors").read_bytes() for run in ("whole", "cut"))
    assert cut == whole, told
    records = [json.loads((tmp_path / run / "run.json").read_text()) for run in ("whole", "cut")]
    assert [record.pop("duration_s") > 0 for record in records] == [True, True]
    assert records[1] == records[0], told
