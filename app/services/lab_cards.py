"""A person as reader of a battery's replies: card by card, blind, and what was right once all are picked. Imports no torch.

Which text a reply was written under leaves this module only when somebody has picked all cards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.services.audit import record
from app.services.lab_found import cards_of
from app.services.lab_jobs import lab_job
from app.services.quotas import require_below_quota
from app.services.request_keys import require_key
from app.services.studio import RefusedError, Studio, in_words
from core.errors import ConfigError
from core.lab.cards import PersonCard
from core.measure.statistics import Figure, share
from db.picks import NewPick, add_pick, picks_of, retract_pick

NO_CARDS = "Battery {} has no cards yet. They are made by the probe “Readers from outside”: wait until it is done, or ask for a battery with it."


@dataclass(frozen=True, kw_only=True)
class CardToRead:
    """All that is told of a card."""

    card: str  # what it is known by: the sha256 of what is seen
    query: str
    reply: str
    options: tuple[str, ...]  # in an order of the card's own


@dataclass(frozen=True, kw_only=True)
class CardRead:
    """A card with its name, told when all are picked."""

    query: str
    reply: str
    principle: str
    own: str  # the text that it was written under
    picked: str | None  # None: none fits better
    right: bool


@dataclass(frozen=True, kw_only=True)
class ToldRight:
    """How much of one principle was given back to its text."""

    principle: str
    share: Figure


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Where somebody is with the cards of a battery."""

    lab: int
    card: CardToRead | None  # the next; None: all are picked
    done: int
    total: int
    last: int | None  # the pick that an undo takes back
    by_principle: tuple[ToldRight, ...] = ()  # once all are picked
    read: tuple[CardRead, ...] = ()  # the same


@dataclass(frozen=True, kw_only=True)
class Picked:
    """What somebody picks of a card."""

    card: str
    pick: int | None  # place among the options, from 0 on; None: none fits better
    request_key: str


def reading(studio: Studio, who: str, job_id: int) -> Reading:
    """Where somebody is.

    Raises:
        StudioError: There is no such battery, or it has no cards yet.
    """
    cards = _require_cards(studio, job_id)
    with in_words(), studio.sessions.read() as session:
        made = [(pick.id, pick.card, pick.pick) for pick in picks_of(session, job_id, who)]
    return _looked(job_id, cards, made)


def make_pick(studio: Studio, who: str, job_id: int, picked: Picked) -> Reading:
    """Keep what somebody picks of a card, and go on. The same request_key again is the same pick.

    Raises:
        StudioError: As `reading`; there is no such card or option; they have picked as often as one person may.
    """
    key, cards = require_key(picked.request_key, needed=True), _require_cards(studio, job_id)
    card = next((each for each in cards if each.shown == picked.card), None)
    if card is None:
        raise ConfigError("This card is none of the battery any more. Reload the page, then go on.")
    if picked.pick is not None and not 0 <= picked.pick < len(card.options):
        raise ConfigError(f"The card has {len(card.options)} texts to choose from; there is no number {picked.pick + 1} among them.")
    with in_words(), studio.sessions.begin() as session:
        lab_job(session, job_id)  # it may have been deleted meanwhile
        made = add_pick(session, NewPick(job_id=job_id, card=picked.card, pick=picked.pick, who=who, request_key=key))
        record(session, "card.picked", f"pick {made.id}", once=True, lab=job_id)
        require_below_quota(session, "card.picked")
    return reading(studio, who, job_id)


def take_back_pick(studio: Studio, who: str, job_id: int, pick_id: int) -> Reading:
    """Take one's own pick back, and look at its card again. Twice is once.

    Raises:
        StudioError: As `reading`, or they made no such pick.
    """
    with in_words(), studio.sessions.begin() as session:
        retract_pick(session, pick_id, who, job_id)
        record(session, "pick.taken-back", f"pick {pick_id}", once=True, lab=job_id)
    return reading(studio, who, job_id)


def _require_cards(studio: Studio, job_id: int) -> list[PersonCard]:
    with in_words(), studio.sessions.read() as session:
        job = lab_job(session, job_id)
    cards = cards_of(studio, job)
    if not cards:
        raise RefusedError(NO_CARDS.format(job_id))
    return cards


def _looked(job_id: int, cards: Sequence[PersonCard], made: Sequence[tuple[int, str, int | None]]) -> Reading:
    there = {card.shown for card in cards}
    mine = [(number, pick) for number, card, pick in made if card in there]
    picks = {card: pick for _, card, pick in made if card in there}
    card = next((each for each in cards if each.shown not in picks), None)
    found = Reading(
        lab=job_id,
        card=CardToRead(card=card.shown, query=card.query, reply=card.reply, options=card.options) if card is not None else None,
        done=len(picks),
        total=len(there),
        last=mine[-1][0] if mine else None,
    )
    return found if card is not None else _revealed(found, cards, picks)


def _revealed(found: Reading, cards: Sequence[PersonCard], picks: dict[str, int | None]) -> Reading:
    read = tuple(_read(card, picks[card.shown]) for card in cards)
    titles = dict.fromkeys(card.principle for card in cards)
    told = tuple(ToldRight(principle=title, share=share([each.right for each in read if each.principle == title])) for title in titles)
    return Reading(lab=found.lab, card=None, done=found.done, total=found.total, last=found.last, by_principle=told, read=read)


def _read(card: PersonCard, pick: int | None) -> CardRead:
    return CardRead(
        query=card.query,
        reply=card.reply,
        principle=card.principle,
        own=card.options[card.own],
        picked=None if pick is None else card.options[pick],
        right=pick == card.own,
    )
