"""The trainer: claims queued jobs one at a time and has each attempt started by a launcher.

Models are asked to judge in the same way, beside it: that takes no accelerator, and must not wait for hours behind a run.
It watches the attempt; when one dies, it says so in the job's row in words, and goes on with the next job. It knows the database
and the launcher, and imports no torch.
"""

import logging
import math
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from app.processes.health import beat
from app.processes.launchers import Attempt, Exit, Launcher, open_launcher
from app.processes.lifeline import on_parent_gone
from app.processes.patience import Interrupted, hindrance, persist
from app.processes.protocol import ASK, HEARTBEAT_S, LEASE_S
from app.processes.store import open_store
from app.settings import Settings, prepare_data_folder
from core.machine import Hardware, hardware_from_data
from db import claims, jobs, machines, trainers
from db.claims import Claim
from db.errors import LostLease
from db.runs import TRAIN
from db.session import Sessions, make_engine, make_sessions

POLL_S = 1.0
ASK_POLL_S = 2.0  # a person who waits for a model's verdicts waits longer than that
SURVEY_EVERY_S = 6 * 3600.0  # without a run in between
LOOK_S = 0.25  # between two looks at an attempt
STOP_WITHIN_S = 15.0  # when the studio stops; work since the last checkpoint is done again later
CANCEL_WITHIN_S = 120.0  # when a person stops a job: a step of a large model may be long, and it ends with a checkpoint
log = logging.getLogger("studio.trainer")


@dataclass
class Trainer:
    """One trainer process."""

    sessions: Sessions
    launcher: Launcher
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    stopping: threading.Event = field(default_factory=threading.Event)
    surveyed_at: float = -math.inf  # when it last had its place looked at
    said_at: float = -math.inf  # when it last said that it is there
    kinds: Collection[str] = (TRAIN,)  # of jobs that it does
    alive: Callable[[], None] = lambda: None  # told again and again, so that the supervisor can tell a trainer that hangs

    def pause(self, seconds: float) -> bool:
        """Wait between two tries of something that is hindered, and give signs of life meanwhile. Returns whether somebody wants an end."""
        deadline = time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0 and not self.stopping.is_set():
            self.alive()
            self.stopping.wait(min(left_s, POLL_S))
        return self.stopping.is_set()


def serve(settings: Settings) -> int:
    """Work through the queue until interrupted, terminated, or left by the supervisor. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    prepare_data_folder(settings)
    trainer = Trainer(make_sessions(make_engine(settings.database_url)), open_launcher(settings, open_store(settings)), alive=lambda: beat(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: trainer.stopping.set())
    on_parent_gone(trainer.stopping.set)
    asker = Trainer(
        trainer.sessions,
        open_launcher(settings, open_store(settings), needs_memory=False),
        owner=f"{trainer.owner}-asks",
        stopping=trainer.stopping,
        kinds=(ASK,),
    )
    asking = threading.Thread(target=_serve_asking, args=(asker,), name="asking")
    asking.start()
    trainer.alive()  # first of all: what follows may wait for a database or measure a slow machine, and goes on giving signs
    with suppress(Interrupted):
        say_present(trainer)
        survey_place(trainer)
    while not trainer.stopping.is_set():
        trainer.alive()
        busy = False
        try:
            say_present(trainer)
            busy = work_once(trainer)
        except Exception:
            log.exception("The queue could not be read; trying again")
        if busy or time.monotonic() - trainer.surveyed_at > SURVEY_EVERY_S:
            with suppress(Interrupted):
                survey_place(trainer)  # a run may have shown that the place is another than was measured
        if not busy:
            trainer.stopping.wait(POLL_S)
    asking.join()
    with suppress(SQLAlchemyError), trainer.sessions.begin() as session:
        trainers.leave(session, trainer.owner)
    return 0


def _serve_asking(asker: Trainer) -> None:
    """The same loop for jobs that ask a model; whether the trainer is there is told by its own."""
    while not asker.stopping.is_set():
        try:
            busy = work_once(asker)
        except Exception:
            busy = False
            log.exception("The queue of those who ask a model could not be read; trying again")
        if not busy:
            asker.stopping.wait(ASK_POLL_S)


def say_present(trainer: Trainer) -> None:
    """Say that this trainer is there, unless it has just said so. Its own loops say it: one that hangs is not there.

    That it could not be written, because the database is away, locked or full, must end neither the trainer nor a run.
    """
    now = time.monotonic()
    if TRAIN not in trainer.kinds or now - trainer.said_at < HEARTBEAT_S:
        return
    trainer.said_at = now
    try:
        with trainer.sessions.begin() as session:
            trainers.beat(session, trainer.owner, trainer.launcher.identity)
    except SQLAlchemyError as error:
        log.warning("That this trainer is there could not be written: %s", error)


def work_once(trainer: Trainer) -> bool:
    """Rescue what others have lost, then do one queued job, if there is one. Returns whether there was."""
    try:
        claim = persist(lambda: _claim(trainer), trainer.pause)
        if claim is None:
            return False
        log.info("Job %d, attempt %d", claim.job_id, claim.attempt)
        attempt = persist(lambda: trainer.launcher.start(claim), trainer.pause)
    except Interrupted:  # a job that was claimed is rescued when this process is gone
        return False
    try:
        ended = _watch(trainer, claim, attempt)
    finally:
        attempt.let_go()  # should we be the ones who fail, it ends in good order
    if ended.death is not None:
        log.warning("Job %d: %s", claim.job_id, ended.death)
        with suppress(Interrupted):
            persist(lambda: _record_death(trainer, claim, str(ended.death)), trainer.pause)
    return True


def _claim(trainer: Trainer) -> Claim | None:
    with trainer.sessions.begin() as session:
        for job in claims.release_expired(session, trainer.launcher.is_alive):
            log.info("Job %d was rescued and is now %s", job.id, job.status)
        claimed = claims.claim_next(session, trainer.owner, trainer.launcher.identity, LEASE_S, trainer.kinds)
        if claimed is None:
            return None
        if TRAIN in trainer.kinds:
            machines.mark_served(session, trainer.launcher.place)
        return claims.claim_of(claimed)


def _watch(trainer: Trainer, claim: Claim, attempt: Attempt) -> Exit:
    """Wait for the end of an attempt; one that is asked to end and does not is killed."""
    deadline: float | None = None
    asked_at = time.monotonic()
    while (ended := attempt.wait(LOOK_S)) is None:
        trainer.alive()
        if trainer.stopping.is_set() and deadline is None:
            attempt.let_go()
            deadline = time.monotonic() + STOP_WITHIN_S
        if deadline is None and time.monotonic() - asked_at > HEARTBEAT_S:
            asked_at = time.monotonic()
            if _cancel_requested(trainer, claim):
                deadline = time.monotonic() + CANCEL_WITHIN_S
        if deadline is not None and time.monotonic() > deadline:
            attempt.kill()
    return ended


def _cancel_requested(trainer: Trainer, claim: Claim) -> bool:
    """Whether a person wants it to stop; says by the way that this trainer is there. While the database is away nobody can want it."""
    say_present(trainer)
    try:
        with trainer.sessions.read() as session:
            return jobs.get_job(session, claim.job_id).cancel_requested
    except SQLAlchemyError as error:
        if hindrance(error) is None:
            raise
        return False  # asked again in a moment; the attempt hears of it by itself, too


def _record_death(trainer: Trainer, claim: Claim, cause: str) -> None:
    with trainer.sessions.begin() as session:
        try:
            claims.record_crash(session, claim, cause)
        except LostLease as error:
            log.warning("%s", error)


def survey_place(trainer: Trainer) -> None:
    """Have the place of work measured, or looked at again where it was measured not long ago: what the Train page says rests on it."""
    trainer.surveyed_at = time.monotonic()
    known = persist(lambda: _known(trainer), trainer.pause)
    with _signs_of_life(trainer):
        hardware = trainer.launcher.survey(known)
    if hardware is None:
        log.warning("The hardware could not be measured; estimates will say so")
        return
    persist(lambda: _keep(trainer, known, hardware), trainer.pause)


@contextmanager
def _signs_of_life(trainer: Trainer) -> Iterator[None]:
    """While something works that has a deadline of its own and asks nothing in between."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(POLL_S):
            trainer.alive()

    teller = threading.Thread(target=tell, name="signs of life", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _known(trainer: Trainer) -> Hardware | None:
    with trainer.sessions.read() as session:
        row = machines.get_machine(session, trainer.launcher.place)
        return hardware_from_data(row.hardware) if row is not None and not machines.is_old(session, row) else None


def _keep(trainer: Trainer, known: Hardware | None, hardware: Hardware) -> None:
    with trainer.sessions.begin() as session:
        if hardware == known:
            machines.mark_served(session, trainer.launcher.place)
        else:
            machines.put_machine(session, trainer.launcher.place, asdict(hardware))
