"""One call at a time to everything that a stranger can reach: endpoints, plain routes, file readers, settings."""

import base64
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient

from app.services.exposed import EXPOSED
from app.services.studio import Studio, open_studio
from app.web.app import studio_app
from core.constitution.checks import CHECKS
from core.constitution.files import read_constitution
from core.constitution.reading.query_files import read_query_file
from core.constitution.reading.replies import read_replies
from core.errors import StudioError
from core.methods.arms import METHODS
from core.methods.settings import preset, with_settings
from tests.app.planting import claim, finish, measure, progress, queue, settings_for, train_steps
from tests.app.pretending import PretendHost, pretended
from tests.app.results import capitals, result
from tests.rounds.fuzz_values import FILES, TEXTS, USUAL, Values

SLOW_S = 2.0
PATHS = (
    *("/runs/{}/run.json", "/runs/{}/report.csv", "/runs/{}/replies.json", "/runs/{}/adapter.zip", "/versions/{}.yaml", "/query-sets/{}.jsonl"),
    *("/modules/{}/x.js", "/{}", "/write?constitution={}", "/train?version={}&from={}", "/run?id={}", "/compare?comparison={}"),
    *("/gradio_api/file={}", "/healthz?{}", "/assets/{}"),
)


@dataclass(frozen=True)
class Fault:
    """A call that ended as none should."""

    what: str  # endpoint, path or reader
    sent: str
    ended: str  # the status, the exception, or the seconds it took: by the clock, and of the processor in the server's process
    slow: bool = False  # answered as it should be, but late


@dataclass(frozen=True)
class Target:
    """A whole server in this process, with something of everything in its database."""

    client: TestClient
    studio: Studio
    schema: dict[str, Any]
    host: PretendHost


@contextmanager
def target(data: Path) -> Iterator[Target]:
    """A new one in a folder."""
    settings = settings_for(data)
    with pretended() as host, TestClient(studio_app(settings), base_url="http://localhost", raise_server_exceptions=False) as client:
        studio = open_studio(settings)
        _plant(studio)
        host.stand_in(settings, {"event": "error", "message": "Memory ran out."}, {"event": "end"})
        yield Target(client, studio, client.get("/api/schema.json").json(), host)
        studio.engine.dispose()


def _plant(studio: Studio) -> None:
    measure(studio)
    queue(studio, key="first-key")
    held = claim(studio)
    train_steps(studio, held, 3)
    progress(studio, held, "training", 3, 12)
    finish(studio, held, result(capitals()))
    queue(studio, "Warm tone", key="second-key")


def words() -> tuple[str, ...]:
    """Texts that mean something to the studio."""
    plain = ("Brevity", "quick", "standard", "statement", "antithesis", "SmolLM2-135M-Instruct", "run:1", "version:1")
    return (*plain, *METHODS, *CHECKS, *(setting.name for setting in EXPOSED))


def fuzz(at: Target, calls: int, seed: int) -> Iterator[Fault | None]:
    """Make so many calls; each yields what was wrong with it, or None."""
    rng = random.Random(seed)
    values = Values(rng, words())
    kinds: list[Callable[[Target, random.Random, Values], Fault | None]] = [_ask] * 10 + [_write] * 3 + [_raw, _path, _path, _name, _read, _read, _set]
    for _ in range(calls):
        yield rng.choice(kinds)(at, rng, values)


def _ask(at: Target, rng: random.Random, values: Values) -> Fault | None:
    name, endpoint = rng.choice(list(at.schema["endpoints"].items()))
    question = values.of(endpoint["question"], at.schema["$defs"])
    body = json.dumps(question).encode()  # lone surrogates as escapes, NaN and infinities by name
    return _judged(f"POST /api/{name}", body, lambda: at.client.post(f"/api/{name}", content=body).status_code)


def _write(at: Target, rng: random.Random, values: Values) -> Fault | None:
    """Type something into a draft and save it as a version, as a person would: what is stored must be readable ever after."""
    constitution = rng.randrange(1, 8)
    draft = at.client.post("/api/write/draft", json={"constitution": constitution}).json()
    if draft["kind"] != "opened":
        return None
    rows = [*draft["principles"], values.principle()] if rng.random() < 0.5 else [values.principle()]
    saved = at.client.post("/api/write/save", content=json.dumps({"constitution": constitution, "revision": draft["revision"], "principles": rows[-32:]}))
    seen = {"constitution": constitution, "revision": saved.json().get("revision", draft["revision"]), "head": draft["head"], "message": values.text()}
    version = json.dumps(seen)
    after = ("write/version", version), ("write/preview", json.dumps({"constitution": constitution})), ("constitutions/list", "{}"), ("train/opened", "{}")
    if saved.status_code == 500:
        return Fault("POST /api/write/save", repr(rows)[:2000], "500")
    faults = (_judged(f"POST /api/{name}", body.encode(), lambda n=name, b=body: at.client.post(f"/api/{n}", content=b).status_code) for name, body in after)  # type: ignore[misc]
    return next((replace(fault, sent=repr(rows)[:2000]) for fault in faults if fault is not None), None)


def _raw(at: Target, rng: random.Random, values: Values) -> Fault | None:
    name = rng.choice(list(at.schema["endpoints"]))
    body = rng.choice((b"", b"{", b"[]", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 5_000, b'{"constitution": 1e999}', b"9" * 5_000, *FILES))
    headers = {"Content-Type": rng.choice(("application/json", "text/plain", "multipart/form-data", "x" * 200))}
    return _judged(f"POST /api/{name}", body, lambda: at.client.post(f"/api/{name}", content=body, headers=headers).status_code)


def _path(at: Target, rng: random.Random, values: Values) -> Fault | None:
    part = quote(rng.choice((*map(str, range(4)), "-1", "9" * 19, "9" * 400, "1.0", "1e3", "%00", *TEXTS[:30])).encode("utf-8", "replace"), safe="/%.=")
    path = rng.choice(PATHS).format(part, part)
    return _judged(f"GET {path}", b"", lambda: at.client.request(rng.choice(("GET", "GET", "HEAD", "POST", "PUT")), path).status_code)


def _name(at: Target, rng: random.Random, values: Values) -> Fault | None:
    body = json.dumps({"name": values.text(), "take_drafts": values.anything(4)} if rng.random() < 0.8 else values.anything(0)).encode()
    return _judged("POST /name", body, lambda: at.client.post("/name", content=body, headers={"Content-Type": "application/json"}).status_code)


def _read(at: Target, rng: random.Random, values: Values) -> Fault | None:
    reader = rng.choice((read_constitution, read_query_file, read_replies))
    data, name = base64.b64decode(values.file()), rng.choice(USUAL["filename"])

    def read() -> int:
        try:
            reader(data, name)  # type: ignore[operator]
        except StudioError:
            return 400
        return 200

    return _judged(reader.__name__, name.encode("utf-8", "replace") + b": " + data, read)


def _set(at: Target, rng: random.Random, values: Values) -> Fault | None:
    changes = [f"{rng.choice(EXPOSED).name}={rng.choice((*map(str, range(5)), values.text()))}" for _ in range(rng.randrange(1, 4))]

    def build() -> int:
        try:
            with_settings(preset("quick"), changes)
        except StudioError:
            return 400
        return 200

    return _judged("settings", "; ".join(changes).encode("utf-8", "replace"), build)


def _judged(what: str, sent: bytes, call: Callable[[], int]) -> Fault | None:
    began, worked = time.monotonic(), time.process_time()
    try:
        status = call()
    except Exception as error:
        return Fault(what, repr(sent[:2000]), f"{type(error).__name__}: {error}"[:300])
    seconds = time.monotonic() - began
    if status == 500:
        return Fault(what, repr(sent[:2000]), "500")
    took = f"{seconds:.1f} s, {time.process_time() - worked:.1f} s of the processor"
    return Fault(what, repr(sent[:2000]), took, slow=True) if seconds > SLOW_S else None
