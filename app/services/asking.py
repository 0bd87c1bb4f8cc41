"""Asking a model from the page of a run: what would go where, a job that a process of its own does, stopping it, and going on."""

import os
import statistics
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.processes.attempt import Watch
from app.processes.protocol import ASK
from app.services.askings import AskWish, read_askings, wish_of
from app.services.audit import acting, record
from app.services.judge_endpoint import KEY_VARIABLE, JudgeEndpoint
from app.services.model_judging import Asking, CardDone, ask, plan_asking
from app.services.quotas import require_place_in_queue
from app.services.request_keys import require_key
from app.services.studio import RefusedError, Studio, in_words, open_studio
from app.settings import Settings
from core.errors import ConfigError
from core.progress import Stopped
from db import claims, jobs, runs
from db.claims import Progress
from db.model_verdicts import times_of
from db.status import JobStatus
from db.tables import Job

ADDRESSES = "STUDIO_JUDGE_ADDRESSES"
TIMED = 100  # cards, the newest, by which it is said how long a question takes


@dataclass(frozen=True, kw_only=True)
class AskingPlan:
    """What would go where."""

    address: str
    model: str
    cards: int
    waiting: int  # without a verdict of this judge
    question_s: float | None  # that a question to it took so far, the median; None: it was never asked

    @property
    def questions(self) -> int:
        """Each card is asked about in both orders."""
        return 2 * self.waiting

    @property
    def seconds(self) -> float | None:
        """Of all that would be asked, one after the other; None: not known."""
        return None if self.question_s is None else self.questions * self.question_s


def addresses_of(settings: Settings) -> tuple[str, ...] | None:
    """Those that may be asked from a page; None: any, since only people of this machine reach the page."""
    return settings.judge_addresses if settings.serves_others else None


def plan(studio: Studio, wish: AskWish) -> AskingPlan:
    """What asking would send, and where. Nothing is sent.

    Raises:
        StudioError: There is no such run, or it has no replies; the address or the model cannot be used.
    """
    asking = _planned(studio, wish)
    with in_words(), studio.sessions.read() as session:
        took_ms = times_of(session, asking.judge, TIMED)
    return AskingPlan(
        address=asking.judge.address,
        model=asking.judge.model,
        cards=len(asking.cards),
        waiting=len(asking.waiting),
        question_s=statistics.median(took_ms) / 1000 if took_ms else None,
    )


def begin(studio: Studio, caller: str, wish: AskWish, request_key: object) -> None:
    """Have a model asked by a process of its own. One that is asked already, or was stopped, goes on; the same request_key again is the same request.

    Raises:
        StudioError: As `plan`, or too much waits already.
    """
    key, asking = require_key(request_key, needed=True), _planned(studio, wish)
    plain = AskWish(run=wish.run, address=asking.judge.address, model=asking.judge.model)
    with in_words(), studio.sessions.begin() as session:
        runs.get_run(session, wish.run)  # it may be gone by now
        if any(view.wish == plain and view.pending for view in read_askings(session, wish.run)):
            return
        job = jobs.add_job(session, jobs.NewJob(kind=ASK, requested_by=caller, request_key=key, spec=asdict(plain)))
        record(session, "model.asked-for", f"job {job.id}", once=True, **asdict(plain))
        require_place_in_queue(session, caller)


def stop(studio: Studio, run_id: int, job_id: int) -> None:
    """Have it stop after the card that it is at; what was answered is kept.

    Raises:
        RefusedError: There is none such of this run.
    """
    with in_words(), studio.sessions.begin() as session:
        _require(jobs.get_job(session, job_id), run_id)
        status = jobs.request_stop(session, job_id)
        record(session, "model.asking-stopped", f"job {job_id}", status=status.value)


def resume(studio: Studio, run_id: int, job_id: int) -> None:
    """Go on asking, where it was stopped or failed.

    Raises:
        StudioError: There is none such of this run, it is not over, or its address may not be asked from a page.
    """
    with in_words(), studio.sessions.begin() as session:
        job = jobs.get_job(session, job_id)
        _require(job, run_id)
        _endpoint(studio.settings, wish_of(job))
        if job.status in (JobStatus.STOPPED, JobStatus.FAILED):
            jobs.resume(session, job_id)
            require_place_in_queue(session, job.requested_by)
            record(session, "model.asking-resumed", f"job {job_id}")


def _require(job: Job, run_id: int) -> None:
    if job.kind != ASK or wish_of(job).run != run_id:
        raise RefusedError(f"Nobody asked a model about run {run_id} under the number {job.id}. Reload the page.")


def _planned(studio: Studio, wish: AskWish) -> Asking:
    asking = plan_asking(studio, wish.run, _endpoint(studio.settings, wish))
    if not asking.cards:
        raise ConfigError(f"Run {wish.run} has no replies to judge: no query was answered with a text.")
    return asking


def _endpoint(settings: Settings, wish: AskWish) -> JudgeEndpoint:
    """Who is asked.

    Raises:
        ConfigError: The address or the name cannot be used, or the operator has not allowed the address.
    """
    address, allowed = wish.address.strip().rstrip("/"), addresses_of(settings)
    if allowed is not None and address not in allowed:
        known = f"Allowed are {', '.join(allowed)}." if allowed else "None is allowed so far."
        raise ConfigError(
            f"{address[:200]} cannot be asked from this page: the studio serves other machines, and its operator has not allowed that address. {known} "
            f"The operator can add it to {ADDRESSES}, or ask with the command."
        )
    return JudgeEndpoint(address=address, model=wish.model.strip(), key=os.environ.get(KEY_VARIABLE) or None)


def ask_held(settings: Settings, watch: Watch, folder: Path) -> None:
    """Ask about the cards that still wait, for the job that is held; what an attempt does. Nothing is kept in its folder.

    Raises:
        Stopped: The watch said so; what was answered is kept.
        StudioError: The endpoint will not answer, or may not be asked.
        LostLease: The job is no longer ours.
    """
    with watch.sessions.read() as session:
        job = jobs.get_job(session, watch.claim.job_id)
    wish, studio = wish_of(job), replace(open_studio(settings), sessions=watch.sessions)  # which wait longer than a page does
    endpoint = _endpoint(settings, wish)
    asking = plan_asking(studio, wish.run, endpoint)
    have, total = len(asking.cards) - len(asking.waiting), len(asking.cards)

    def tell(done: int, notice: str) -> None:
        with watch.sessions.begin() as session:
            claims.set_progress(session, watch.claim, Progress(phase="asking", step=have + done, total_steps=total, notice=notice))

    def on_card(done: CardDone) -> None:
        watch.persist(lambda: tell(done.done, done.failure))

    watch.persist(lambda: tell(0, ""))
    with acting(job.requested_by, "the page of the run"):
        ask(studio, asking, endpoint, job.requested_by, on_card, watch.should_stop)
    if watch.should_stop():
        raise Stopped
    watch.persist(lambda: _finish(watch))


def _finish(watch: Watch) -> None:
    with watch.sessions.begin() as session:
        claims.finish(session, watch.claim)
