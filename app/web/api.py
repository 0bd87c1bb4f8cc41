"""What scripts may ask: the questions of the pages, as JSON, behind the checks of app/web/security.py.

`/api` and `/docs` list them for people, `/api/schema.json` for programs; both are made from the types of the handlers.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from app.pages.endpoints import Endpoint, described
from app.present.endpoints import page_html
from app.web.modules import ASSETS

STYLES = ("tokens.css", "studio.css", "endpoints.css")
NOT_KEPT = {"Cache-Control": "no-store"}
NOTHING: dict[str, Any] = {"kind": "problem", "message": "There is no such endpoint. ./api lists them."}


def add_routes(app: FastAPI, endpoints: tuple[Endpoint, ...]) -> None:
    """Add the addresses; call it before the pages are mounted, which answer everything else."""
    known = {(endpoint.page, endpoint.name): endpoint for endpoint in endpoints}
    schema = described(endpoints)
    listing = page_html(schema, "".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES))

    @app.get("/api")
    @app.get("/docs")
    def for_people() -> HTMLResponse:
        return HTMLResponse(listing)

    @app.get("/api/schema.json")
    def for_programs() -> JSONResponse:
        return JSONResponse(schema)

    @app.post("/api/{page}/{name}")
    def ask(page: str, name: str, request: Request, question: Annotated[dict[str, Any], Body()]) -> Response:
        endpoint = known.get((page, name))
        if endpoint is None:
            return JSONResponse(NOTHING, 404)
        if endpoint.streams:
            return StreamingResponse(_lines(endpoint.handler(question, request)), media_type="application/x-ndjson", headers=NOT_KEPT)
        reply = _plain(endpoint.handler(question, request))
        return JSONResponse(reply, 400 if reply["kind"] == "problem" else 200, headers=NOT_KEPT)


def _lines(told: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """One line of JSON a word; closed with the connection."""
    try:
        for update in told:
            yield f"{json.dumps(_plain(update), ensure_ascii=False)}\n"
    finally:
        told.close()  # type: ignore[attr-defined]


def _plain(update: Mapping[str, Any]) -> dict[str, Any]:
    """The reply in what a handler gives to Gradio, without the mark of the tab that asked."""
    return {name: value for name, value in update["reply"].items() if name != "seq"}
