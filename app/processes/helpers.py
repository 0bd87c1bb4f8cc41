"""Further processes for a run, one a GPU: `python -m app helper FOLDER NUMBER`, started by the process that has the run.

That process stays what it was: the person at the terminal, or the trainer, deals with it alone, and it alone writes. Each helper
holds the reading end of a pipe from it and ends at once when the pipe closes, however that came about. A helper that dies ends the
run's process, whose folder can be gone on with. Helpers have a process group of their own, so that Ctrl-C reaches the first process
alone. What they are to do lies in a private folder, where they also meet.
"""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from app.processes.lifeline import SUPERVISED, on_parent_gone
from app.processes.protocol import HELPER_LOST, HelperLost
from core.constitution.principles import to_data
from core.constitution.queries import from_rows, to_rows
from core.constitution.stored import read_stored, require_readable
from core.engine.models import choose_device
from core.engine.processes import ALONE, World, default_count, joined
from core.errors import StudioError
from core.methods.settings import config_from_data, config_to_data
from core.progress import Stopped
from core.runs.execute import execute
from core.runs.plan import RunPlan
from core.settings import ModelReference

GRACE_S = 10.0  # after a helper has died: the run's own process may have a better reason to tell
SEEN_WITHIN_S = 2.0  # a death shows first in the connection, then in the process
WATCH_S = 0.2
END_WITHIN_S = 10.0
FAILED = 1


def helper_command(folder: Path, rank: int) -> list[str]:
    """How a helper is started."""
    return [sys.executable, "-m", "app", "helper", str(folder), str(rank)]


@contextmanager
def helped(plan: RunPlan, folder: Path, models: Path, count: int | None, command: Callable[[Path, int], Sequence[str]] = helper_command) -> Iterator[World]:
    """Start `count` - 1 helpers and meet them; they do `execute` as the caller does within this block.

    Args:
        plan: What all of them do.
        folder: The run's folder, the same for all.
        models: Folder of converted models.
        count: Processes in all; None: one for each GPU that can be seen, or one.
        command: How a helper is started, given the private folder and its number.

    Raises:
        HelperLost: A helper died.
        StudioError: A helper met something that a person can put right.
    """
    count = count or default_count(choose_device(plan.device))
    if count == 1:
        yield ALONE
        return
    world = World(rank=0, size=count)
    device = world.device(choose_device(plan.device))
    _share_machine(count)
    with tempfile.TemporaryDirectory(prefix="studio-helpers-") as name, _started(Path(name), count, command) as children:
        (Path(name) / "plan.json").write_text(json.dumps({"folder": str(folder), "models": str(models), "size": count, "plan": _plan_to_data(plan)}))
        for child in children:
            _tell(child)
        try:
            with joined(world, Path(name) / "meeting", device):
                yield world
        except RuntimeError as error:  # what a broken connection is to PyTorch
            _raise_why_lost(Path(name), children, error)
            raise


def _share_machine(count: int) -> None:
    """Divide the cores, and keep the processes' talk on this machine."""
    threads = max(1, torch.get_num_threads() // count)
    torch.set_num_threads(threads)
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ.setdefault(name, loopback)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # of the helpers; this process has read it


@contextmanager
def _started(meeting: Path, count: int, command: Callable[[Path, int], Sequence[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    environment = os.environ | {SUPERVISED: "1", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    children: list[subprocess.Popen[bytes]] = []
    ended = threading.Event()
    try:
        for rank in range(1, count):
            children.append(subprocess.Popen(list(command(meeting, rank)), stdin=subprocess.PIPE, env=environment, process_group=0))
        threading.Thread(target=_watch, args=(meeting, children, ended), name="helpers", daemon=True).start()
        yield children
        for child in children:  # they have finished what this process has finished
            with suppress(subprocess.TimeoutExpired):
                child.wait(END_WITHIN_S)
    finally:
        ended.set()
        for child in children:
            assert child.stdin is not None
            with suppress(BrokenPipeError):
                child.stdin.close()
            child.kill()
            child.wait()


def _tell(child: subprocess.Popen[bytes]) -> None:
    """The plan is written: begin."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):  # it is dead already, which the watch will notice
        child.stdin.write(b"\n")
        child.stdin.flush()


def _watch(meeting: Path, children: Sequence[subprocess.Popen[bytes]], ended: threading.Event) -> None:
    """End this process when a helper died and nobody noticed: a GPU may wait for a dead one for ever."""
    while not ended.wait(WATCH_S):
        if (lost := _lost(children)) and not ended.wait(GRACE_S):
            print(f"error: {lost}", file=sys.stderr, flush=True)
            shutil.rmtree(meeting, ignore_errors=True)
            os._exit(HELPER_LOST)


def _lost(children: Sequence[subprocess.Popen[bytes]]) -> str | None:
    for rank, child in enumerate(children, start=1):
        if status := child.poll():
            how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
            return f"Process {rank + 1} of {len(children) + 1} of this run {how}. Start it again: it goes on from its last checkpoint."
    return None


def _raise_why_lost(meeting: Path, children: Sequence[subprocess.Popen[bytes]], error: RuntimeError) -> None:
    """Raise what a helper said, or that it died, where that is why the processes can talk no more."""
    deadline = time.monotonic() + SEEN_WITHIN_S
    while (lost := _lost(children)) is None and time.monotonic() < deadline:
        time.sleep(WATCH_S)
    for path in sorted(meeting.glob("error-*.json")):
        said = json.loads(path.read_text())
        told = StudioError(said["message"])
        told.kind = said["kind"]
        raise told from error
    if lost is not None:
        raise HelperLost(lost) from error


def serve(folder: Path, rank: int) -> int:
    """Be a helper. Returns the exit status."""
    os.read(0, 1)  # the plan is written, or nobody is there any more
    leaving = on_parent_gone(lambda: _leave(folder))
    data = json.loads((folder / "plan.json").read_text())
    world, plan = World(rank=rank, size=data["size"]), _plan_from_data(data["plan"])
    try:
        with joined(world, folder / "meeting", world.device(choose_device(plan.device))):
            execute(plan, Path(data["folder"]), Path(data["models"]), world=world)
    except Stopped:
        return 0
    except StudioError as error:  # most likely the first process met the same, and tells it
        scratch = folder / f".error-{rank}"
        scratch.write_text(json.dumps({"kind": error.kind, "message": str(error)}))
        scratch.replace(folder / f"error-{rank}.json")
        return FAILED
    except RuntimeError:  # what a broken connection is to PyTorch: where the first process was killed, what it left is cleared up before this one ends
        if leaving is not None:
            leaving.join(SEEN_WITHIN_S)
        raise
    return 0


def _leave(folder: Path) -> None:
    """End at once. A first process that was killed could not clear up."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _plan_to_data(plan: RunPlan) -> dict[str, Any]:
    return {
        "constitution": to_data(plan.constitution),
        "queries": to_rows(plan.queries),
        "model": dataclasses.asdict(plan.model),
        "config": config_to_data(plan.config),
        "device": plan.device,
        "known_as": plan.known_as,
    }


def _plan_from_data(data: dict[str, Any]) -> RunPlan:
    return RunPlan(
        constitution=require_readable(read_stored(data["constitution"]), "The constitution of this run"),
        queries=tuple(from_rows(data["queries"])),
        model=ModelReference(**data["model"]),
        config=config_from_data(data["config"]),
        device=data["device"],
        known_as=data["known_as"],
    )
