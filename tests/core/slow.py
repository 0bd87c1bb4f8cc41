"""Work that takes its time, for a child process: imports little, so that the child is not busy with that."""

import os
import time
from collections.abc import Iterator

from core.constitution.principles import Principle
from core.measure.values import Cell, Outcome


def slowly(steps: int, hangs_at: int = -1) -> Iterator[int]:
    for step in range(steps):
        time.sleep(60 if step == hangs_at else 0.1)
        yield step


class Hangs:
    """A judge of every principle, whom a reply can hold up or kill."""

    name = "hangs"

    def can_judge(self, principle: Principle) -> bool:
        return True

    def reads(self, cell: Cell) -> bool:
        return True

    def judge(self, principle: Principle, query: str, response: str) -> Outcome:
        if response == "hang":
            time.sleep(60)
        if response == "die":
            os._exit(7)
        return Outcome(follows=True, why="it is here", by=self.name)
