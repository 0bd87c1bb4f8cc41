"""What a trainer does to the run it holds.

A claim is (run, owner, attempt). Every write names all three and that the run is still running; if that matches no row, another
process has taken over and LostLease is raised before anything is written. Claiming is exactly-once; execution is at-least-once.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from db.errors import LostLease
from db.session import clock
from db.tables import Run, RunMetric, RunSample, RunStatus
from db.upserts import put

MAX_CRASHES = 3  # attempts that may die in a row without a new checkpoint before a person has to look


@dataclass(frozen=True)
class Claim:
    """The right to write to a run."""

    run_id: int
    owner: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where an attempt stands."""

    phase: str
    step: int
    total_steps: int
    eta_s: float | None = None  # None: not known yet
    checkpoint: str | None = None  # None: keep the one that is stored
    notice: str | None = None  # None: keep what is stored; "" takes it away


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number at one step; None or NaN means it could not be scored."""

    step: int
    name: str
    value: float | None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One reply sampled during training."""

    step: int
    position: int  # which query of the step
    query: str
    side: str  # "statement" or "antithesis"
    text: str


def claim_next(session: Session, owner: str, identity: dict[str, Any], lease_s: float) -> Run | None:
    """Take the run that has waited longest.

    Args:
        session: A session that may write.
        owner: Names this trainer process among all.
        identity: What `release_expired` needs to tell whether the owner is alive: host, pid, process start.
        lease_s: How long the run is ours without a heartbeat.

    Returns:
        The run, now running under a new attempt, or None when nothing waits.
    """
    now = clock(session)
    oldest = select(Run.id).where(Run.status == RunStatus.QUEUED).order_by(Run.queued_at, Run.id).limit(1)
    statement = (
        update(Run)
        .where(Run.id == oldest.with_for_update(skip_locked=True).scalar_subquery(), Run.status == RunStatus.QUEUED)
        .values(
            status=RunStatus.RUNNING,
            owner=owner,
            owner_identity=identity,
            attempt=Run.attempt + 1,
            lease_until=now + timedelta(seconds=lease_s),
            heartbeat_at=now,
            started_at=case((Run.started_at.is_(None), now), else_=Run.started_at),
            phase="starting",
            eta_s=None,
        )
        .returning(Run)
    )
    return session.scalars(statement, execution_options={"synchronize_session": False, "populate_existing": True}).one_or_none()


def claim_of(run: Run) -> Claim:
    """The claim that `claim_next` gave on this run."""
    if run.owner is None:
        raise ValueError(f"run {run.id} is {run.status} and belongs to nobody")
    return Claim(run.id, run.owner, run.attempt)


def _write(session: Session, claim: Claim, **values: Any) -> Run:
    """Write to the run, if it is still ours. On PostgreSQL this also locks the row until the transaction ends."""
    statement = (
        update(Run)
        .where(Run.id == claim.run_id, Run.owner == claim.owner, Run.attempt == claim.attempt, Run.status == RunStatus.RUNNING)
        .values(**values)
        .returning(Run)
    )
    run = session.scalars(statement, execution_options={"synchronize_session": False, "populate_existing": True}).one_or_none()
    if run is None:
        raise LostLease(f"Attempt {claim.attempt} of {claim.owner} no longer holds run {claim.run_id}.")
    return run


def heartbeat(session: Session, claim: Claim, lease_s: float) -> bool:
    """Renew the lease.

    Returns:
        Whether someone has asked the run to stop.

    Raises:
        LostLease: The run is no longer ours. So do all functions below that take a claim.
    """
    now = clock(session)
    return _write(session, claim, heartbeat_at=now, lease_until=now + timedelta(seconds=lease_s)).cancel_requested


def set_model_revision(session: Session, claim: Claim, revision: str) -> None:
    """Record which revision of the model the run really uses."""
    _write(session, claim, revision=revision)


def set_progress(session: Session, claim: Claim, progress: Progress) -> None:
    """Say where the attempt stands. A checkpoint that was not stored before proves progress and clears the count of crashes."""
    values: dict[str, Any] = {"phase": progress.phase, "step": progress.step, "total_steps": progress.total_steps, "eta_s": progress.eta_s}
    if progress.checkpoint is not None:
        values["checkpoint"] = progress.checkpoint
        values["crashes"] = case((Run.checkpoint.is_distinct_from(progress.checkpoint), 0), else_=Run.crashes)
    if progress.notice is not None:
        values["notice"] = progress.notice or None
    _write(session, claim, **values)


def add_metrics(session: Session, claim: Claim, numbers: Sequence[Metric]) -> None:
    """Store numbers; a step that is done again after a resume replaces its old ones."""
    _write(session, claim, heartbeat_at=clock(session))
    put(session, RunMetric, [{"run_id": claim.run_id, **asdict(m), "value": _number(m.value)} for m in numbers], ["run_id", "name", "step"])


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value  # SQLite would turn NaN into NULL, PostgreSQL would not


def add_samples(session: Session, claim: Claim, replies: Sequence[Sample]) -> None:
    """Store sampled replies; a step that is done again after a resume replaces its old ones."""
    _write(session, claim, heartbeat_at=clock(session))
    put(session, RunSample, [{"run_id": claim.run_id, **asdict(r)} for r in replies], ["run_id", "step", "position", "side"])


def finish(session: Session, claim: Claim, adapter_path: str, adapter_sha256: str, result: dict[str, Any]) -> None:
    """Promote this attempt: its adapter and its result become the run's."""
    outcome = {"adapter_path": adapter_path, "adapter_sha256": adapter_sha256, "result": result}
    _write(session, claim, **_ended(RunStatus.FINISHED, clock(session)), **outcome)


def fail(session: Session, claim: Claim, kind: str, text: str) -> None:
    """End the run with a cause that will not go away by itself, in words and with what to change. It can be resumed."""
    _write(session, claim, **_ended(RunStatus.FAILED, clock(session)), error_kind=kind, error_text=text)


def mark_stopped(session: Session, claim: Claim) -> None:
    """The attempt has saved its checkpoint because someone asked it to stop."""
    _write(session, claim, **_ended(RunStatus.STOPPED, clock(session)))


def hand_back(session: Session, claim: Claim, notice: str) -> RunStatus:
    """Give the run back in good order, because the trainer is shutting down: it waits where it stood in the queue.

    Returns:
        The status afterwards: stopped if someone had asked for it, else queued.
    """
    now = clock(session)
    run = _write(session, claim, heartbeat_at=now)
    _release(run, notice, now)
    session.flush()
    return run.status


def record_crash(session: Session, claim: Claim, cause: str) -> RunStatus:
    """The attempt's process died. The run goes back to the queue, unless it dies again and again without getting further.

    Args:
        session: A session that may write.
        claim: The dead attempt's.
        cause: One sentence on what was seen, such as "The training process was killed (signal 9)."

    Returns:
        The status afterwards: queued, stopped if someone had asked for it, or failed.
    """
    run = _write(session, claim, heartbeat_at=clock(session))
    _crash(run, cause, clock(session))
    session.flush()
    return run.status


def release_expired(session: Session, is_alive: Callable[[dict[str, Any]], bool | None]) -> list[Run]:
    """Rescue the runs whose trainer is gone: its lease ran out, or its process is known to be dead.

    Args:
        session: A session that may write.
        is_alive: Takes the identity given to `claim_next`; False means certainly dead, None means it cannot be told from here
            (another host), which leaves the decision to the lease.

    Returns:
        The released runs, now queued, stopped (if someone had asked for it) or failed (after MAX_CRASHES).
    """
    now = clock(session)
    query = select(Run).where(Run.status == RunStatus.RUNNING).order_by(Run.id).with_for_update(skip_locked=True)
    released = []
    for run in session.scalars(query.execution_options(populate_existing=True)).all():
        if run.owner_identity is not None and is_alive(run.owner_identity) is False:
            _crash(run, "The trainer that worked on it is gone.", now)
        elif run.lease_until is None or run.lease_until <= now:
            _crash(run, "The trainer that worked on it has not been heard of.", now)
        else:
            continue
        released.append(run)
    session.flush()
    return released


def _crash(run: Run, cause: str, now: datetime) -> None:
    run.crashes += 1
    if run.crashes < MAX_CRASHES or run.cancel_requested:
        where = "its last checkpoint" if run.checkpoint else "the beginning"
        _release(run, f"{cause} The run goes on from {where} (attempt {run.attempt} ended early).", now)
        return
    _set(run, _ended(RunStatus.FAILED, now))
    run.error_kind = "crashed"
    run.error_text = (
        f"{cause} {MAX_CRASHES} attempts in a row ended before the next checkpoint, so the run was not started again. "
        "The log of the last attempt may say why; often memory ran out: close other programs, or choose a smaller model, shorter replies or fewer "
        "queries a step. Resume tries again from the last checkpoint."
    )


def _release(run: Run, notice: str, now: datetime) -> None:
    if run.cancel_requested:
        _set(run, _ended(RunStatus.STOPPED, now))
    else:
        _set(run, {**_ended(RunStatus.QUEUED, now), "finished_at": None, "notice": notice})


def _set(run: Run, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(run, name, value)


def _ended(status: RunStatus, now: datetime) -> dict[str, Any]:
    """The columns of a run that nobody holds any more."""
    return {"status": status, "owner": None, "owner_identity": None, "lease_until": None, "eta_s": None, "cancel_requested": False, "finished_at": now}
