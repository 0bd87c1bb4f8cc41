"""A server in the model host's place: it announces itself as a host does, and says what a test gives it to say."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.host.protocol import ROUTES, Event
from app.settings import Settings
from tests.app.serving import served

TOKEN = "the token of this host"


class PretendHost:
    """Answers every request with the same events, and keeps what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.events: list[Event] = []
        self.for_ever = False  # after the events it says "alive" until nobody listens
        self.asked: list[dict[str, Any]] = []
        self.left = threading.Event()  # somebody hung up before the end
        self.app = Starlette(routes=[Route(path, self._answer, methods=["POST"]) for path in ROUTES.values()])

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        self.asked.append(await request.json())
        return StreamingResponse(self._lines(), media_type="application/x-ndjson")

    async def _lines(self) -> AsyncIterator[str]:
        try:
            for event in self.events:
                yield json.dumps(event) + "\n"
            while self.for_ever:
                yield json.dumps({"event": "alive"}) + "\n"
                await asyncio.sleep(0.01)
        except (asyncio.CancelledError, GeneratorExit):
            self.left.set()
            raise

    def stand_in(self, settings: Settings, *events: Event, for_ever: bool = False) -> None:
        """From now on whoever asks the host of this studio asks this one, which says these events."""
        self.events, self.for_ever, self.asked = list(events), for_ever, []
        self.left.clear()
        settings.model_host_file.write_text(json.dumps({"port": self.port, "token": TOKEN}))


@contextmanager
def pretended() -> Iterator[PretendHost]:
    """A running one, that nobody has heard of yet."""
    host = PretendHost()
    with served(host.app) as address:
        host.port = int(address.rpartition(":")[2])
        yield host
