"""The mark of a browser in which somebody has signed in: a cookie that says nothing but that.

It lets nobody in. It only makes the browser a place of its own for app/web/throttle.py, so that guesses from the same address do not slow
whoever has been there before (OWASP's device cookies). It is signed, holds for one name, and cannot be had without the password.
"""

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from starlette.datastructures import Headers

COOKIE = "studio_browser"
KEPT_S = 400 * 24 * 3600  # as long as browsers keep any cookie
KEY_BYTES = 32


class Browsers:
    """Makes marks, and tells its own from others."""

    def __init__(self, key_file: Path) -> None:
        self.key_file = key_file

    @cached_property
    def key(self) -> bytes:
        """What marks are signed with: kept for this user alone, and read or made at first need."""
        try:
            return _kept_key(self.key_file)
        except OSError:  # then marks last as long as this process
            return os.urandom(KEY_BYTES)

    def mark_in(self, headers: Headers, name_key: str) -> str | None:
        """The mark that was sent, where it is ours and of this name."""
        try:
            sent = SimpleCookie("; ".join(headers.getlist("cookie"))).get(COOKIE)
        except CookieError:
            return None
        if sent is None or not sent.value.isascii():
            return None
        mark, _, signature = sent.value.partition(".")
        return mark if hmac.compare_digest(signature, self._signature(mark, name_key)) else None

    def new_cookie(self, name_key: str, path: str, secure: bool) -> str:
        """A header that gives a browser its mark."""
        mark = secrets.token_urlsafe(16)
        end = "; Secure" if secure else ""
        return f"{COOKIE}={mark}.{self._signature(mark, name_key)}; Max-Age={KEPT_S}; Path={path}; HttpOnly; SameSite=Strict{end}"

    def _signature(self, mark: str, name_key: str) -> str:
        return hmac.new(self.key, f"{mark}.{name_key}".encode(), hashlib.sha256).hexdigest()


def _kept_key(file: Path) -> bytes:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = file.read_bytes()
        if len(kept) != KEY_BYTES:  # another process is about to write it, or could not
            raise OSError(f"{file} is not whole") from None
        return kept
    with os.fdopen(descriptor, "wb") as target:
        made = os.urandom(KEY_BYTES)
        target.write(made)
        return made
