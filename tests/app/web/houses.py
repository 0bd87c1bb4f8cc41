"""A gate in front of a handler that says who calls, on a real database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.processes.launchers import open_launcher
from app.processes.store import open_store
from app.services.accounts import Accounts
from app.services.studio import Studio
from app.settings import Settings
from app.web.actors import actor_of
from app.web.gate import SignIn
from app.web.proxy import BehindProxy
from db.audit import list_entries
from db.session import make_engine, make_sessions
from tests.app.planting import settings_for

ANN, BEN = ("Ann", "ann's password"), ("ben", "ben's password")
SHARED = "correct horse"
NAVIGATION = {"Sec-Fetch-Mode": "navigate"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class House:
    """The gate in front of a handler that says who calls."""

    def __init__(self, studio: Studio, **settings: Any) -> None:
        self.studio, self.clock = studio, Clock()
        chosen = Settings(data=studio.settings.data, database_url=studio.settings.database_url, **settings)
        inner = Starlette(routes=[Route("/", self.who, methods=["GET", "POST"]), Route("/healthz", self.health)])
        self.gate = SignIn(inner, chosen, Accounts(studio.sessions, self.clock), self.clock)
        self.app = BehindProxy(self.gate, "", chosen.trusted_proxies)

    async def who(self, request: Request) -> PlainTextResponse:
        actor = actor_of(request)
        return PlainTextResponse(f"{actor.name} from {actor.address}")

    async def health(self, _: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    def get(self, who: tuple[str, str] | None = None, host: str = "203.0.113.5", headers: Any = None, **cookies: str) -> Response:
        client = TestClient(self.app, client=(host, 50000), cookies=cookies)
        return client.get("/", auth=who, headers=headers)

    def guess(self, name: str, number: int, host: str = "203.0.113.5", **cookies: str) -> int:
        return self.get((name, f"guess {number}"), host, **cookies).status_code

    def log(self) -> list[tuple[str, str, str, int]]:
        self.gate.failed.write()
        with self.studio.sessions.read() as session:
            return [(row.who, row.place, row.outcome, row.count) for row in list_entries(session) if row.what == "sign-in.failed"]


def opened(folder: Path, database: bytes) -> Iterator[Studio]:
    (folder / "studio.db").write_bytes(database)
    settings = settings_for(folder)
    engine = make_engine(settings.database_url)
    store = open_store(settings)
    yield Studio(settings, engine, make_sessions(engine), store, open_launcher(settings, store))
    engine.dispose()
