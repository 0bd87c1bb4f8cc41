"""Serving below a path of a reverse proxy, such as https://example.org/studio/, and behind one at all.

The path is that of the setting STUDIO_ROOT_PATH, or what a trusted proxy says in X-Forwarded-Prefix. It does not matter whether the proxy
takes it off: a request that begins with it and one that does not are the same one. All addresses that the pages give away are below it.

A proxy is trusted by its address (FORWARDED_ALLOW_IPS; nobody unless told so: of this machine, every program has the address of a proxy that
runs there). Who else sends X-Forwarded-… is not heard, and the log says so once. Of several addresses in X-Forwarded-For the last one that is
no trusted proxy's is the caller's: whatever stands before it may be made up.
"""

import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.addresses import is_root_path, plain_root_path
from app.settings import Settings
from app.web.connections import Addresses

STREAMS = ("text/event-stream", "application/x-ndjson")
FORWARDED = ("x-forwarded-for", "x-forwarded-prefix")

log = logging.getLogger(__name__)


class BehindProxy:
    """Takes in what a trusted proxy says of the caller, and puts every request and every redirection below the root path."""

    def __init__(self, app: ASGIApp, root_path: str, trusted: str) -> None:
        self.app = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type]
        self.root_path = root_path
        self.said = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)  # type: ignore[arg-type]
            return
        trusted = self._hears(scope)
        scope.setdefault("state", {})["through_proxy"] = trusted  # said here, where `client` still is the peer of the connection
        root_path = self.root_path or (plain_root_path(Headers(scope=scope).get("x-forwarded-prefix", "")) if trusted else "")
        if not is_root_path(root_path):
            refusal = PlainTextResponse("The proxy sent an X-Forwarded-Prefix that cannot be used. It must be a path such as /studio.", 400)
            await refusal(scope, receive, send)
        elif root_path and scope["path"] == root_path:  # relative links would lead one level too high
            await RedirectResponse(f"{root_path}/{_query(scope)}", 308)(scope, receive, send)
        else:
            await self.app(below(scope, root_path), receive, _answering(send, root_path))  # type: ignore[arg-type]

    def _hears(self, scope: Scope) -> bool:
        """Whether what this peer says of others is believed."""
        client = scope.get("client")
        trusted = client is not None and client[0] in self.app.trusted_hosts
        if not trusted and not self.said and any(name in Headers(scope=scope) for name in FORWARDED):
            self.said = True
            peer = client[0] if client else "somebody without an address"
            log.warning("%s sends X-Forwarded-… headers, which are not heard. If it is your proxy, set FORWARDED_ALLOW_IPS=%s", peer, peer)
        return trusted


def is_through_proxy(scope: Scope) -> bool:
    """Whether the request came from a trusted proxy, as `BehindProxy` saw it."""
    return scope.get("state", {}).get("through_proxy") is True


def trusted_addresses(settings: Settings) -> Addresses:
    """The addresses whose X-Forwarded-… headers are heard."""
    return ProxyHeadersMiddleware(_nobody, settings.trusted_proxies).trusted_hosts


async def _nobody(*_: object) -> None: ...


def below(scope: Scope, root_path: str) -> Scope:
    """The request as one below the path, as ASGI has it: `path` holds `root_path` at its beginning, whether or not the proxy took it off."""
    if not root_path or scope["path"].startswith(f"{root_path}/"):
        return {**scope, "root_path": root_path}
    raw = {"raw_path": root_path.encode() + scope["raw_path"]} if scope.get("raw_path") is not None else {}
    return {**scope, "root_path": root_path, "path": root_path + scope["path"], **raw}


def inner_path(scope: Scope) -> str:
    """The path of a request below the root path."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _query(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"?{query}" if query else ""


def _answering(send: Send, root_path: str) -> Send:
    """Redirections stay below the path, and what is streamed is not gathered on the way."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            to = headers.get("location", "")
            if root_path and to.startswith("/") and not to.startswith((f"{root_path}/", "//")):
                headers["location"] = root_path + to
            if headers.get("content-type", "").startswith(STREAMS):
                headers["X-Accel-Buffering"] = "no"  # nginx heeds it
        await send(message)

    return answer
