"""What is refused to a person's browser, as a page in words with a way back. Programs get what they got: JSON under /api, a line of text elsewhere."""

import json
from functools import cache

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.present.refusal import refusal_html
from app.web.modules import ASSETS
from app.web.proxy import inner_path

STYLES = ("tokens.css", "studio.css", "endpoints.css")
LONGEST_BYTES = 10_000  # of a refusal; ours are a sentence
WORDS = ("application/json", "text/plain")


class RefusalsAsPages:
    """Holds a refusal back until it is whole, and sends a page in its place where the address was opened in a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_opened(scope):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def watched(message: Message) -> None:
            if held or _refuses(message):
                held.append(message)
                if not message.get("more_body") and message["type"] == "http.response.body":
                    await _page(scope, held)(scope, receive, send)
                return
            await send(message)

        await self.app(scope, receive, watched)


def _is_opened(scope: Scope) -> bool:
    """Whether a browser asks for a page."""
    if scope["type"] != "http" or scope["method"] != "GET" or inner_path(scope).startswith("/api/"):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _refuses(message: Message) -> bool:
    return (
        message["type"] == "http.response.start"
        and 400 <= message["status"] < 500
        and Headers(raw=message["headers"]).get("content-type", "").startswith(WORDS)
    )


def _page(scope: Scope, held: list[Message]) -> HTMLResponse:
    status, said = held[0]["status"], b"".join(message.get("body", b"") for message in held[1:])[:LONGEST_BYTES].decode(errors="replace")
    return HTMLResponse(refusal_html(status, _words(said), f"{scope.get('root_path', '')}/", _style()), status)


def _words(said: str) -> str:
    """The sentence of a refusal, whichever form it has."""
    try:
        data = json.loads(said)
    except ValueError:
        return said
    told = data.get("message", data.get("detail")) if isinstance(data, dict) else None
    return told if isinstance(told, str) and told != "Not Found" else "There is nothing at this address."


@cache
def _style() -> str:
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)
