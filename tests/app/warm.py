"""Commands of the app as processes of their own that find torch imported: forked from one process that has done nothing but import it.

The import takes four seconds of a core, longer than what most tests then do. Nothing is lost but the start of the interpreter: such a process has
standard streams of its own, can be killed, and ends with the status of the command.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
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
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", 1)  # as a new interpreter makes them, for what they are now
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environ)
    from app.cli import main

    before()
    raise SystemExit(main(arguments))
