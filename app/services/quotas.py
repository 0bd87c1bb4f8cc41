"""How much one person may ask for, so that nobody fills the queue or the database for the others.

Asked after it was done and recorded, in the same transaction: a request that comes again has made nothing more, so it is never refused.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.services.audit import doer
from app.services.studio import RefusedError
from db.audit import count_subjects
from db.jobs import count_waiting
from db.session import clock

MOST_WAITING = 100  # runs of one person that have not begun
MOST_A_DAY = {
    "query-set.uploaded": (500, "query sets"),
    "constitution.made": (500, "constitutions"),
    "reply.marked": (5_000, "marks"),
    "card.picked": (5_000, "picks"),
    "check.made": (500, "checks"),
    "conflict.made": (500, "conflicts"),
}


def require_place_in_queue(session: Session, name: str, queued: int = 1) -> None:
    """Refuse the runs that were just queued together for somebody who has more waiting with them than one may have.

    Raises:
        RefusedError: They have.
    """
    waiting = count_waiting(session, name)
    if waiting <= MOST_WAITING:
        return
    if queued == 1:
        raise RefusedError(f"You have {MOST_WAITING} runs waiting, as many as one person may have. Wait until some have begun, or stop some.")
    had = waiting - queued
    raise RefusedError(
        f"You have {had} run{'' if had == 1 else 's'} waiting, and one person may have {MOST_WAITING}: {queued} more do not fit. Ask for fewer seeds, wait "
        "until some have begun, or stop some."
    )


def require_below_quota(session: Session, what: str) -> None:
    """Refuse what was just recorded of somebody who had done it as often within a day as one may.

    Raises:
        RefusedError: They had.
    """
    most, things = MOST_A_DAY[what]
    if doer() and count_subjects(session, doer(), what, clock(session) - timedelta(days=1)) > most:
        raise RefusedError(f"You have made {most} {things} within a day, as many as one person may. Try again tomorrow, or use what is there.")
