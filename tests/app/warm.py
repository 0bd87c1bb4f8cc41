"""Commands of the app as processes of their own that find torch imported: forked from one process that has done nothing but import it.

The import takes four seconds of a core, longer than what most tests then do. Nothing is lost but the start of the interpreter: such a process has
standard streams of its own, can be killed, and ends with the status of the command. `python` is for whoever starts others by their command line.
"""

import atexit
import functools
import json
import multiprocessing
import os
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHIN_S = 120
FORKS = multiprocessing.get_context("forkserver")
PRELOADED = ["tests.app.preloaded"]
FORKS.set_forkserver_preload(PRELOADED)


def nothing() -> None:
    """What a command does before it begins, unless a test says otherwise."""


def preload_pages() -> None:
    """Have what the web process imports imported too. Before the first process is started."""
    FORKS.set_forkserver_preload([*PRELOADED, "gradio", "app.pages.site", "app.web.api"])


def start(arguments: Sequence[object], environ: Mapping[str, str], streams: tuple[int, int, int], before: Callable[[], object] = nothing) -> ForkServerProcess:
    """Start `python -m app ARGUMENTS`. `streams` are descriptors of what it reads, says and complains; the caller closes its own."""
    given = [Connection(os.dup(stream)) for stream in streams]  # what multiprocessing knows to hand to another process
    process = FORKS.Process(target=_become, args=([str(argument) for argument in arguments], dict(environ), given, before))
    process.start()
    for stream in given:
        stream.close()
    return process


def run(arguments: Sequence[object], environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """As `subprocess.run` with the output captured."""
    with open(os.devnull) as reads, tempfile.TemporaryFile("w+") as says, tempfile.TemporaryFile("w+") as complains:
        process = start(arguments, environ, (reads.fileno(), says.fileno(), complains.fileno()))
        process.join(WITHIN_S)
        if process.exitcode is None:
            process.kill()
        said = [file.read() for file in (says, complains) if file.seek(0) == 0]
    assert process.exitcode is not None, said
    return subprocess.CompletedProcess(arguments, process.exitcode, *said)


def _become(arguments: list[str], environ: dict[str, str], streams: list[Connection], before: Callable[[], object]) -> None:
    """In the new process."""
    _settle(environ, streams, ROOT)
    from app.cli import main

    before()
    raise SystemExit(main(arguments))


def _settle(environ: dict[str, str], streams: Sequence[Connection], folder: Path) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", 1)  # as a new interpreter makes them, for what they are now
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)


def python() -> list[str]:
    """What stands for `python` at the beginning of a command, before `-c CODE` or `-m MODULE`: an interpreter that finds torch imported.

    Whoever starts it has a small process as a child, which ends as the one does that it stands for. That one is killed as soon as it is seen that the small
    one is no more: a moment later, so who looks at what is left at once kills a real one.
    """
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("warm_caller.py")), _door()]


@functools.cache
def _door() -> str:
    """Where callers are heard, from now on."""
    folder = tempfile.mkdtemp(prefix="warm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    door = socket.socket(socket.AF_UNIX)
    door.bind(address := f"{folder}/door")
    door.listen(16)
    threading.Thread(target=_listen, args=(door,), name="warm", daemon=True).start()
    return address


def _listen(door: socket.socket) -> None:
    while True:
        threading.Thread(target=_serve, args=(door.accept()[0],), name="warm caller", daemon=True).start()


def _serve(caller: socket.socket) -> None:
    """Start what a caller stands for, and tell it how that ended."""
    with caller, caller.makefile("rb") as said:
        _, streams, *_ = socket.recv_fds(caller, 1, 3)
        given = [Connection(stream) for stream in streams]
        process = FORKS.Process(target=_interpret, args=(*json.loads(said.readline()), given))
        process.start()
        for stream in given:
            stream.close()
        if process.sentinel not in wait([process.sentinel, caller]):
            process.kill()
        process.join()
        with suppress(BrokenPipeError):  # it was killed
            caller.sendall(str(process.exitcode).encode())


def _interpret(arguments: list[str], environ: dict[str, str], folder: str, streams: list[Connection]) -> None:
    """In the new process: what `python ARGUMENTS` does."""
    _settle(environ, streams, Path(folder))
    tempfile.tempdir = None  # where it lies is asked anew
    if "OMP_NUM_THREADS" in environ:
        import torch

        torch.set_num_threads(int(environ["OMP_NUM_THREADS"]))  # which was read when torch was imported
    how, what, *rest = arguments
    sys.argv = [how, *rest]
    if how == "-c":
        exec(what, {"__name__": "__main__"})
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)
