"""Starts the web page, the trainer and the model host, starts them again when they die or hang, and stops them together.

It imports neither gradio nor torch, so it is up at once and has little that could fail. Each child has its own process group and a
pipe from here as its standard input: should this process be killed, the pipes close and the children stop by themselves (app/processes/lifeline.py).
"""

import http.client
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.processes.health import EVERY_S, Health, lay_down_beat, watched
from app.processes.lifeline import SUPERVISED
from app.processes.place import only_one, wait_for_port
from app.settings import Settings, prepare_data_folder

if TYPE_CHECKING:
    from db.locks import DatabaseLock

WEB = "web"
OTHERS = ("trainer", "model-host")
FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 30.0
HEALTHY_AFTER_S = 60.0  # a child that ran this long starts again with the first delay
STOP_WITHIN_S = 20.0
HEAD_START_S = 30.0  # the others wait this long for the page at most
LARGEST_LOG_BYTES = 5_000_000
TICK_S = 0.1
LOOK_EVERY_S = 10.0  # at the lock of the database

Command = Callable[[str], Sequence[str]]


def child_command(name: str) -> list[str]:
    """How the child called `name` is started."""
    return [sys.executable, "-m", "app", name]


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, flush=True)


@dataclass
class Child:
    """One supervised process, and when to start it (again) if it is not running."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    health: Health | None = None  # of the process that runs
    started_at: float = 0.0
    start_at: float = 0.0
    delay_s: float = FIRST_DELAY_S


def supervise(settings: Settings, command: Command = child_command, others: Sequence[str] = OTHERS) -> int:
    """Run the whole app until it is interrupted or terminated.

    Must be called from the main thread, since it handles signals.

    Args:
        settings: Handed to the children through their environment.
        command: How a child is started, given its name.
        others: The children besides the web page. They start once the page answers, so that their heavy imports do not delay it.

    Returns:
        The exit status: 0 after a clean stop.

    Raises:
        ConfigError: The data folder is in use or cannot be written to, or the port is taken. Nothing was started.
        StoreError: The database is in use, or takes no writing. Where it could not be reached before, what was started was stopped.
    """
    from db.locks import database_lock  # here: SQLAlchemy is had by the time that the settings are read, not when this module is

    prepare_data_folder(settings)
    if settings.relies_on_accounts:
        from app.services.accounts import require_sign_in  # here: this process is to stay small, and needs no database otherwise

        require_sign_in(settings)
    lock = database_lock(settings.database_url, f"process {os.getpid()} on {platform.node()}")
    with only_one(settings.lock_file) as after_crash, closing(lock):
        if not lock.hold():
            say("The database cannot be reached yet; trying again. See that its server runs, or correct DATABASE_URL.")
        wait_for_port(settings, patience_s=STOP_WITHIN_S if after_crash else 0.0)
        _run(settings, command, others, lock)
    return 0


def _run(settings: Settings, command: Command, others: Sequence[str], lock: "DatabaseLock") -> None:
    looked_at = time.monotonic()
    with _stop_requests() as stop:
        web, rest = Child(WEB), [Child(name) for name in others]
        opened_at, announced, children = time.monotonic(), False, [web]
        try:
            while not stop.asked:
                time.sleep(TICK_S)
                if time.monotonic() - looked_at > LOOK_EVERY_S:
                    lock.hold()  # a server that went away took our lock with it, and another studio may have come first
                    looked_at = time.monotonic()
                for child in children:
                    _tend(child, settings, command)
                if not announced and _answers(settings):
                    say(f"Constitution Studio is at {settings.url} (data in {settings.data}; stop with Ctrl-C)")
                    announced = True
                if children == [web] and (announced or time.monotonic() - opened_at > HEAD_START_S):
                    children += rest
        finally:
            _stop_all(children)


def _tend(child: Child, settings: Settings, command: Command) -> None:
    """Start the child when it is due; notice when it has ended."""
    now = time.monotonic()
    if child.process is None:
        if now < child.start_at:
            return
        try:
            can_be_watched = _can_be_watched(child.name, settings)
            child.process, child.started_at = _start(child.name, settings, command), now
            child.health = watched(child.name, child.process.pid, settings) if can_be_watched else None
        except OSError as error:  # no memory, no file handles, no log folder: may pass, and is no reason to stop the others
            _start_later(child, f"{child.name} cannot be started ({error.strerror}); trying again")
        return
    status = child.process.poll()
    if status is None:
        if child.health is not None and child.health.hangs:
            _end_hung(child, child.process)
        return
    _forget(child, child.process)
    if now - child.started_at >= HEALTHY_AFTER_S:
        child.delay_s = FIRST_DELAY_S
    log = _log_file(settings, child.name)
    last_words = "" if status < 0 else _last_words(log)  # who is killed says nothing about it
    _start_later(child, f"{child.name} ended unexpectedly ({_cause(status)}); starting it again", f"{last_words}See {log}.")


def _end_hung(child: Child, process: subprocess.Popen[bytes]) -> None:
    """Who has not answered for so long answers no request to stop either."""
    _signal(process, signal.SIGKILL)
    process.wait()
    _forget(child, process)
    assert child.health is not None
    silence_s = EVERY_S * child.health.patience
    _start_later(child, f"{child.name} runs, but gave no sign of life for {silence_s:.0f} s, so it was ended; starting it again")


def _can_be_watched(name: str, settings: Settings) -> bool:
    """Whether it could give its sign: on a full disk a trainer waits for room, and is not to be ended for that."""
    try:
        if name == "trainer":
            lay_down_beat(settings)
    except OSError:
        return False
    return True


def _forget(child: Child, process: subprocess.Popen[bytes]) -> None:
    _close_pipe(process)
    child.process = None
    if child.health is not None:
        child.health.ended.set()


def _start_later(child: Child, what: str, more: str = "") -> None:
    say(f"{what} in {child.delay_s:.0f} s. {more}".rstrip())
    child.start_at = time.monotonic() + child.delay_s
    child.delay_s = min(2 * child.delay_s, LONGEST_DELAY_S)


def _start(name: str, settings: Settings, command: Command) -> subprocess.Popen[bytes]:
    log = _log_file(settings, name)
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    environment = os.environ | settings.to_environment() | {SUPERVISED: "1", "PYTHONUNBUFFERED": "1"}
    with log.open("ab") as output:
        return subprocess.Popen(list(command(name)), stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment, process_group=0)


def _stop_all(children: Sequence[Child]) -> None:
    """Ask, wait, then kill what is left."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        _close_pipe(process)
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN_S
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole group for a kill, else to the child alone, which knows best how to stop its own children."""
    if process.poll() is None:
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _close_pipe(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


@dataclass
class StopFlag:
    """A plain flag: setting a threading.Event in a signal handler can deadlock with the wait that it interrupts."""

    asked: bool = False


@contextmanager
def _stop_requests() -> Iterator[StopFlag]:
    """What Ctrl-C, a termination request or a closed terminal turn on; the handlers are put back afterwards."""
    stop = StopFlag()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answers(settings: Settings) -> bool:
    """Whether the page is up. Asked without urllib, which would go through a proxy named in the environment."""
    address = urlsplit(settings.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _log_file(settings: Settings, name: str) -> Path:
    return settings.logs_folder / f"{name}.log"


def _cause(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"killed by signal {-status}: {signal.strsignal(-status)}"


def _last_words(log: Path) -> str:
    """A sentence with the last line of the log."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = file.read().decode(errors="replace").split("\n")
    line = next((text.strip() for text in reversed(lines) if text.strip()), "")
    return f"It last said: {line[:200]!r}. " if line else ""
