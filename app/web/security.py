"""Who may call this server: checks in front of every route, Gradio's included.

Each layer is a plain ASGI application around the next. `protect` puts them in order, outermost first:
what a proxy says, headers, host name, origin, who calls (app/web/gate.py), body size.
"""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.services.accounts import Accounts
from app.settings import Settings
from app.web.faults import FaultsInWords
from app.web.gate import OPEN_PATHS, SignIn
from app.web.metrics import Measured, Metrics
from app.web.proxy import BehindProxy, inner_path

LARGEST_BODY_BYTES = 6_000_000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Gradio's page has inline scripts and styles; its plots (Vega) and custom HTML compile templates to functions.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def protect(app: Starlette, settings: Settings, accounts: Accounts | None = None, metrics: Metrics | None = None) -> None:
    """Put every check in front of `app`. Without `accounts` there are none, and none can be made. `metrics` count what is refused too."""
    app.add_middleware(FaultsInWords)  # each call goes outside of those before it
    app.add_middleware(BodyLimit, largest_bytes=LARGEST_BODY_BYTES)
    app.add_middleware(SignIn, settings=settings, accounts=accounts)
    app.add_middleware(OriginCheck)
    app.add_middleware(HostCheck, allowed=allowed_hosts(settings))
    app.add_middleware(SecurityHeaders)
    if metrics is not None:
        app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(BehindProxy, root_path=settings.root_path, trusted=settings.trusted_proxies)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The host names that the page may be reached by. Addresses that mean "every interface" are not names of anything."""
    bound = () if settings.host in ("0.0.0.0", "::") else (settings.host.lower(),)
    return frozenset(("localhost", "127.0.0.1", "::1", *bound, *settings.allowed_hosts))


def is_open(scope: Scope) -> bool:
    """Whether anybody may ask this, by whatever host name and without a password."""
    return scope.get("method") in ("GET", "HEAD") and inner_path(scope) in OPEN_PATHS


class SecurityHeaders:
    """Tells the browser what the page may load, and that nobody may frame it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HostCheck:
    """Refuses requests for another host name: a hostile page may have pointed its own name at this machine (DNS rebinding)."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str]) -> None:
        self.app = app
        self.allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "http" and not is_open(scope):  # who watches over the server knows it by any name, and learns only that it is there
            hosts = Headers(scope=scope).getlist("host")
            if len(hosts) != 1 or _host_name(hosts[0]) not in self.allowed:
                answer = PlainTextResponse("This server does not answer to that host name. Its owner can add it to STUDIO_ALLOWED_HOSTS.", 400)
        await answer(scope, receive, send)


class OriginCheck:
    """Refuses what another web site makes a browser send. Following a link to a page of ours stays possible."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "http" and _is_foreign(scope["method"], Headers(scope=scope)):
            answer = PlainTextResponse("Requests from other web sites are refused.", 403)
        await answer(scope, receive, send)


def _is_foreign(method: str, headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.lower().partition("://")[2] != headers.get("host", "").lower():
        return True  # also "null", and also for reads: Gradio would invite any origin to read the answer
    if headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none"):
        return False
    follows_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return not (follows_link and method in SAFE_METHODS)


class BodyLimit:
    """Refuses bodies over a size, whether the length is announced or the body comes in pieces."""

    def __init__(self, app: ASGIApp, largest_bytes: int) -> None:
        self.app = app
        self.largest_bytes = largest_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif int(Headers(scope=scope).get("content-length", "0")) > self.largest_bytes:  # the server has checked that it is a number
            await _too_large(scope, receive, send)
        else:
            await self._measured(scope, receive, send)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        meter = _Meter(receive, send, self.largest_bytes)
        try:
            await self.app(scope, meter.receive, meter.send)
        except Exception:
            if not meter.exceeded:  # else it is our own exception, or what the application made of it
                raise
        if meter.exceeded and not meter.answered:
            await _too_large(scope, receive, send)


class BodyTooLarge(Exception):
    """Raised into the application that reads the body."""


class _Meter:
    """Counts what is received; once that is too much, the application's own answer is dropped."""

    def __init__(self, receive: Receive, send: Send, largest_bytes: int) -> None:
        self._receive, self._send, self.left = receive, send, largest_bytes
        self.answered = False

    @property
    def exceeded(self) -> bool:
        return self.left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.left -= len(message.get("body", b""))
        if self.exceeded:
            raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        if self.answered or not self.exceeded:
            self.answered = True
            await self._send(message)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"That is more than {LARGEST_BODY_BYTES // 1_000_000} MB, the most this server accepts at once."
    await PlainTextResponse(text, 413)(scope, receive, send)  # the server reads on and discards, or the browser would see a reset


def _host_name(host: str) -> str:
    """The name in a Host header, without port, brackets and final dot."""
    host = host.strip().lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.removesuffix(".")
