"""The iterations of a run as arithmetic: which queries each answers and trains on, and with what settings.

Iteration i samples from the policy of iteration i - 1 (the first from the base) and trains a fresh adapter from the base on i times
as many queries as the first. Iterations alternate between two halves of the train split, so that no policy answers a query that it
was itself trained on (arXiv 2404.14313, section 3 and Algorithm 1).
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.constitution.principles import Constitution
from core.constitution.queries import Query, draw_queries
from core.methods.settings import BOUNDS, TrainConfig
from core.seeds import seed_for

T = TypeVar("T")
MOST = BOUNDS["train_queries"][1]  # no query set holds as many
FEWEST_PROBE_QUERIES = 2  # with fewer there is nothing to take a mean of


def iteration_config(config: TrainConfig, number: int) -> TrainConfig:
    """The settings of one iteration, counted from 1: its queries, and a seed of its own for all that is drawn in it."""
    seed = config.seed if number == 1 else seed_for(config.seed, "iteration", number)
    return dataclasses.replace(config, train_queries=min(number * config.train_queries, MOST), seed=seed, iterations=1)


def iteration_queries(queries: Sequence[Query], config: TrainConfig, number: int) -> list[str]:
    """The train queries of one iteration."""
    return list(part_of(draw_queries(queries, "train", len(queries), config.seed), config, number))


def part_of(drawn: Sequence[T], config: TrainConfig, number: int) -> Sequence[T]:
    """What one iteration takes of a train split as drawn: all from one half of it, or from the whole when there is one iteration.

    A half that is too small is used up; a run never takes from the other half or the held-out split instead.
    """
    half = drawn if config.iterations == 1 else drawn[(number - 1) % 2 :: 2]
    return half[: number * config.train_queries]


@dataclass(frozen=True)
class Amount:
    """What a run does, as far as its query set goes."""

    queries: tuple[int, ...]  # that each iteration answers and trains on
    steps: int  # optimiser steps of all iterations, if no query is filtered; or pieces of work without a gradient
    held_out: int  # queries measured


def amount_of(config: TrainConfig, n_train: int = MOST * MOST, n_held_out: int = MOST) -> Amount:
    """What a run does with a query set of so many train and held-out queries; with one that has enough, where nothing is said of it."""
    queries = tuple(len(part_of(range(n_train), config, number)) for number in range(1, config.iterations + 1))
    steps = config.recipe.pieces or sum(config.passes * -(-used // config.queries_per_step) for used in queries)
    return Amount(queries=queries, steps=steps, held_out=min(config.held_out_queries, n_held_out))


def as_probed(config: TrainConfig, constitution: Constitution) -> TrainConfig:
    """The settings as they are for a text: where replies choose the step and no check can tell which follow, there is nothing to probe for."""
    chooses = any(principle.check is not None and principle.check.kept is None for principle in constitution.principles)
    return config if chooses or config.step_by != "replies" else dataclasses.replace(config, probe_every=0)


def probe_queries(queries: Sequence[Query], config: TrainConfig, number: int) -> list[str]:
    """The queries that one iteration's policy is probed on: of the train split, and used by no iteration so far.

    Those that no later iteration uses come first, so that usually all iterations are probed on the same ones.
    """
    if not config.probe_every:
        return []
    used = {turn: set(iteration_queries(queries, config, turn)) for turn in range(1, config.iterations + 1)}
    so_far = set().union(*(used[turn] for turn in range(1, number + 1)))
    left = [query for query in draw_queries(queries, "train", len(queries), config.seed) if query not in so_far]
    ever = set().union(*used.values())
    return sorted(left, key=ever.__contains__)[: config.probe_queries]


def probed_queries(queries: Sequence[Query], config: TrainConfig) -> list[str]:
    """The probe queries of all iterations, without repeats."""
    numbers = range(1, config.iterations + 1)
    return list(dict.fromkeys(query for number in numbers for query in probe_queries(queries, config, number)))


def left_to_probe(n_train: int, config: TrainConfig) -> int:
    """How many queries of a train split of this size the last iteration leaves to probe on."""
    parts = (part_of(range(n_train), config, number) for number in range(1, config.iterations + 1))
    return n_train - len(set().union(*parts))


def probe_note(left: int, config: TrainConfig) -> str:
    """What is to be said when fewer queries than wanted are left to probe on; empty when there are enough."""
    if not config.probe_every or left >= config.probe_queries:
        return ""
    if left < FEWEST_PROBE_QUERIES:
        return (
            f"Training is not probed: it uses all but {left} of the train queries, and probing takes queries that are not trained on. "
            "So it can end early only by its distance from the base. Add train queries, or train on fewer."
        )
    return f"Training is probed on {left} queries where {config.probe_queries} are asked for: no more are left that are not trained on."
