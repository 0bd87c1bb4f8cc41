"""Places where attempts run, and what they have: the estimates ask the one that will do the work."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.session import clock
from db.tables import Machine
from db.upserts import put

KEPT = timedelta(days=7)  # that a measurement holds: drivers, limits of a container and what a machine is shared with change
SETTLED = timedelta(hours=1)  # that it cannot be doubted: if the estimates of a run are wrong on this machine, measuring again does not help
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def get_machine(session: Session, place: str) -> Machine | None:
    """What is known about a place."""
    return session.get(Machine, place, populate_existing=True)


def put_machine(session: Session, place: str, hardware: dict[str, Any]) -> None:
    """Store what a place has, replacing what was known. It is where work is sent now."""
    now = clock(session)
    put(session, Machine, [{"place": place, "hardware": hardware, "measured_at": now, "served_at": now}], ["place"])


def mark_served(session: Session, place: str) -> None:
    """A trainer sends work to this place; nothing is kept of one that was never measured."""
    session.execute(update(Machine).where(Machine.place == place).values(served_at=clock(session)).execution_options(synchronize_session=False))


def doubt_machine(session: Session, place: str) -> None:
    """What was measured there does not hold any more: it counts as measured long ago, unless it was measured less than an hour ago."""
    since = clock(session) - SETTLED
    doubted = update(Machine).where(Machine.place == place, Machine.measured_at < since).values(measured_at=LONG_AGO)
    session.execute(doubted.execution_options(synchronize_session=False))


def is_old(session: Session, row: Machine) -> bool:
    """Whether what is known about a place is to be measured again."""
    return row.measured_at < clock(session) - KEPT


def serving_machine(session: Session) -> Machine | None:
    """The place that a trainer sent work to last, where the next run will most likely be done."""
    query = select(Machine).order_by(Machine.served_at.desc(), Machine.place).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
