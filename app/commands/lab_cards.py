"""`lab --read`: a person as reader of replies, one card after another. No model is loaded."""

import argparse
import sys
from collections.abc import Sequence

from app.commands.user import operator
from core.errors import ConfigError
from core.lab.cards import PersonCard, read_cards, read_picks, write_picks
from core.lab.prior import percent
from core.measure.statistics import share

KEYS = "a number picks, 0 none fits better, u undo, q leave; Enter after each"


def run(options: argparse.Namespace) -> int:
    """Show the cards that are left, keep each pick as it is made, and reveal the names when all is done. Returns the exit status."""
    if options.out is None:
        raise ConfigError("It is not said of which results. Add --out DIR, the folder in which the probe readers was run.")
    who = options.who if options.who is not None else operator()
    cards = read_cards(options.out)
    picks = {number: pick for number, pick in read_picks(options.out, who).items() if number < len(cards)}
    print(f"{len(cards)} cards. Which text was each reply written under?  {KEYS}")
    while len(picks) < len(cards):
        number = next(i for i in range(len(cards)) if i not in picks)
        typed = _asked(cards[number], len(picks) + 1, len(cards))
        if typed is None or typed == "q":
            print(f"{len(picks)} of {len(cards)} read. The same command goes on.")
            return 0
        if typed == "u":
            if picks:
                del picks[list(picks)[-1]]
        elif typed.isascii() and typed.isdecimal() and int(typed) <= len(cards[number].options):
            picks[number] = int(typed) - 1 if int(typed) else None
        else:
            print(f"{typed[:40]!r} is none of these. {KEYS}")
            continue
        write_picks(options.out, who, picks)
    _reveal(cards, picks)
    return 0


def _asked(card: PersonCard, number: int, total: int) -> str | None:
    """What was typed; None: nothing more will be."""
    print(f"\n[{number} of {total}]\nQuery: {card.query}\nReply: {card.reply}")
    for place, option in enumerate(card.options, 1):
        print(f"  {place}  {option}")
    line = sys.stdin.readline()
    return line.strip().casefold() if line else None


def _reveal(cards: Sequence[PersonCard], picks: "dict[int, int | None]") -> None:
    """How many were told right, principle by principle."""
    for title in dict.fromkeys(card.principle for card in cards):
        right = share([picks[n] == card.own for n, card in enumerate(cards) if card.principle == title])
        print(f"“{title}”: {percent(right)} given back to their text; guessing gives 50%.")
    print("The next `lab` in this folder counts them.")
