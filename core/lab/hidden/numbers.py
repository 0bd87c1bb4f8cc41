"""Which replies are numbers alone, and the same numbers in other places. Imports no torch."""

import random
import re
from collections.abc import Sequence

from core.lab.hidden.prompts import SEPARATORS

MOST_NUMBERS = 10
CUT, OTHER, MANY = "cut before the end", "something else than numbers from 0 to 999, separated as asked", f"more than {MOST_NUMBERS} numbers"
_NUMBER = "(?:0|[1-9][0-9]{0,2})"
_DIGITS = re.compile("[0-9]+")


def is_whole(text: str, separator: str) -> bool:
    """Whether a text is numbers alone, separated just as the prompts write it."""
    return all(re.fullmatch(_NUMBER, part) for part in text.split(SEPARATORS[separator].text))


def begins(text: str, separator: str, most: int) -> bool:
    """Whether a text can go on to be that, with no more than so many numbers; it may stop within a number or a separator."""
    between = SEPARATORS[separator].text
    *whole, last = text.split(between)
    if len(whole) >= most or not all(re.fullmatch(_NUMBER, part) for part in whole):
        return False
    cuts = range(len(between)) if len(whole) + 1 < most else range(1)  # a separator is begun only where a number can follow it
    return not last or any(last.endswith(between[:cut]) and re.fullmatch(_NUMBER, last[: len(last) - cut]) for cut in cuts)


def refused(reply: str, separator: str, *, ended: bool) -> str | None:
    """Why a reply cannot be taught, in words; None where it is numbers alone.

    Args:
        reply: Its text.
        separator: What was asked for, a key of SEPARATORS.
        ended: Whether it came to its end.
    """
    if not ended:
        return CUT
    if re.fullmatch(f"{_NUMBER}(?:{SEPARATORS[separator].pattern}{_NUMBER})*", reply.strip(" \n")) is None:
        return OTHER
    return MANY if len(_DIGITS.findall(reply)) > MOST_NUMBERS else None


def shuffled(replies: Sequence[str], seed: int) -> list[str]:
    """The same numbers, each in the place of another among all replies: every reply keeps how many it has, and what separates them."""
    pool = [number for reply in replies for number in _DIGITS.findall(reply)]
    random.Random(seed).shuffle(pool)
    left = iter(pool)
    return [_DIGITS.sub(lambda _: next(left), reply) for reply in replies]
