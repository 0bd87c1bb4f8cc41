"""Picks: which text a person takes a reply to have been written under, card by card, and taking it back."""

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.errors import NotFound, RequestKeyTaken
from db.pick_table import CardPick
from db.session import clock
from db.upserts import add_missing

SAME = ("job_id", "card", "pick", "who")  # what a request_key stands for


@dataclass(frozen=True, kw_only=True)
class NewPick:
    """What somebody picks of one card."""

    job_id: int  # the battery
    card: str  # sha256 of exactly what was seen
    pick: int | None  # place among the options; None: none fits better
    who: str
    request_key: str


def add_pick(session: Session, new: NewPick) -> CardPick:
    """Keep a pick; the same request_key again is the same pick, also after it was taken back.

    Raises:
        RequestKeyTaken: Another person, another card or another pick has this request_key.
    """
    add_missing(session, CardPick, [{**asdict(new), "made_at": clock(session)}], ["request_key"])
    made = session.scalars(select(CardPick).where(CardPick.request_key == new.request_key).execution_options(populate_existing=True)).one()
    if any(getattr(made, name) != getattr(new, name) for name in SAME):
        raise RequestKeyTaken("This request was used for another pick already. Reload the page, then try again.")
    return made


def retract_pick(session: Session, pick_id: int, who: str, job_id: int) -> None:
    """Take one's own pick back, so that it counts no more. Twice is once.

    Raises:
        NotFound: This person made no such pick in this battery.
    """
    made = session.get(CardPick, pick_id, populate_existing=True)
    if made is None or (made.who, made.job_id) != (who, job_id):
        raise NotFound(f"You have made no pick {pick_id} in battery {job_id}. Reload the page.")
    if made.retracted_at is None:
        made.retracted_at = clock(session)
        session.flush()


def picks_of(session: Session, job_id: int, who: str | None = None) -> list[CardPick]:
    """The picks of a battery that are neither taken back nor followed by another of the same person on the same card, oldest first."""
    query = select(CardPick).where(CardPick.job_id == job_id, CardPick.retracted_at.is_(None)).order_by(CardPick.id)
    found = session.scalars((query if who is None else query.where(CardPick.who == who)).execution_options(populate_existing=True))
    newest = {(made.who, made.card): made for made in found}
    return sorted(newest.values(), key=lambda made: made.id)


def delete_picks(session: Session, job_id: int) -> None:
    """Take away whatever was picked in a battery."""
    session.execute(delete(CardPick).where(CardPick.job_id == job_id))
