"""Whether a child that runs also does what it is for. The supervisor asks from a thread, so that one who hangs holds up nobody.

Each kind of child has a sign of life of its own: the page and the model host answer a request, the trainer writes a file again and again.
Between two signs little may pass, before the first much more: a start imports, and the page brings the database to its newest schema, after a copy.
"""

import http.client
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.settings import Settings

EVERY_S = 5.0
ANSWER_WITHIN_S = 5.0
MISSES = {"web": 6, "model-host": 6, "trainer": 12}  # in a row, before a child counts as hung: none is killed for being slow
FIRST_MISSES = {"web": 360, "model-host": 120, "trainer": 120}  # the same before its first sign: half an hour, and ten minutes
BEAT = "trainer.alive"
BEAT_BYTES = 20

Sign = Callable[[Settings, int], object]  # given the process id: another value each time while it lives; None: it does not answer; may raise OSError


def lay_down_beat(settings: Settings) -> None:
    """The file of the trainer's sign without any sign in it: what a trainer before wrote is gone, and writing into it needs no room. May raise OSError."""
    (settings.data / BEAT).write_bytes(b" " * BEAT_BYTES)


def beat(settings: Settings) -> None:
    """The trainer's sign of life; whether it can be written is not the trainer's trouble."""
    try:
        with (settings.data / BEAT).open("r+b") as file:
            file.write(str(os.getpid()).encode().ljust(BEAT_BYTES))
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


def trainer_sign(settings: Settings, pid: int) -> object:
    """When this trainer wrote the file last. The clock may be set meanwhile: all that counts is that it is another time."""
    with (settings.data / BEAT).open("rb") as file:
        return os.fstat(file.fileno()).st_mtime_ns if file.read(BEAT_BYTES).strip() == str(pid).encode() else None


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
    """What was seen of one child since it was started."""

    name: str
    pid: int
    misses: int = 0  # looks in a row at which it gave no sign
    began: bool = False  # it has given one
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def patience(self) -> int:
        """How many looks may be in vain."""
        return (MISSES if self.began else FIRST_MISSES)[self.name]

    @property
    def hangs(self) -> bool:
        """Whether it has given no sign for so long that it will give none."""
        return self.misses >= self.patience

    def watch(self, settings: Settings) -> None:
        """Look again and again until told to end; runs in a thread."""
        sign, last = SIGNS[self.name], None
        while not self.ended.wait(EVERY_S):
            try:
                now = sign(settings, self.pid)
            except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
                now = None
            if now is not None and now != last:
                self.misses, self.began, last = 0, True, now
            else:
                self.misses += 1


def watched(name: str, pid: int, settings: Settings) -> Health | None:
    """Begin to watch a child; None where nothing is known to tell its health by."""
    if name not in SIGNS:
        return None
    health = Health(name, pid)
    threading.Thread(target=health.watch, args=(settings,), name=f"health of {name}", daemon=True).start()
    return health
