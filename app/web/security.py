"""Who may call this server: checks in front of every route, Gradio's included, since each event handler is a public endpoint.

Each layer is a plain ASGI application around the next. `protect` puts them in order, outermost first:
what a proxy says, headers, host name, origin, password, body size.
"""

import base64
import binascii
import hmac
import ipaddress
import time
from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings
from app.web.actors import LONGEST_NAME, Actor, KnownBy, actor_in, is_name, plain_name
from app.web.metrics import Measured, Metrics
from app.web.proxy import BehindProxy, inner_path

OPEN_PATHS = ("/healthz",)
METRICS_PATHS = ("/metrics",)  # open to anybody where STUDIO_METRICS says so
LARGEST_BODY_BYTES = 6_000_000
MOST_FAILURES, FAILURE_WINDOW_S = 10, 15 * 60.0
MOST_ADDRESSES = 4096
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


def protect(app: Starlette, settings: Settings, metrics: Metrics | None = None) -> None:
    """Put every check in front of `app`. `metrics` count what is refused too."""
    app.add_middleware(BodyLimit, largest_bytes=LARGEST_BODY_BYTES)  # each call goes outside of those before it
    app.add_middleware(PasswordGate, password=settings.password, also_open=METRICS_PATHS if settings.metrics == "open" else ())
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


class PasswordGate:
    """HTTP Basic: any name, one password. Writes who calls into the request, where `actor_of` finds it."""

    def __init__(self, app: ASGIApp, password: str | None, clock: Callable[[], float] = time.monotonic, also_open: Iterable[str] = ()) -> None:
        self.app = app
        self.password = password
        self.also_open = frozenset(also_open)
        self.failures = Failures(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        """None when the request may pass; then its state names the actor."""
        if self.password is None:
            scope.setdefault("state", {})["actor"] = actor_in(Headers(scope=scope))
            return None
        if is_open(scope) or inner_path(scope) in self.also_open:
            return None
        given, address = Headers(scope=scope).get("authorization"), _address(scope)
        if given is None:
            return _challenge()
        if wait_s := self.failures.wait_s(address):
            return PlainTextResponse("Too many wrong passwords from this address. Try again later.", 429, {"Retry-After": str(wait_s)})
        name, password = _read_basic(given)
        if not hmac.compare_digest(password.encode(), self.password.encode()):
            self.failures.add(address, given)
            return _challenge()
        if not is_name(name):
            return _challenge()
        scope.setdefault("state", {})["actor"] = Actor(name, KnownBy.LOGIN)
        return None


class Failures:
    """Wrong passwords by address. The same wrong one counts once: it is a forgotten tab, and tells a guesser nothing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.times: dict[str, dict[int, float]] = {}  # address -> hash of what was sent -> when

    def add(self, address: str, sent: str) -> None:
        self.times[address] = self._recent(address) | {hash(sent): self.clock()}
        if len(self.times) > MOST_ADDRESSES:
            self.times = {address: recent for address in self.times if (recent := self._recent(address))}
        if len(self.times) > MOST_ADDRESSES:
            del self.times[next(iter(self.times))]

    def wait_s(self, address: str) -> int:
        """Seconds until this address may try again; 0 when it may now."""
        recent = sorted(self._recent(address).values())
        if len(recent) < MOST_FAILURES:
            return 0
        return max(1, round(recent[-MOST_FAILURES] + FAILURE_WINDOW_S - self.clock()))

    def _recent(self, address: str) -> dict[int, float]:
        since = self.clock() - FAILURE_WINDOW_S
        return {sent: at for sent, at in self.times.get(address, {}).items() if at > since}


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


def _challenge() -> PlainTextResponse:
    text = f"Sign in with any name (1 to {LONGEST_NAME} characters) and the password of this server."
    return PlainTextResponse(text, 401, {"WWW-Authenticate": 'Basic realm="Constitution Studio", charset="UTF-8"'})


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"That is more than {LARGEST_BODY_BYTES // 1_000_000} MB, the most this server accepts at once."
    await PlainTextResponse(text, 413)(scope, receive, send)  # the server reads on and discards, or the browser would see a reset


def _read_basic(header: str) -> tuple[str, str]:
    """Name and password; both empty when the header is not HTTP Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return plain_name(name), password


def _host_name(host: str) -> str:
    """The name in a Host header, without port, brackets and final dot."""
    host = host.strip().lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.removesuffix(".")


def _address(scope: Scope) -> str:
    """Whom to count failures for. One IPv6 customer owns 2**64 addresses, so those count as one."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host
