"""The place of one studio: its data folder, which one supervisor holds, and the port that its page needs."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.settings import Settings
from core.errors import ConfigError

TICK_S = 0.1


@contextmanager
def only_one(lock_file: Path) -> Iterator[bool]:
    """Hold the data folder for this process; the system gives it back however this process ends.

    Yields:
        Whether the holder before us ended without saying so, which means that its children may still be stopping.

    Raises:
        ConfigError: Another supervisor holds it.
    """
    with lock_file.open("a+") as file:
        file.seek(0)
        holder = file.read().strip()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"Constitution Studio already runs on the data folder {lock_file.parent} (process {holder or 'unknown'}). "
                "Use that one, stop it first, or choose another folder with STUDIO_DATA or --data."
            ) from error
        with suppress(OSError):  # on a full disk nobody is named
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        yield bool(holder)
        file.truncate(0)


def wait_for_port(settings: Settings, patience_s: float = 0.0) -> None:
    """Return once the port is free.

    Raises:
        ConfigError: It is still taken after `patience_s`, or cannot be listened on at all.
    """
    deadline = time.monotonic() + patience_s
    while (problem := _port_problem(settings)) is not None:
        if time.monotonic() >= deadline:
            raise ConfigError(problem)
        time.sleep(TICK_S)


def _port_problem(settings: Settings) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: old connections do not count
            listener.bind(address)
            listener.listen()
    except socket.gaierror as error:
        return f"STUDIO_HOST is {settings.host}, which is not an address of any machine ({error.strerror}). Use 127.0.0.1 for this machine."
    except OSError as error:
        remedy = "Give an address of this machine with STUDIO_HOST; 127.0.0.1 always is one."
        if error.errno == errno.EADDRINUSE:
            remedy = "Stop what uses it, or choose another port with STUDIO_PORT or --port."
        if error.errno == errno.EACCES:
            remedy = "Choose a port above 1023 with STUDIO_PORT or --port."
        return f"The page cannot be served at {settings.host} port {settings.port}: {error.strerror}. {remedy}"
    return None
