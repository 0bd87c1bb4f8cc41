"""Content or format: what the principles of a run are trained as, their text or a control of it (Kung & Peng 2023, arXiv 2305.11383). Imports no torch.

Kung and Peng train on instructions that say less, or something else, and find much of the gain still there. Here the whole training is the same, and either the
text in the prompts is another one, of replies that are drawn under it, or the replies stand in other places than those that they were drawn for.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core.constitution.nonce import nonce
from core.constitution.principles import Constitution
from core.constitution.text import emptied

Reply = TypeVar("Reply")
Pairing = Callable[[Sequence[tuple[tuple[int, ...], ...]], int], list[tuple[tuple[int, ...], ...]]]
REAL, EMPTIED, SWAPPED, NONCE, RANDOM = "real", "emptied", "swapped", "nonce", "random"


def _as_it_is(constitution: Constitution) -> Constitution:
    return constitution


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to train on a constitution, or on what is left of it."""

    key: str
    title: str
    text: Callable[[Constitution], Constitution] = _as_it_is  # what stands in the prompts, of training and of the run's measurements
    pair: Pairing | None = None  # which replies stand under which prompts, given those of each query and a seed; None: those that were drawn there
    anew: bool = False  # whether they are paired in each iteration, not in the first alone: one that was swapped already replies so
    note: str = ""  # what is told of such a run wherever it is shown


def control_title(key: str) -> str:
    """What a run of a variant is called among runs, also of one that this studio does not know; empty where it is the text."""
    return "" if key == REAL else f"a control: {VARIANTS[key].title.lower() if key in VARIANTS else key}"


def control_note(key: str) -> str:
    """What has to be known to read anything of an adapter of a variant; empty where it is the text, or nothing is known of it."""
    return VARIANTS[key].note if key in VARIANTS else ""


def without_content(constitution: Constitution) -> Constitution:
    """The constitution with its texts emptied: length and form stay, nothing is said. Titles and checks stay: no model is shown them."""
    principles = tuple(replace(p, statement=emptied(p.statement), antithesis=emptied(p.antithesis)) for p in constitution.principles)
    return replace(constitution, principles=principles, conflict_rule=emptied(constitution.conflict_rule))


def swapped(replies: Sequence[tuple[Reply, ...]], _seed: int = 0) -> list[tuple[Reply, ...]]:
    """Each query's replies in the reverse order: of two, each stands under the other's side. Done twice it is as it was."""
    return [tuple(reversed(each)) for each in replies]


def at_random(replies: Sequence[tuple[Reply, ...]], seed: int) -> list[tuple[Reply, ...]]:
    """All replies of all queries in one round, none in its own place: a cyclic permutation (Sattolo 1986), each of them equally likely."""
    flat = [reply for each in replies for reply in each]
    places, draw = list(range(len(flat))), random.Random(seed)
    for last in range(len(places) - 1, 0, -1):
        other = draw.randrange(last)
        places[last], places[other] = places[other], places[last]
    moved = iter([flat[place] for place in places])
    return [tuple(next(moved) for _ in each) for each in replies]


_CONTROL = "This is a control and no run of the text: "
VARIANTS: dict[str, Variant] = {
    variant.key: variant
    for variant in (
        Variant(key=REAL, title="The text"),
        Variant(
            key=EMPTIED,
            title="Emptied text",
            text=without_content,
            note=f"{_CONTROL}it was trained and measured with an emptied one, of the same length and form, that says nothing. What its replies are judged by "
            "is what the text itself asks for.",
        ),
        Variant(
            key=SWAPPED,
            title="Swapped sides",
            pair=swapped,
            note=f"{_CONTROL}replies that were drawn under a statement were trained as replies to its antithesis, and the other way round.",
        ),
        Variant(
            key=NONCE,
            title="Invented words",
            text=lambda constitution: nonce(constitution).constitution,
            note=f"{_CONTROL}it was trained and measured with every word replaced by an invented one, the same everywhere. What its replies are judged by is "
            "what the text itself asks for.",
        ),
        Variant(
            key=RANDOM,
            title="Replies paired at random",
            pair=at_random,
            anew=True,
            note=f"{_CONTROL}the replies were paired at random with the prompts that they were trained under.",
        ),
    )
}
