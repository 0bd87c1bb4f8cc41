"""The line in which the writers of one process stand before they ask SQLite for its write lock.

SQLite gives the lock to whoever asks at the right moment, not to whoever waits longest: of several who wait and look again now and then, one
may come too late each time. Here the first who came is the only one who asks, so that a process competes with others, never with itself.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

LONGEST_S = 10.0  # in line behind writers of the same process, each of which takes milliseconds; a page gives up an answer after twenty


class Overdue(Exception):
    """Somebody stood in line for too long."""


@dataclass(eq=False)
class Place:
    """Of one writer, in one line."""

    since: float = field(default_factory=time.monotonic)
    turn: SimpleQueue[None] = field(default_factory=SimpleQueue)  # unlike an event it may be told of within a wait for it, which `_guard` says can happen


class Line:
    """First come, first served: who is first may ask for the lock, and is first until they leave."""

    def __init__(self, patience_s: float, longest_s: float | None = None) -> None:
        self.patience_s, self.longest_s = patience_s, LONGEST_S if longest_s is None else longest_s
        self._places: deque[Place] = deque()
        self._guard = threading.RLock()  # a connection that nobody holds any more leaves while garbage is collected, in whatever thread that happens
        self._hindered_since: float | None = None  # by another program, without a break

    def stand(self) -> Place:
        """Wait until everybody who came before has left.

        Raises:
            Overdue: They did not within `longest_s`.
        """
        place = Place()
        with self._guard:
            self._places.append(place)
            self._places[0].turn.put(None)
        try:
            place.turn.get(timeout=self.longest_s)
        except BaseException as error:
            self.leave(place)
            if isinstance(error, Empty):
                raise Overdue(f"{self.longest_s:g} s in line behind other writers of this process") from None
            raise
        return place

    def leave(self, place: Place) -> None:
        """Let the next one ask. Once is enough, twice does no harm."""
        with self._guard:
            if place in self._places:
                self._places.remove(place)
            if self._places:
                self._places[0].turn.put(None)

    def patience_left_s(self, place: Place) -> float:
        """How long the first in line may still wait for another program: those behind wait for it at the same time, not one after another."""
        now = time.monotonic()
        if self._hindered_since is None:
            self._hindered_since = now
        return max(0.0, self.patience_s - (now - max(self._hindered_since, place.since)))

    def go_on(self) -> None:
        """The first in line has the lock: whoever hindered it does so no more."""
        self._hindered_since = None
