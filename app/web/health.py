"""/healthz: whether the studio can be used, for whoever watches over it. Anybody may ask, so it says of each part only whether it is there."""

import asyncio

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from app.services.health import DATABASE, WITHIN_S, Parts

NOT_KEPT = {"Cache-Control": "no-store"}


def add_routes(app: FastAPI, parts: Parts) -> None:
    """Add the address; call it before the pages are mounted, which answer everything else.

    Without a database nothing works: 503. Without a trainer or model host people can still write, and a run waits: 200, "degraded".
    """

    @app.api_route("/healthz", methods=["GET", "HEAD"])  # HEAD too, or the pages would be asked for it
    async def healthz() -> JSONResponse:
        asked = parts.ask()
        await asyncio.wait([asyncio.wrap_future(future) for future in asked.values()], timeout=WITHIN_S)
        there = parts.answered(asked)
        said = {name: "ok" if is_there else "missing" for name, is_there in there.items()}
        body = {"status": "ok" if all(there.values()) else "degraded", "parts": said}
        return JSONResponse(body, 200 if there.get(DATABASE, True) else 503, headers=NOT_KEPT)
