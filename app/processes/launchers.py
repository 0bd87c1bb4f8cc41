"""Launchers: they start an attempt at a job somewhere, watch it, and end it. The trainer knows them by these protocols alone.

The one there is starts a child process of this machine. One that hands attempts to a cluster is another class of this kind.
Imports no torch: a CUDA error, a leak or the out-of-memory killer can only take the child.
"""

import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from app.host import client as host_client
from app.processes.lifeline import SUPERVISED, is_alive, own_identity
from app.processes.protocol import HANDED_BACK, HELPER_LOST, LOST, TOLD, UNTOLD, attempt_key
from app.processes.store import LOG, Store
from app.settings import Settings
from core.engine.quantisation import installed
from core.machine import Hardware
from db.claims import Claim

NICENESS = 10  # training must not make typing slow
SURVEY_WITHIN_S = 300.0  # seconds, usually; runs wait meanwhile


@dataclass(frozen=True)
class Exit:
    """How an attempt ended."""

    death: str | None  # one sentence on what was seen of it; None when the job's row says how it ended


class Attempt(Protocol):
    """An attempt that was started."""

    def wait(self, timeout_s: float) -> Exit | None:
        """How it ended, as soon as that is known; None when it goes on after `timeout_s`."""

    def let_go(self) -> None:
        """Have it save a checkpoint and hand its job back. May be called again, and after the end."""

    def kill(self) -> None:
        """End it now, whatever it does."""


class Launcher(Protocol):
    """Starts attempts in one place."""

    @property
    def place(self) -> str:
        """Names where the attempts run, and so whose speed an estimate is about."""

    @property
    def local(self) -> bool:
        """Whether the attempts run on the machine that asks, so that what is on its disk is what they will find."""

    @property
    def identity(self) -> dict[str, Any]:
        """What `is_alive` tells this trainer by, here and in another one."""

    def is_alive(self, identity: Mapping[str, Any]) -> bool | None:
        """Whether the trainer with this identity still runs; None when that cannot be told from here."""

    def start(self, claim: Claim) -> Attempt:
        """Start an attempt at the job that was claimed."""

    def survey(self, known: Hardware | None) -> Hardware | None:
        """Measure the place, which takes seconds; None when it could not be measured.

        Args:
            known: What was measured there before: then only what is installed, which may change, is looked at again.
        """


def attempt_command(claim: Claim) -> list[str]:
    """How an attempt is started on this machine."""
    return [sys.executable, "-m", "app", "attempt", str(claim.job_id), claim.owner, str(claim.attempt)]


class LocalLauncher:
    """Gives each attempt a process of its own on this machine, in a session of its own, that ends in good order when this one is gone."""

    def __init__(self, settings: Settings, store: Store, command: Callable[[Claim], Sequence[str]] = attempt_command, *, needs_memory: bool = True) -> None:
        """`needs_memory`: of the accelerator, which the model host then gives back before an attempt."""
        self.settings, self.store, self.command, self.needs_memory = settings, store, command, needs_memory

    @property
    def place(self) -> str:
        return platform.node()

    @property
    def local(self) -> bool:
        return True

    @property
    def identity(self) -> dict[str, Any]:
        return dict(own_identity())

    def is_alive(self, identity: Mapping[str, Any]) -> bool | None:
        return is_alive(identity)

    def start(self, claim: Claim) -> Attempt:
        """Start the child. What it says goes into the log of the attempt; what it reads is the pipe whose closing tells it to end."""
        if self.needs_memory:
            host_client.release(self.settings)  # the model host gives back the memory of a GPU; it answers at once where there is none
        environment = self._environment() | {SUPERVISED: "1", "PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        with self.store.workspace(attempt_key(claim.job_id, claim.attempt)) as folder, (folder / LOG).open("ab") as output:
            child = subprocess.Popen(
                self.command(claim), stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
            )
        os.setpriority(os.PRIO_PROCESS, child.pid, min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS))
        return LocalAttempt(child)

    def survey(self, known: Hardware | None) -> Hardware | None:
        if known is not None:
            return replace(known, four_bit=installed())
        command = [sys.executable, "-m", "app", "survey"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self._environment(), check=False, timeout=SURVEY_WITHIN_S)
        except subprocess.TimeoutExpired:  # a driver that hangs; it was killed
            return None
        return Hardware(**json.loads(done.stdout)) if done.returncode == 0 else None

    def _environment(self) -> dict[str, str]:
        return os.environ | self.settings.to_environment()


class LocalAttempt:
    """A child process, and the writing end of the pipe that it lives by."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.child = child

    def wait(self, timeout_s: float) -> Exit | None:
        with suppress(subprocess.TimeoutExpired):
            status = self.child.wait(timeout_s)
            self.let_go()
            return Exit(None if status in (TOLD, HANDED_BACK, LOST) else death(status))
        return None

    def let_go(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()

    def kill(self) -> None:
        os.killpg(self.child.pid, signal.SIGKILL)


def open_launcher(settings: Settings, store: Store, *, needs_memory: bool = True) -> Launcher:
    """The launcher of these settings."""
    return LocalLauncher(settings, store, needs_memory=needs_memory)


def death(status: int) -> str:
    """What is known about how a child died, in words that fit a job of any kind.

    Args:
        status: Its exit status; negative: the signal that killed it.
    """
    if status == -signal.SIGKILL:
        return "Its process was killed (signal 9), as a system does when memory runs out."
    if status == HELPER_LOST:
        return "One of the processes that worked on it together died; its log may tell."
    if status == UNTOLD:
        return "Its process ended in order, but the database could not be written to."
    if status < 0:
        return f"Its process was ended by signal {-status} ({signal.Signals(-status).name})."
    return f"Its process ended with status {status} before it could say why; its log may tell."
