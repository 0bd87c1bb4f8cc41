"""Failed sign-ins in the audit log: counted, and written once a minute, so that no guesser can fill the disk.

A minute has at most `MOST_ROWS` rows for those who fail most visibly, and one for each kind of failure by all others. A name stands in a row
only where it is that of an account: what else is typed there may be a password.
"""

import asyncio
import logging
from collections import Counter

from anyio import to_thread
from starlette.types import Message, Send

from db.audit import NewEntry, add_entry
from db.session import Sessions

EVERY_S = 60.0
MOST_ROWS = 10
FAILED = "sign-in.failed"
OTHERS = "several addresses"

log = logging.getLogger(__name__)


class FailedSignIns:
    """What is to be written."""

    def __init__(self, sessions: Sessions | None, every_s: float = EVERY_S) -> None:
        self.sessions, self.every_s = sessions, every_s
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.writer: asyncio.Task[None] | None = None

    def add(self, who: str, place: str, outcome: str) -> None:
        """Count one; call it in the running loop."""
        if self.sessions is None:
            return
        key = (who, place, outcome)
        self.counts[key if key in self.counts or len(self.counts) < MOST_ROWS else ("", OTHERS, outcome)] += 1
        if self.writer is None or self.writer.done():
            self.writer = asyncio.get_running_loop().create_task(self._write_later())

    async def _write_later(self) -> None:
        await asyncio.sleep(self.every_s)
        await to_thread.run_sync(self.write)

    def write(self) -> None:
        """Write what was counted."""
        counts, self.counts = self.counts, Counter()
        if self.sessions is None or not counts:
            return
        try:
            with self.sessions.begin() as session:
                for (who, place, outcome), count in counts.items():
                    add_entry(session, NewEntry(who=who, place=place, what=FAILED, outcome=outcome, count=count))
        except Exception:  # a database that cannot be written to must not end the server
            log.exception("%d failed sign-ins could not be written to the audit log", counts.total())

    def at_the_end(self, send: Send) -> Send:
        """Sends what the application says of its life, and writes before it says that it has ended."""

        async def last(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await to_thread.run_sync(self.write)
            await send(message)

        return last
