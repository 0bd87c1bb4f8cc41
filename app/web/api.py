"""What pages and scripts may ask: questions and answers as JSON, behind the checks of app/web/security.py. Nothing of them is kept.

`/api` and `/docs` list them for people, `/api/schema.json` for programs; both are made from the types of the handlers.
"""

import json
import math
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any

from anyio import CancelScope
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from app.pages.endpoints import Endpoint, Reply, described
from app.present.endpoints import page_html
from app.web.modules import ASSETS

STYLES = ("tokens.css", "studio.css", "endpoints.css")
NOT_KEPT = {"Cache-Control": "no-store"}
STATUS = {"problem": 400, "fault": 500}
STREAMS_AT_ONCE = 16  # each holds a thread of the server while a model writes


def add_routes(app: FastAPI, endpoints: tuple[Endpoint, ...]) -> None:
    """Add the addresses; call it before the pages are mounted, which answer everything else."""
    schema = described(endpoints)
    listing = page_html(schema, "".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES))
    streams = threading.BoundedSemaphore(STREAMS_AT_ONCE)

    @app.get("/api")
    @app.get("/docs")
    def for_people() -> HTMLResponse:
        return HTMLResponse(listing)

    @app.get("/api/schema.json")
    def for_programs() -> JSONResponse:
        return JSONResponse(schema)

    for endpoint in endpoints:  # a route of its own each, so that it is counted and timed by its name
        app.post(f"/api/{endpoint.page}/{endpoint.name}")(_route(endpoint, streams))

    asked = {f"{endpoint.page}/{endpoint.name}" for endpoint in endpoints}

    @app.api_route("/api/{name:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def nothing(name: str) -> Response:
        if name in asked:
            return _problem(f"{name} is asked with POST, and a JSON object as ./api/schema.json describes it.", 405)
        return _problem("There is no such endpoint. The page ./api of this server lists them.", 404)


def _route(endpoint: Endpoint, streams: threading.BoundedSemaphore) -> Callable[[Request], Awaitable[Response]]:
    async def ask(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, endpoint, body, request, streams)

    return ask


def _answer(endpoint: Endpoint, body: bytes, request: Request, streams: threading.BoundedSemaphore) -> Response:
    question = _read(body)
    if question is None:
        return _problem("What was sent is no JSON object. Send one, as ./api lists them.", 400)
    if not endpoint.streams:
        reply = endpoint.handler(question, request)
        return Response(reply.body, STATUS.get(reply["kind"], 200), NOT_KEPT, "application/json")
    if not streams.acquire(blocking=False):
        return _problem(f"{STREAMS_AT_ONCE} questions are being answered for others, as many as this server can at once. Try again in a moment.", 503)
    return _Lines(endpoint.handler(question, request), streams)


def _finite(number: str) -> float:
    """JSON has no other numbers; Python reads `NaN`, `Infinity` and 1e999 all the same, and no database keeps them."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        question = json.loads(body, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None
    return question if isinstance(question, dict) else None


class _Lines(StreamingResponse):
    """One line of JSON a word. However it ends, what tells is closed at once, and its place among the streams is given back."""

    def __init__(self, told: Iterator[Reply], streams: threading.BoundedSemaphore) -> None:
        self._told, self._streams = _lines(told), streams
        super().__init__(self._told, media_type="application/x-ndjson", headers=NOT_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._told.close)
            self._streams.release()


def _lines(told: Iterator[Reply]) -> Generator[bytes]:
    try:
        for reply in told:
            yield reply.body + b"\n"
    finally:
        told.close()  # type: ignore[attr-defined]


def _problem(message: str, status: int) -> Response:
    return JSONResponse({"kind": "problem", "message": message}, status, NOT_KEPT)
