"""Who is still alive: a child notices that its supervisor is gone, and a row's owner can be told from a stranger.

A supervised process holds the reading end of a pipe as its standard input. The system closes the pipe when the supervisor
ends, however it ends, so no process id has to be polled and none can be mistaken for another.
"""

import os
import platform
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

SUPERVISED = "STUDIO_SUPERVISED"  # "1" in the environment of a process whose standard input is such a pipe

Identity = dict[str, str | int]


def on_parent_gone(callback: Callable[[], object], environ: Mapping[str, str] = os.environ) -> threading.Thread | None:
    """Call `callback` once, from another thread, when the supervisor has closed the pipe or died.

    Args:
        callback: Begins an orderly stop; must be safe to call from any thread.
        environ: Where STUDIO_SUPERVISED is looked up.

    Returns:
        The waiting thread, or None when this process is not supervised.
    """
    if environ.get(SUPERVISED) != "1":
        return None
    thread = threading.Thread(target=_wait_for_end, args=(callback,), name="lifeline", daemon=True)
    thread.start()
    return thread


def _wait_for_end(callback: Callable[[], object]) -> None:
    # os.read, not sys.stdin: a thread blocked inside a buffered reader holds its lock, and the interpreter aborts over that at exit.
    while os.read(0, 4096):
        continue
    callback()


def own_identity() -> Identity:
    """What tells this process from any other, on this host, before or after a restart, or elsewhere."""
    return identity_of(os.getpid())


def identity_of(pid: int) -> Identity:
    """The identity of a running process of this host.

    Raises:
        psutil.NoSuchProcess: There is none with that id.
    """
    started = _started(pid)
    if started is None:
        raise psutil.NoSuchProcess(pid)
    return {"host": _host(), "pid": pid, "started": started}


def is_alive(identity: Mapping[str, object]) -> bool | None:
    """Whether the process with this identity still runs.

    Returns:
        None when it belongs to another host, another container or another boot, about which nothing can be known from here.
    """
    if identity.get("host") != _host():
        return None
    pid = identity.get("pid")
    return isinstance(pid, int) and _started(pid) == identity.get("started")


def _host() -> str:
    """Name, boot and process-id namespace: inside all three a pid means one process."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [platform.node()]
    parts += [boot.read_text().strip()] if boot.exists() else []
    parts += [os.readlink(namespace)] if namespace.is_symlink() else []
    return " ".join(parts)


def _started(pid: int) -> str | None:
    """When the process began, or None if it does not run (a zombie does not)."""
    if not Path("/proc/self/stat").exists():
        return _started_portably(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, ticks_since_boot = fields[0], fields[19]
    # Ticks since boot, not psutil's create_time(): that is wall-clock time, and it moves when the clock is set.
    return None if state in "ZX" else f"{ticks_since_boot} ticks"


def _started_portably(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f} s"
    except psutil.NoSuchProcess:
        return None
