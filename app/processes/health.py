"""Whether a child that runs also does what it is for. The supervisor asks from a thread, so that one who hangs holds up nobody.

Each kind of child has a sign of life of its own: the page and the model host answer a request, the trainer writes a file again and again.
"""

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.settings import Settings

EVERY_S = 5.0
ANSWER_WITHIN_S = 5.0
MISSES = {"web": 6, "model-host": 6, "trainer": 12}  # in a row, before a child counts as hung: none is killed for being slow
BEAT = "trainer.alive"

Sign = Callable[[Settings, int], object]  # given the process id: another value each time while it lives; None: it does not answer; may raise OSError


def beat(settings: Settings) -> None:
    """The trainer's sign of life; whether it can be written is not the trainer's trouble."""
    try:
        (settings.data / BEAT).touch()
    except OSError:
        return


def web_sign(settings: Settings, _pid: int) -> object:
    """An answer of whatever kind: a page that says what is wrong with it is alive."""
    address = urlsplit(settings.url)
    return _asked(address.hostname or "", address.port or 80, "/healthz", {})


def host_sign(settings: Settings, pid: int) -> object:
    """An answer of the model host; its work with the model is done in another thread."""
    said = json.loads(settings.model_host_file.read_text())
    if said["identity"]["pid"] != pid:
        return None
    return _asked("127.0.0.1", int(said["port"]), "/health", {"Authorization": f"Bearer {said['token']}"})


def trainer_sign(settings: Settings, _pid: int) -> object:
    """When the file was written last. The clock may be set meanwhile: all that counts is that it is another time."""
    return (settings.data / BEAT).stat().st_mtime_ns


SIGNS: Mapping[str, Sign] = {"web": web_sign, "model-host": host_sign, "trainer": trainer_sign}


def _asked(host: str, port: int, path: str, headers: Mapping[str, str]) -> object:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN_S)  # not urllib, which would go through a proxy of the environment
    try:
        connection.request("GET", path, headers=dict(headers))
        connection.getresponse()
        return object()
    finally:
        connection.close()


@dataclass
class Health:
    """What was seen of one child since it was started. It is not judged before its first sign: starting may take its time."""

    name: str
    pid: int
    misses: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def hangs(self) -> bool:
        """Whether it has given no sign for so long that it will give none."""
        return self.misses >= MISSES[self.name]

    def watch(self, settings: Settings) -> None:
        """Look again and again until told to end; runs in a thread."""
        sign, last, seen = SIGNS[self.name], None, 0
        while not self.ended.wait(EVERY_S):
            try:
                now = sign(settings, self.pid)
            except (OSError, ValueError, LookupError, http.client.HTTPException):
                now = None
            if now is not None and now != last:
                seen, self.misses, last = seen + 1, 0, now
            elif seen >= FIRST_SIGNS:
                self.misses += 1


FIRST_SIGNS = 2  # a file that a child before this one has written is one


def watched(name: str, pid: int, settings: Settings) -> Health | None:
    """Begin to watch a child; None where nothing is known to tell its health by."""
    if name not in SIGNS:
        return None
    health = Health(name, pid)
    threading.Thread(target=health.watch, args=(settings,), name=f"health of {name}", daemon=True).start()
    return health
