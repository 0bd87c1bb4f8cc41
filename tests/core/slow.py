"""Work that takes its time, for a child process: imports little, so that the child is not busy with that."""

import time
from collections.abc import Callable


def slowly(alive: Callable[[], None], steps: int) -> int:
    for _ in range(steps):
        time.sleep(0.1)
        alive()
    return steps
