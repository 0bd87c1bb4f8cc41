"""Which trainers are there: each says so again and again, so that others can tell a queue that waits from one that nobody works through."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.session import clock
from db.tables import Trainer
from db.upserts import put

KEPT = timedelta(days=1)  # rows of trainers that were killed


def beat(session: Session, owner: str, identity: dict[str, Any]) -> None:
    """A trainer says that it is there.

    Args:
        session: A session that may write.
        owner: Names the trainer, as in its claims.
        identity: By which a launcher tells a dead process from a living one.
    """
    now = clock(session)
    put(session, Trainer, [{"owner": owner, "identity": identity, "seen_at": now}], ["owner"])
    session.execute(delete(Trainer).where(Trainer.seen_at < now - KEPT).execution_options(synchronize_session=False))


def leave(session: Session, owner: str) -> None:
    """A trainer goes, in good order."""
    session.execute(delete(Trainer).where(Trainer.owner == owner).execution_options(synchronize_session=False))


def heard_of(session: Session, within_s: float) -> list[dict[str, Any]]:
    """The identities of the trainers that were heard of in the last seconds, the latest first."""
    since = clock(session) - timedelta(seconds=within_s)
    return list(session.scalars(select(Trainer.identity).where(Trainer.seen_at > since).order_by(Trainer.seen_at.desc())))
