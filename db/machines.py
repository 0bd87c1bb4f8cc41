"""Places where attempts run, and what they have: the estimates ask the one that will do the work."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.session import clock
from db.tables import Machine
from db.upserts import put


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


def serving_machine(session: Session) -> Machine | None:
    """The place that a trainer sent work to last, where the next run will most likely be done."""
    query = select(Machine).order_by(Machine.served_at.desc(), Machine.place).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
