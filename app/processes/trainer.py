"""The trainer: claims queued runs one at a time and gives each attempt a process of its own.

It imports no torch. A CUDA error, a leak or the out-of-memory killer can only take the child; the trainer reads how it died,
says so in the run's row in words, and goes on with the next run.
"""

import contextlib
import logging
import os
import platform
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.host import client as host_client
from app.processes.lifeline import SUPERVISED, is_alive, on_parent_gone, own_identity
from app.processes.protocol import HANDED_BACK, HEARTBEAT_S, HELPER_LOST, LEASE_S, LOST, TOLD, attempt_folder
from app.settings import Settings, prepare_data_folder
from db import claims, runs
from db.claims import Claim
from db.errors import LostLease
from db.session import Sessions, make_engine, make_sessions

POLL_S = 1.0
STOP_WITHIN_S = 15.0  # when the studio stops; work since the last checkpoint is done again later
CANCEL_WITHIN_S = 120.0  # when a person stops a run: a step of a large model may be long, and it ends with a checkpoint
log = logging.getLogger("studio.trainer")


@dataclass
class Trainer:
    """One trainer process."""

    settings: Settings
    sessions: Sessions
    owner: str = field(default_factory=lambda: f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex[:8]}")
    stopping: threading.Event = field(default_factory=threading.Event)


def serve(settings: Settings) -> int:
    """Work through the queue until interrupted, terminated, or left by the supervisor. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    prepare_data_folder(settings)
    trainer = Trainer(settings, make_sessions(make_engine(settings.database_url)))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: trainer.stopping.set())
    on_parent_gone(trainer.stopping.set)
    measure_hardware(trainer)
    while not trainer.stopping.is_set():
        try:
            busy = work_once(trainer)
        except Exception:
            log.exception("The queue could not be read; trying again")  # a database that is away comes back
            busy = False
        if not busy:
            trainer.stopping.wait(POLL_S)
    return 0


def work_once(trainer: Trainer, command: Callable[[Claim], Sequence[str]] | None = None) -> bool:
    """Rescue what others have lost, then do one queued run, if there is one. Returns whether there was."""
    with trainer.sessions.begin() as session:
        for run in claims.release_expired(session, is_alive):
            log.info("Run %d was rescued and is now %s", run.id, run.status)
        claimed = claims.claim_next(session, trainer.owner, dict(own_identity()), LEASE_S)
        claim = claims.claim_of(claimed) if claimed is not None else None
    if claim is None:
        return False
    log.info("Run %d, attempt %d", claim.run_id, claim.attempt)
    status = run_child(trainer, claim, (command or attempt_command)(claim))
    if status not in (TOLD, HANDED_BACK, LOST):
        cause = death(status)
        log.warning("Run %d: %s", claim.run_id, cause)
        with trainer.sessions.begin() as session:
            try:
                claims.record_crash(session, claim, cause)
            except LostLease as error:
                log.warning("%s", error)
    return True


def attempt_command(claim: Claim) -> list[str]:
    """How an attempt is started."""
    return [sys.executable, "-m", "app", "attempt", str(claim.run_id), claim.owner, str(claim.attempt)]


def run_child(trainer: Trainer, claim: Claim, command: Sequence[str]) -> int:
    """Start an attempt, wait for its end, and return its exit status (negative: the signal that killed it)."""
    folder = attempt_folder(trainer.settings, claim.run_id, claim.attempt)
    folder.mkdir(parents=True, exist_ok=True)
    host_client.release(trainer.settings)  # the model host gives back the memory of a GPU; it answers at once where there is none
    environment = os.environ | trainer.settings.to_environment() | {SUPERVISED: "1", "PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with (folder / "log.txt").open("ab") as output:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
    assert child.stdin is not None
    with child.stdin as lifeline:  # the child saves a checkpoint and hands the run back when this closes
        return _wait(trainer, claim, child, lifeline.close)


def _wait(trainer: Trainer, claim: Claim, child: subprocess.Popen[bytes], let_go: Callable[[], None]) -> int:
    """Wait for the end of an attempt; one that is asked to end and does not is killed."""
    deadline: float | None = None
    asked_at = time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(timeout=0.25)
        if trainer.stopping.is_set() and deadline is None:
            let_go()
            deadline = time.monotonic() + STOP_WITHIN_S
        if deadline is None and time.monotonic() - asked_at > HEARTBEAT_S:
            asked_at = time.monotonic()
            if _cancel_requested(trainer, claim):
                deadline = time.monotonic() + CANCEL_WITHIN_S
        if deadline is not None and time.monotonic() > deadline:
            os.killpg(child.pid, signal.SIGKILL)


def _cancel_requested(trainer: Trainer, claim: Claim) -> bool:
    with trainer.sessions.read() as session:
        return runs.get_run(session, claim.run_id).cancel_requested


def death(status: int) -> str:
    """What is known about how an attempt died, in words."""
    if status == -signal.SIGKILL:
        return "The training process was killed (signal 9), as a system does when memory runs out."
    if status == HELPER_LOST:
        return "One of the processes that trained together died; the log of this run may tell."
    if status < 0:
        return f"The training process was ended by signal {-status} ({signal.Signals(-status).name})."
    return f"The training process ended with status {status} before it could say why; its log may tell."


def measure_hardware(trainer: Trainer) -> None:
    """Have a child measure this machine, unless it has been measured: the estimates on the Train page rest on it."""
    with trainer.sessions.read() as session:
        if runs.get_machine(session, platform.node()) is not None:
            return
    environment = os.environ | trainer.settings.to_environment()
    status = subprocess.run([sys.executable, "-m", "app", "probe"], stdin=subprocess.DEVNULL, env=environment, check=False).returncode
    if status != 0:
        log.warning("The hardware could not be measured (status %d); estimates will say so", status)
