"""A person as reader: ten to thirty cards, each a query, a reply and the texts that it may have been written under. Imports no torch.

The cards lie in the battery's folder once the readers' probe has drawn its replies; what a person picks lies beside them, in a file of each
person's own, and is read with the next call.
"""

import hashlib
import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.measure.readers import GivenReader, ReaderCard
from core.seeds import seed_for

CARDS = "cards.json"
PICKS = "picks-"  # before a person's name, in the names of files
MOST_CARDS = 30


@dataclass(frozen=True, kw_only=True)
class PersonCard:
    """A card as a person sees it: the options stand in an order of its own."""

    query: str
    reply: str
    options: tuple[str, ...]
    own: int  # which is told when all is done
    principle: str  # its title, told then too

    @property
    def shown(self) -> str:
        """What it is known by: the sha256 of exactly what is seen."""
        return hashlib.sha256(json.dumps([self.query, self.reply, self.options]).encode()).hexdigest()


def person_cards(by_principle: Mapping[str, Sequence[ReaderCard]], seed: int) -> list[PersonCard]:
    """Some of the readers' cards, shuffled: of each principle as many queries, each with all its replies, so that no text is more frequent.

    Args:
        by_principle: The cards of each principle, by its title, query by query.
        seed: Of the choice and the orders.
    """
    rng = random.Random(seed_for("person cards", seed))
    chosen = []
    for title, cards in by_principle.items():
        readable = [cards[i : i + 2] for i in range(0, len(cards), 2) if all(card.reply for card in cards[i : i + 2])]
        rng.shuffle(readable)
        most = max(1, MOST_CARDS // (2 * len(by_principle)))
        chosen += [_card(title, card, rng) for pair in readable[:most] for card in pair]
    rng.shuffle(chosen)
    return chosen[:MOST_CARDS]


def _card(title: str, card: ReaderCard, rng: random.Random) -> PersonCard:
    order = list(range(len(card.options)))
    rng.shuffle(order)
    texts = tuple(card.options[i].text for i in order)
    return PersonCard(query=card.query, reply=card.reply, options=texts, own=order.index(card.own), principle=title)


def cards_to_data(cards: Sequence[PersonCard]) -> list[dict[str, Any]]:
    """Plain JSON data."""
    return [asdict(card) for card in cards]


def read_cards(folder: Path) -> list[PersonCard]:
    """The cards of a battery.

    Raises:
        ConfigError: There are none, or they cannot be read.
    """
    try:
        return cards_in((folder / CARDS).read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(f"There are no cards in {folder}. They are made by the probe readers: run `lab --probe readers --out {folder}` first.") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder / CARDS} cannot be read ({error!r}). Move it away and run the probe readers again.") from error


def cards_in(file: bytes) -> list[PersonCard]:
    """The cards that a file holds.

    Raises:
        ValueError: It cannot be read.
    """
    try:
        return [PersonCard(**{**row, "options": tuple(map(str, row["options"]))}) for row in json.loads(file)]
    except (TypeError, LookupError, RecursionError) as error:
        raise ValueError(f"this holds no cards: {error!r}") from error


def read_picks(folder: Path, who: str) -> dict[int, int | None]:
    """What a person picked so far, by the number of the card; None: none fits better."""
    path = _picks_path(folder, who)
    if not path.exists():
        return {}
    try:
        return {int(number): None if pick is None else int(pick) for number, pick in json.loads(path.read_text(encoding="utf-8"))["picks"].items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{path} holds no picks that can be read ({error!r}). Move it away to begin anew.") from error


def write_picks(folder: Path, who: str, picks: Mapping[int, int | None]) -> None:
    """Keep them, whole or not at all."""
    path = _picks_path(folder, who)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(json.dumps({"who": who, "picks": {str(number): pick for number, pick in picks.items()}}, ensure_ascii=False), encoding="utf-8")
    os.replace(scratch, path)


def _picks_path(folder: Path, who: str) -> Path:
    return folder / f"{PICKS}{seed_for('reader', who):016x}.json"


def people(folder: Path) -> list[GivenReader]:
    """Those who picked, as readers; how many cards is part of the name, so that more cards are measured anew."""
    if not (folder / CARDS).exists():
        return []
    cards, found = read_cards(folder), []
    for path in sorted(folder.glob(f"{PICKS}*.json")):
        who = str(json.loads(path.read_text(encoding="utf-8"))["who"])
        picks = {number: pick for number, pick in read_picks(folder, who).items() if 0 <= number < len(cards)}
        if picks:
            chosen = {(cards[n].query, cards[n].reply): None if pick is None else cards[n].options[pick] for n, pick in picks.items()}
            found.append(GivenReader(f"{who}, {len(picks)} cards", chosen))
    return found
