"""Who is let in, and as whom. Writes who calls into the request, where `actor_of` finds it.

There is one way in at a time, the first of these that holds:

1. STUDIO_USER_HEADER: a trusted proxy has signed people in and names them in this header. It is heard from the peer of the connection alone,
   and refused from anybody else.
2. There are accounts: HTTP Basic with the name and the password of one. The shared password lets nobody in any more, so that nobody becomes
   another by typing their name.
3. STUDIO_PASSWORD: HTTP Basic with any name and this password.
4. Only this machine can reach the server: whoever calls is called as their browser says.

Else nobody is let in: accounts were removed while the server ran. How guesses are slowed: app/web/throttle.py.
"""

import base64
import binascii
import hmac
import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.addresses import is_loopback
from app.services.accounts import NOBODYS_HASH, Account, Accounts, is_password
from app.services.actors import LONGEST_NAME, UNNAMED, is_name, plain_name
from app.settings import Settings
from app.web.actors import Actor, KnownBy, actor_in
from app.web.browsers import Browsers
from app.web.failed import FailedSignIns
from app.web.proxy import inner_path, is_through_proxy
from app.web.throttle import Attempt, Attempts, place_of
from db.users import name_key

OPEN_PATHS = ("/healthz",)
METRICS_PATHS = ("/metrics",)  # open to anybody where STUDIO_METRICS says so
CHECKED_AT_ONCE, MOST_WAITING = 2, 32
BUSY_S = 2
UNREADABLE = "an unreadable address"
ANY_NAME = f"Sign in with any name (1 to {LONGEST_NAME} characters) and the password of this server."
SHARED = "shared"  # what a remembered attempt at the shared password was checked against: it cannot change


class Claim(NamedTuple):
    """A name, and what its password is held against."""

    name: str  # as it is known when the password is right
    known: str  # the same where it is an account's, else empty
    secret: str
    is_right: Callable[[str, str], bool]


@dataclass(frozen=True)
class Admitted:
    """Who may pass, and the mark that their browser is given."""

    actor: Actor
    cookie: str | None = None


Verdict = Admitted | PlainTextResponse


class SignIn:
    """Stands in front of every route."""

    def __init__(self, app: ASGIApp, settings: Settings, accounts: Accounts | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.settings, self.accounts = app, settings, accounts
        self.attempts = Attempts(clock)
        self.browsers = Browsers(settings.browsers_file)
        self.failed = FailedSignIns(accounts.sessions if accounts is not None else None)
        self.open = frozenset(OPEN_PATHS + (METRICS_PATHS if settings.metrics == "open" else ()))
        self.slots, self.waiting = CapacityLimiter(CHECKED_AT_ONCE), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, self.failed.at_the_end(send))
        elif scope["type"] != "http" or inner_path(scope) in self.open:
            await self.app(scope, receive, send)
        else:
            verdict = await self.judge(scope)
            if isinstance(verdict, Admitted):
                scope.setdefault("state", {})["actor"] = verdict.actor
                await self.app(scope, receive, _marking(send, verdict.cookie))
            else:
                await verdict(scope, receive, send)

    async def judge(self, scope: Scope) -> Verdict:
        """Who calls, or the answer to whoever is not let in."""
        headers = Headers(scope=scope)
        if self.settings.user_header is not None:
            return self._named_by_proxy(scope, headers, self.settings.user_header)
        if self.accounts is not None and self.accounts.stale:
            try:
                await to_thread.run_sync(self.accounts.look)
            except SQLAlchemyError:
                return PlainTextResponse("The database cannot be asked who has an account. Try again in a moment.", 503, {"Retry-After": str(BUSY_S)})
        claims = self._claims()
        if claims is not None:
            return await self._signed_in(scope, headers, claims)
        if is_loopback(self.settings.host):
            return Admitted(actor_in(headers, _address(scope)))
        return PlainTextResponse("There is no account any more, so nobody can sign in. The owner can make one with `python -m app user add NAME`.", 503)

    def _claims(self) -> "Callable[[str, str], Claim] | None":
        """What a name and its key are held against; None where nobody is asked for a password."""
        found, password = (self.accounts.found if self.accounts is not None else {}), self.settings.password
        if found:
            return lambda name, key: _account_claim(found.get(key))
        if password is not None:
            return lambda name, key: Claim(name, "", SHARED, lambda _, given: hmac.compare_digest(given.encode("utf-8", "replace"), password.encode()))
        return None

    async def _signed_in(self, scope: Scope, headers: Headers, claims: Callable[[str, str], Claim]) -> Verdict:
        """Whoever gave a name and its password."""
        given = _read_basic(headers.get("authorization", ""))
        if given is None:
            return self._challenge()
        name, password = given
        key = name_key(name) if is_name(name) else ""
        claim, address, mark = claims(name, key), _address(scope), self.browsers.mark_in(headers, key)
        attempt = Attempt(key, mark or place_of(address), mark is not None, self.attempts.digest(key, password), claim.secret)
        right = await self._is_right(attempt, claim, password)
        if isinstance(right, PlainTextResponse):
            self.failed.add(claim.known, address, "too early" if right.status_code == 429 else "too many at once")
            return right
        if not right:
            self.failed.add(claim.known, address, "wrong password" if claim.known or claim.secret == SHARED else "no such account")
            return self._challenge()
        if not is_name(claim.name):
            return self._challenge()
        new = mark is None and headers.get("sec-fetch-mode") == "navigate"
        cookie = self.browsers.new_cookie(key, f"{scope.get('root_path', '')}/", scope["scheme"] == "https") if new else None
        return Admitted(Actor(claim.name, KnownBy.LOGIN, address), cookie)

    async def _is_right(self, attempt: Attempt, claim: Claim, password: str) -> bool | PlainTextResponse:
        """The same as `_checked`, which costs something, for what is not remembered."""
        wait_s = self.attempts.wait_s(attempt)  # before this one counts
        known = self.attempts.known(attempt)
        if known is None:
            return await self._checked(attempt, claim, password)
        return known or (_too_early(wait_s) if wait_s else False)

    async def _checked(self, attempt: Attempt, claim: Claim, password: str) -> bool | PlainTextResponse:
        """Whether the password is right, or why it was not looked at."""
        if wait_s := self.attempts.wait_s(attempt):
            return _too_early(wait_s)
        if self.waiting >= MOST_WAITING:
            return PlainTextResponse("Too many people are signing in at once. Try again in a moment.", 503, {"Retry-After": str(BUSY_S)})
        self.waiting += 1
        try:
            async with self.slots:
                known = self.attempts.known(attempt)  # the same may have been answered meanwhile
                if known is not None:
                    return known
                if wait_s := self.attempts.wait_s(attempt):
                    return _too_early(wait_s)
                right = await to_thread.run_sync(claim.is_right, claim.secret, password)
                (self.attempts.is_right if right else self.attempts.is_wrong)(attempt)
                return right
        finally:
            self.waiting -= 1

    def _named_by_proxy(self, scope: Scope, headers: Headers, header: str) -> Verdict:
        """Whoever a trusted proxy says has signed in with it."""
        sent, address = headers.getlist(header), _address(scope)
        if not is_through_proxy(scope):
            if not sent:
                return PlainTextResponse("People sign in at the proxy of this server, and this request did not come through it. Open the proxy's address.", 401)
            self.failed.add("", address, f"{header} from elsewhere")
            text = f"{header} is heard only from the proxies that FORWARDED_ALLOW_IPS names, and {address} is none of them."
            return PlainTextResponse(text, 403)
        if not sent:
            return PlainTextResponse(f"The proxy did not say who calls: {header} is missing. Sign in there, or have its owner send it.", 401)
        name = _read_utf8(sent[0])
        if len(sent) > 1 or name is None or not is_name(name) or name_key(name) == UNNAMED:
            self.failed.add("", address, f"{header} unreadable")
            return PlainTextResponse(f"{header} must hold one name of 1 to {LONGEST_NAME} visible characters in UTF-8. Its owner can put the proxy right.", 403)
        return Admitted(Actor(name, KnownBy.PROXY, address))

    def _challenge(self) -> PlainTextResponse:
        accounts = bool(self.accounts is not None and self.accounts.found)
        text = "Sign in with the name and the password of your account." if accounts else ANY_NAME
        return PlainTextResponse(text, 401, {"WWW-Authenticate": 'Basic realm="Constitution Studio", charset="UTF-8"'})


def _account_claim(account: Account | None) -> Claim:
    """A name that is nobody's is checked as long as any other, so that the time of the answer does not tell who has an account."""
    if account is None:
        return Claim("", "", NOBODYS_HASH, lambda secret, given: is_password(secret, given) and False)
    return Claim(account.name, account.name, account.password_hash, is_password)


def _marking(send: Send, cookie: str | None) -> Send:
    if cookie is None:
        return send

    async def send_with_mark(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return send_with_mark


def _too_early(wait_s: float) -> PlainTextResponse:
    seconds = max(1, math.ceil(wait_s))
    return PlainTextResponse(f"Too many wrong passwords. Try again in {seconds} s.", 429, {"Retry-After": str(seconds)})


def _read_basic(header: str) -> tuple[str, str] | None:
    """Name and password; None when the header is not HTTP Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (plain_name(name), password) if colon else None


def _read_utf8(value: str) -> str | None:
    """A header as the proxy sent it: what Starlette reads as Latin-1 are the bytes of UTF-8."""
    try:
        return plain_name(value.encode("latin-1").decode())
    except UnicodeError:
        return None


def _address(scope: Scope) -> str:
    """Where the caller is, as the connection or a trusted proxy says; never what is no address, which the caller may have made up."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return UNREADABLE
