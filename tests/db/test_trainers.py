"""Which trainers are there."""

from datetime import timedelta

from sqlalchemy import func, select, update

from db import trainers
from db.session import Sessions, clock
from db.tables import Trainer


def test_a_trainer_is_heard_of_until_it_leaves_or_falls_silent(sessions: Sessions) -> None:
    for owner in ("one", "two", "one"):
        with sessions.begin() as s:
            trainers.beat(s, owner, {"pid": owner})
    with sessions.read() as s:
        assert trainers.heard_of(s, 60) == [{"pid": "one"}, {"pid": "two"}]
    with sessions.begin() as s:
        trainers.leave(s, "two")
        s.execute(update(Trainer).values(seen_at=clock(s) - timedelta(seconds=61)))
    with sessions.read() as s:
        assert trainers.heard_of(s, 60) == []
        assert trainers.heard_of(s, 120) == [{"pid": "one"}]


def test_rows_of_trainers_that_were_killed_do_not_gather(sessions: Sessions) -> None:
    with sessions.begin() as s:
        trainers.beat(s, "killed", {})
        s.execute(update(Trainer).values(seen_at=clock(s) - timedelta(days=2)))
        trainers.beat(s, "new", {})
    with sessions.read() as s:
        assert s.scalars(select(func.count()).select_from(Trainer)).one() == 1
