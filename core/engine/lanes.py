"""Passes of one network side by side: each in a lane, a thread with its share of the processor's.

Two cores that work at one pass of a small network wait for each other at every one of some thousand products; at two passes, a core each, they do not.
Nothing is computed otherwise for it, if a product has the same bits whatever number of threads works at it. Libraries do not promise that, so it is tried
on the model itself (`core.engine.layouts.prove_lanes`), and where it does not hold there is one lane, which is all threads.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")
Steps = Iterator[list[int | None]]  # of a batch under decoding: the new token of every row, None for rows that have ended


def threads() -> int:
    """With how many of the processor's this thread works."""
    return torch.get_num_threads()


@contextmanager
def opened(lanes: int) -> Iterator[Executor]:
    """So many lanes."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(lanes, initializer=torch.set_num_threads, initargs=(max(1, before // lanes),)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)  # which a lane sets for threads to come, too


def in_lanes(lanes: int, jobs: Sequence[Callable[[], T]], *, gradients: bool = False) -> list[T]:
    """What jobs come to, in one lane one after another, as if there were none; without gradients, unless they are for them."""
    run = _with_gradients if gradients else _without_gradients
    if lanes == 1 or len(jobs) < 2:
        return [run(job) for job in jobs]
    with opened(lanes) as pool:
        return list(pool.map(run, jobs))


def _without_gradients(job: Callable[[], T]) -> T:
    with torch.no_grad():  # which holds for a thread
        return job()


def _with_gradients(job: Callable[[], T]) -> T:
    with torch.enable_grad():
        return job()


def steps_in_lanes(lanes: int, batches: Sequence[tuple[int, Steps]]) -> Steps:
    """Several batches in step with each other as if they were one: the tokens of the first, then those of the next.

    Args:
        lanes: At least one.
        batches: How many rows each has, and its steps.
    """
    with opened(lanes) as pool:
        while True:
            found = list(pool.map(lambda batch: next(batch[1], None), batches))
            if all(step is None for step in found):
                return
            yield [token for (rows, _), step in zip(batches, found, strict=True) for token in (step if step is not None else [None] * rows)]
