"""Which constitutions a query is answered under. Pure arithmetic on seeds: the same seed gives the same draw on every machine."""

import random
from dataclasses import dataclass
from typing import Literal

from core.constitution.principles import Stance
from core.seeds import seed_for

Kind = Literal["mixed", "single"]
Trace = Literal["all", "own"]
STATEMENT = 0  # the place of the statements among `asked_stances`


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """The n constitutions of one query, each a stance, with the order in which principles are put to the model."""

    stances: tuple[Stance, ...]  # n distinct ones; response i is sampled under stances[i]
    order: tuple[int, ...]  # positions of the principles in the system message, shared by the n


def asked_stances(n_principles: int) -> dict[str, Stance]:
    """The stances that held-out queries are answered under when a policy is measured, by the name of their side.

    All statements, all antitheses, and each principle alone taken as its antithesis; of one principle the last two are the same.
    So k principles cost 2 replies a query for k = 1, and k + 2 for more.
    """
    sides = {"statement": (True,) * n_principles, "antithesis": (False,) * n_principles}
    if n_principles > 1:
        sides |= {flip_side(i, n_principles): tuple(j != i for j in range(n_principles)) for i in range(n_principles)}
    return sides


def flip_side(principle: int, n_principles: int) -> str:
    """The name of the side that takes one principle, by its position, as its antithesis and leaves the others."""
    return f"flip {principle + 1}" if n_principles > 1 else "antithesis"


def is_asked(prompt: int, written: int, trace: Trace) -> bool:
    """Whether a reply that was written under one of `asked_stances` is scored under another, both by their places.

    What is said of a principle rests on the statements and its own flip, and what is said of an arm, with `own`, on the statements and the antitheses:
    the replies of both under both. So each reply is scored under its own stance and under the statements, and one under the statements under all.
    """
    return trace == "all" or STATEMENT in (prompt, written) or prompt == written


def most_stances(n_principles: int, kind: Kind) -> int:
    """How many distinct stances a contrast of a kind can be drawn from."""
    return 2**n_principles if kind == "mixed" else n_principles + 1


def draw_contrast(n_principles: int, n_constitutions: int, seed: int, kind: Kind = "mixed") -> Contrast:
    """Draw n distinct stances, the first all statements as in SAMI's published constitutions, then shuffle them.

    The others flip one principle alone (single), or one, all, or a random mixture, equally often (mixed).

    Args:
        n_principles: k >= 1.
        n_constitutions: n >= 2; no more than `most_stances`.
        seed: Decides the draw.
        kind: What stands against all statements.

    Raises:
        ValueError: More constitutions than distinct stances.
    """
    if n_constitutions > (most := most_stances(n_principles, kind)):
        raise ValueError(f"{n_principles} principles have {most} distinct stances, fewer than {n_constitutions}")
    rng = random.Random(seed)
    stances = [(True,) * n_principles]
    while len(stances) < n_constitutions:
        stance = _draw_stance(n_principles, kind, rng)
        if stance not in stances:
            stances.append(stance)
    rng.shuffle(stances)
    order = list(range(n_principles))
    rng.shuffle(order)
    return Contrast(stances=tuple(stances), order=tuple(order))


def contrast_for(query: str, n_principles: int, n_constitutions: int, seed: int, kind: Kind = "mixed") -> Contrast:
    """The contrast that a train query is answered under in an iteration with this seed."""
    return draw_contrast(n_principles, n_constitutions, seed_for(seed, "contrast", query), kind)


def _draw_stance(n_principles: int, kind: Kind, rng: random.Random) -> Stance:
    way = rng.randrange(3) if kind == "mixed" else 0
    if way == 0:
        flipped = {rng.randrange(n_principles)}
    elif way == 1:
        flipped = set(range(n_principles))
    else:
        flipped = {i for i in range(n_principles) if rng.random() < 0.5}
    return tuple(i not in flipped for i in range(n_principles))
