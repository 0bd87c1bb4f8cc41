"""SAMI's Algorithm 1 as arithmetic: which queries each iteration answers and trains on, and with what settings.

Iteration i samples from the policy of iteration i - 1 (the first from the base) and trains a fresh adapter from the base on i times
as many queries as the first. Iterations alternate between two halves of the train split, so that no policy answers a query that it
was itself trained on (arXiv 2404.14313, section 3 and Algorithm 1).
"""

import dataclasses
from collections.abc import Sequence

from core.config import TrainConfig
from core.contrasts import seed_for
from core.queries import Query, draw_queries


def iteration_config(config: TrainConfig, number: int) -> TrainConfig:
    """The settings of one iteration, counted from 1: its queries, and a seed of its own for all that is drawn in it."""
    seed = config.seed if number == 1 else seed_for(config.seed, "iteration", number)
    return dataclasses.replace(config, train_queries=number * config.train_queries, seed=seed, iterations=1)


def iteration_queries(queries: Sequence[Query], config: TrainConfig, number: int) -> list[str]:
    """The train queries of one iteration: all from one half of the split, or from the whole when there is one iteration.

    A half that is too small is used up; a run never takes from the other half or the held-out split instead.
    """
    drawn = draw_queries(queries, "train", len(queries), config.seed)
    half = drawn if config.iterations == 1 else drawn[(number - 1) % 2 :: 2]
    return half[: number * config.train_queries]
