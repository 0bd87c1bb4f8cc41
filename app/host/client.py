"""Asking the model host for what a model is needed for (`app.host.protocol`), and for its memory. Imports no torch: the web process and the trainer use it.

The host says in <data>/model-host.json where it listens and with which token. The supervisor starts it again when it dies, so the
file is read anew for every call, and a host that is not there yet is waited for.
"""

import json
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass

import httpx

from app.host.protocol import ROUTES, Event, Request
from app.settings import Settings
from core.errors import StudioError

PATIENCE_S = 15.0  # for a host that is being started (again)
RETRY_S = 0.3
READ_S = 30.0  # between two lines; the host says "alive" every second, so more than this is a hang
MAX_STARTS = 2  # a request that killed the host twice (out of memory, most likely) is not tried a third time


class HostError(StudioError):
    """The model host is not there, or died over the request."""

    kind = "host"


class _NotThere(Exception):
    """Nobody listens where the file says, or there is no file."""


@dataclass(frozen=True)
class _Address:
    url: str
    token: str


def stream(settings: Settings, request: Request) -> Generator[Event, None, None]:
    """The host's events as they come, ending with `end`. Close the iterator to stop the host.

    Until the first token of a reply a host that is missing or dies is waited for and asked again; a check or a conflict is then begun anew.

    Raises:
        HostError: It did not come (back), or died in the middle of the replies.
    """
    deadline, starts, spoke = time.monotonic() + PATIENCE_S, 0, False
    while True:
        try:
            for event in _events(_address(settings), request):
                if event["event"] == "open":
                    starts += 1
                    continue
                spoke = spoke or event["event"] in ("token", "done")
                yield event
                if event["event"] == "end":
                    return
            raise _NotThere  # it was stopped in good order
        except (_NotThere, httpx.TransportError) as error:
            if isinstance(error, httpx.ReadTimeout):
                raise HostError(f"The model host has been silent for {READ_S:.0f} seconds. Restart the studio; what was finished is kept.") from error
            _require_another_try(spoke, starts, time.monotonic() > deadline + PATIENCE_S * starts)
        yield {"event": "loading", "note": "waiting for the model host to start", "share": None}
        time.sleep(RETRY_S)


def _require_another_try(spoke: bool, starts: int, late: bool) -> None:
    """Raise unless the host should be asked once more."""
    if spoke:
        raise HostError("The model host stopped in the middle of the replies. What was finished is kept; finish the rest in a moment.")
    if starts >= MAX_STARTS:
        raise HostError("The model host stopped twice over this. Most likely memory ran out: close other programs, or choose a smaller model.")
    if late:
        raise HostError(f"The model host did not answer for {PATIENCE_S:.0f} seconds. See logs/model-host.log in the data folder, or restart the studio.")


def _events(address: _Address, request: Request) -> Iterator[Event]:
    timeout = httpx.Timeout(5.0, read=READ_S)
    headers = {"Authorization": f"Bearer {address.token}"}
    with (
        _client(timeout) as client,
        client.stream("POST", address.url + ROUTES[type(request)], json=asdict(request), headers=headers) as response,
    ):
        if response.status_code == 401:
            raise _NotThere  # the port belongs to another process by now
        response.raise_for_status()
        yield {"event": "open"}
        for line in response.iter_lines():
            event: Event = json.loads(line)
            yield event


def _client(timeout: httpx.Timeout) -> httpx.Client:
    """One that speaks plain HTTP to this machine: no proxy of the environment sees it, and no certificates are read, which takes 30 ms each time."""
    return httpx.Client(trust_env=False, verify=False, timeout=timeout)


def _address(settings: Settings) -> _Address:
    try:
        said = json.loads(settings.model_host_file.read_text())
    except FileNotFoundError as error:
        raise _NotThere from error
    return _Address(url=f"http://127.0.0.1:{said['port']}", token=said["token"])


def answers(settings: Settings, within_s: float) -> bool:
    """Whether a host is there and answers."""
    try:
        address = _address(settings)
        with _client(httpx.Timeout(within_s)) as client:
            return client.get(f"{address.url}/health", headers={"Authorization": f"Bearer {address.token}"}).status_code == 200
    except (_NotThere, httpx.TransportError):
        return False


def release(settings: Settings) -> bool:
    """Ask the host to give back its memory; a run on the same GPU needs it.

    Returns:
        Whether a host was there to be asked. It is no error when there is none: then it holds no memory.
    """
    try:
        address = _address(settings)
        with _client(httpx.Timeout(10.0)) as client:
            return client.post(f"{address.url}/release", headers={"Authorization": f"Bearer {address.token}"}).status_code == 200
    except (_NotThere, httpx.TransportError):
        return False
