"""Asking a model as judge over OpenAI's chat protocol, which llama.cpp, Ollama and vLLM speak too. Imports no torch.

The endpoint is a stranger: it is waited for, read and heard within bounds, it leads nowhere else, and what it says of a refusal is told to nobody.
"""

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.addresses import is_endpoint, is_loopback
from app.services.judges import Pause, Told
from core.errors import ConfigError, JudgeError
from core.measure.model_judge import Question

KEY_VARIABLE = "STUDIO_JUDGE_KEY"
MAX_NAME_CHARS = 200
MAX_BODY_BYTES = 1_000_000
MAX_ANSWER_CHARS = 4_000  # that are kept of an answer
MAX_TOKENS_TOLD = 10**8  # more is no count
BUSY = (408, 425, 429)  # and whatever the server says is its own fault: worth another try
LONGEST_WAIT_S = 60.0  # that an endpoint may ask for; for a longer one the command is run again later
BLIND = "…"  # where an endpoint says the key back


@dataclass(frozen=True, kw_only=True)
class JudgeEndpoint:
    """Which model is asked, and with how much patience."""

    address: str  # such as http://127.0.0.1:8000/v1; without its last slash
    model: str  # as the endpoint calls it
    key: str | None = field(default=None, repr=False)
    max_tokens: int = 64  # of an answer; a model that thinks aloud needs more
    within_s: float = 120.0  # for a whole answer
    tries: int = 4  # of one question
    backoff_s: float = 1.0  # before the second; each wait after it is twice as long

    def __post_init__(self) -> None:
        if not is_endpoint(self.address):
            raise ConfigError("The judge's address must be an http or https address without user name, query and fragment, such as http://127.0.0.1:8000/v1.")
        if not self.model.strip() or len(self.model) > MAX_NAME_CHARS or not self.model.isprintable():
            raise ConfigError(f"The judge's model is {self.model[:40]!r}. Give the name that {self.host} knows it by.")
        if self.key is not None and not re.fullmatch(r"[!-~]+", self.key):
            raise ConfigError(f"{KEY_VARIABLE} holds a space, a line break or another character that no key has. Set it again.")
        if self.key is not None and urlsplit(self.address).scheme == "http" and not is_loopback(urlsplit(self.address).hostname or ""):
            raise ConfigError(
                f"{self.host} would be sent the key over plain http, where whoever is on the way can read it. Give its https address, reach it through a "
                f"tunnel that ends on this machine (such as ssh -L), or unset {KEY_VARIABLE} where it wants no key."
            )
        if not 1 <= self.max_tokens <= 8192:
            raise ConfigError(f"An answer of the judge may have {self.max_tokens} tokens. Give a number from 1 to 8192.")

    @property
    def host(self) -> str:
        """The machine, for people."""
        return urlsplit(self.address).netloc

    def open(self, pause: Pause) -> "JudgeClient":
        """A connection to it."""
        return JudgeClient(self, pause)


@dataclass(frozen=True)
class _Try:
    """What one request came to."""

    status: int
    body: bytes
    wait_s: float | None  # that the endpoint asks for
    leads_to: str  # the host of a redirect


class JudgeClient:
    """A connection to one endpoint, to be closed."""

    def __init__(self, endpoint: JudgeEndpoint, pause: Pause = time.sleep) -> None:
        self.endpoint, self.pause = endpoint, pause
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}  # what is unpacked may be any size
        if endpoint.key is not None:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        # trust_env: a .netrc would send passwords, and a proxy of the environment the texts to somebody else than was named.
        self._http = httpx.Client(headers=headers, timeout=min(30.0, endpoint.within_s), trust_env=False, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def ask(self, question: Question) -> Told:
        """What the model answers. What a later try may mend is tried again.

        Raises:
            JudgeError: This endpoint will answer no other question either: it refuses the key, knows no such model, leads elsewhere, asks for a long wait.
        """
        endpoint, failure = self.endpoint, ""
        for turn in range(endpoint.tries):
            began = time.monotonic()
            wait_s = endpoint.backoff_s * 2**turn
            try:
                got = self._post(question)
            except httpx.HTTPError as error:
                failure = f"{endpoint.host} cannot be reached, or broke off ({type(error).__name__})"
            except _TooMuchError as error:
                return Told(text="", failure=f"{endpoint.host} {error}")
            else:
                if got.status == 200:
                    return self._read(got.body, round(1000 * (time.monotonic() - began)))
                failure = self._refusal(got)
                wait_s = max(wait_s, got.wait_s or 0.0)
            if turn + 1 < endpoint.tries:
                self.pause(wait_s)
        return Told(text="", failure=failure)

    def _post(self, question: Question) -> _Try:
        messages = [{"role": "system", "content": question.system}, {"role": "user", "content": question.user}]
        wish = {"model": self.endpoint.model, "messages": messages, "temperature": 0, "max_tokens": self.endpoint.max_tokens, "stream": False}
        until, body = time.monotonic() + self.endpoint.within_s, bytearray()
        with self._http.stream("POST", f"{self.endpoint.address}/chat/completions", json=wish) as response:
            if response.status_code == 200:
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        raise _TooMuchError(f"answered with more than {MAX_BODY_BYTES:,} bytes")
                    if time.monotonic() > until:
                        raise _TooMuchError(f"was not done after {self.endpoint.within_s:.0f} seconds")
            asked_wait = _seconds(response.headers.get("retry-after"))
            return _Try(response.status_code, bytes(body), asked_wait, _host_of(response.headers.get("location", "")))

    def _refusal(self, got: _Try) -> str:
        """What is wrong, in words, where another try may help; what it says itself may hold anything, the key among it."""
        host, status = self.endpoint.host, got.status
        if status in BUSY or status >= 500:
            if got.wait_s is not None and got.wait_s > LONGEST_WAIT_S:
                raise JudgeError(f"{host} asks to wait for {got.wait_s:.0f} seconds (status {status}). Run the same command again later.")
            return f"{host} could not answer (status {status})"
        if 300 <= status < 400:
            raise JudgeError(f"{host} leads to {got.leads_to or 'another address'} (status {status}), which is not followed. Name the address itself.")
        if status in (401, 403):
            raise JudgeError(f"{host} refused the key, or wants one (status {status}). Check {KEY_VARIABLE}.")
        if status == 404:
            raise JudgeError(
                f"{host} knows no such address, or no model {self.endpoint.model} (status 404). Check the address (--judge), which usually ends in /v1."
            )
        raise JudgeError(f"{host} refused the question (status {status}). Check address and model (--judge and --model), and look at its log.")

    def _read(self, body: bytes, took_ms: int) -> Told:
        try:
            told = json.loads(body)
            text = told["choices"][0]["message"]["content"]
            usage = told.get("usage")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return Told(text="", failure=f"{self.endpoint.host} answered with something that is no chat completion")
        if not isinstance(text, str | None):
            return Told(text="", failure=f"{self.endpoint.host} answered with something other than text")
        plain = (text or "").replace(self.endpoint.key, BLIND) if self.endpoint.key else text or ""
        return Told(
            text=plain[:MAX_ANSWER_CHARS],
            took_ms=took_ms,
            tokens_in=_count(usage, "prompt_tokens"),
            tokens_out=_count(usage, "completion_tokens"),
        )


class _TooMuchError(Exception):
    """An answer that is too long or takes too long; another try would be as long."""


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and 0 <= value <= MAX_TOKENS_TOLD else None


def _seconds(retry_after: str | None) -> float | None:
    """What `Retry-After` asks for: seconds, or a time. None: nothing that can be read."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after.strip(), re.ASCII):
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())


def _host_of(location: str) -> str:
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return ""
    return host if re.fullmatch(r"[\w.:-]{1,100}", host, re.ASCII) else ""
