"""The child's side of core/budget.py: `python -m core.budget_child PIPE IDLE_S MODULE …`. It does one thing after the other until nobody asks."""

import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

MEMORY_BYTES = 1_500_000_000  # of addresses; a file of 50 MB of replies takes a third
GRACE_S = 2.0  # after the deadline, by when the other side has ended us, if it is still there


def serve(pipe: Connection, idle_s: float, imports: list[str]) -> None:
    """Answer until the other side is gone, or has not asked for `idle_s`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other side, which closes the pipe
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # macOS has no such bound
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for name in imports:
        import_module(name)
    with suppress(EOFError, ConnectionError):
        pipe.send(("ready", None))
        while pipe.poll(idle_s):
            function, arguments, seconds, many = pipe.recv()
            told = _told(partial(_tell_each, pipe, seconds, function) if many else function, arguments, seconds)
            pipe.send(told)
            if told[0] == "memory":
                return  # what filled it may still be held


def _told(function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> tuple[str, Any]:
    _end_after(seconds)
    try:
        return "returned", function(*arguments)
    except MemoryError:
        return "memory", None
    except Exception as error:
        error.add_note("In a child process:\n" + "".join(traceback.format_tb(error.__traceback__)))
        return "raised", error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_after(seconds: float) -> None:
    """Have the system end this process, whatever it then does: the other side may have died meanwhile, and no thread of ours may get to run."""
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_S)


def _tell_each(pipe: Connection, seconds: float, function: Callable[..., Iterable[Any]], *arguments: Any) -> None:
    for item in function(*arguments):
        _end_after(seconds)
        pipe.send(("item", item))


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), float(sys.argv[2]), sys.argv[3:])
