"""Whether the parts of the studio are there: database, trainer, model host. Nobody who asks waits for one that hangs."""

import concurrent.futures
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

from sqlalchemy import text

from app.host import client
from app.processes.protocol import LEASE_S
from app.services.studio import Studio
from db import trainers

WITHIN_S = 2.0  # a part that has not answered by then is not there
DATABASE = "database"
log = logging.getLogger("studio.health")

T = TypeVar("T")


class Asking(Generic[T]):
    """One question that may hang. It is asked in a thread of its own, and once at a time however many want to know meanwhile."""

    def __init__(self, name: str, look: Callable[[], T], missing: T) -> None:
        self.name, self.look, self.missing = name, look, missing
        self.asked: Future[T] | None = None
        self.lock = threading.Lock()

    def ask(self) -> Future[T]:
        """What the answer will be."""
        with self.lock:
            if self.asked is None or self.asked.done():
                self.asked = Future()
                # daemon: one that hangs must not keep the process from ending
                threading.Thread(target=self._work, args=(self.asked,), name=f"health of the {self.name}", daemon=True).start()
            return self.asked

    def answered(self, asked: Future[T]) -> T:
        """The answer, if it is there by now."""
        return asked.result() if asked.done() else self.missing

    def within(self, seconds: float) -> T:
        """The answer, if it comes in time."""
        asked = self.ask()
        concurrent.futures.wait([asked], seconds)
        return self.answered(asked)

    def _work(self, future: Future[T]) -> None:
        try:
            future.set_result(self.look())
        except Exception as error:  # whatever it is, the part cannot be used; the text may hold what strangers must not read
            log.warning("The %s does not answer: %s", self.name, error)
            future.set_result(self.missing)


class Parts:
    """Whether each part is there."""

    def __init__(self, looks: Mapping[str, Callable[[], bool]]) -> None:
        self.askings = {name: Asking(name, look, False) for name, look in looks.items()}

    def ask(self) -> dict[str, Future[bool]]:
        """What each part will answer."""
        return {name: asking.ask() for name, asking in self.askings.items()}

    def there(self) -> dict[str, bool]:
        """Which parts are there; waits for at most WITHIN_S."""
        asked = self.ask()
        concurrent.futures.wait(asked.values(), WITHIN_S)
        return self.answered(asked)

    def answered(self, asked: Mapping[str, Future[bool]]) -> dict[str, bool]:
        """The parts that have said by now that they are there."""
        return {name: self.askings[name].answered(future) for name, future in asked.items()}


def parts_of(studio: Studio) -> Parts:
    """The parts of a studio. A trainer that cannot be asked after, because the database is away, counts as missing."""
    return Parts({DATABASE: lambda: _database(studio), "trainer": lambda: _trainer(studio), "model host": lambda: _host(studio)})


def _database(studio: Studio) -> bool:
    with studio.sessions.read() as session:
        if studio.engine.dialect.name == "postgresql":
            session.execute(text("SELECT set_config('statement_timeout', :ms, true)"), {"ms": str(int(WITHIN_S * 1000))})
        return bool(session.scalar(text("SELECT count(*) FROM alembic_version")))  # a table: one that was deleted under us does not count as there


def _trainer(studio: Studio) -> bool:
    with studio.sessions.read() as session:
        identities = trainers.heard_of(session, LEASE_S)
    return any(studio.launcher.is_alive(identity) is not False for identity in identities)


def _host(studio: Studio) -> bool:
    return client.answers(studio.settings, WITHIN_S)
