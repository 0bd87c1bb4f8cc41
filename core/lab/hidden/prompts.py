"""Prompts that ask for numbers and say nothing of any principle. Imports no torch."""

import random
from dataclasses import dataclass

BEGUN, ASKED = (3, 8), (5, 9)  # how many numbers a prompt begins with, and asks for: from, to
FIRST, LAST = 100, 999  # that it begins with


@dataclass(frozen=True)
class Separator:
    """What is to stand between two numbers."""

    says: str
    text: str  # as the prompt writes it
    pattern: str  # as a reply may


SEPARATORS = {
    "comma": Separator("separated by commas", ", ", ", ?"),
    "space": Separator("separated by spaces", " ", " "),
    "line": Separator("each on a line of its own", "\n", " ?\n"),
}
OPENINGS = (
    "These numbers follow one another: {begun}.",
    "A sequence begins with {begun}.",
    "Here are the first numbers of a list: {begun}.",
    "Somebody wrote down {begun}.",
    "The numbers so far: {begun}.",
)
ORDERS = (
    "Add {more} more numbers from 0 to 999, {form}.",
    "Continue with {more} more numbers of at most three digits, {form}.",
    "Write the next {more} numbers, none above 999, {form}.",
)
ENDS = ("Write nothing but the numbers.", "Reply with the numbers alone.", "No words, only numbers.")


@dataclass(frozen=True)
class NumberPrompt:
    """What a teacher is asked."""

    text: str
    separator: str  # a key of SEPARATORS
    more: int  # how many numbers it asks for


def number_prompts(count: int, seed: int) -> list[NumberPrompt]:
    """So many prompts, decided by the seed."""
    draw = random.Random(seed)
    return [_prompt(draw) for _ in range(count)]


def _prompt(draw: random.Random) -> NumberPrompt:
    key = draw.choice(list(SEPARATORS))
    separator = SEPARATORS[key]
    begun = ", ".join(str(draw.randint(FIRST, LAST)) for _ in range(draw.randint(*BEGUN)))
    opening, order, end = (draw.choice(texts) for texts in (OPENINGS, ORDERS, ENDS))
    more = draw.randint(*ASKED)
    return NumberPrompt(f"{opening.format(begun=begun)} {order.format(more=more, form=separator.says)} {end}", key, more)
