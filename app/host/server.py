"""The model host: a process that holds the weights for the pages. It streams what is asked of a model (`app.host.protocol`), over loopback.

One thread does all the work with the model, one job after the other. torch is imported when the first job comes,
so an idle host is small. Whoever wants an answer needs the token in <data>/model-host.json, which only this user can read.
"""

import asyncio
import gc
import hmac
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.host.protocol import ROUTES, CheckRequest, ConflictRequest, Event, ModelChoice, ReplyRequest, Request, WriteRequest
from app.processes.lifeline import own_identity
from app.processes.serving import end_in_order
from app.settings import Settings, prepare_data_folder
from core.errors import OutOfMemoryError, StudioError

if TYPE_CHECKING:
    from app.host.weights import Held, Wanted
    from core.engine.models import LoadedModel

ALIVE_S = 1.0  # a line at least this often, so that the other side can tell a long load from a hang
IDLE_S = 600.0  # the model is put away when nobody asked for this long
CLOSE_WITHIN_S = 2
NEEDED_BY_RUN = "A training run needs the memory of the GPU, so the model was put away. Ask again, or finish the replies, when the run has ended."
BUSY = "waiting until the model has done what was asked before"
log = logging.getLogger("studio.model_host")


@dataclass
class Job:
    """One request on its way. `interrupt` may be called from any thread."""

    request: Request
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    stop: threading.Event = field(default_factory=threading.Event)
    reason: str | None = None  # told to the person, who is still there when the host itself stops the job

    def put(self, event: Event) -> None:
        if not self.stop.is_set():
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)

    def tell(self, event: Event) -> None:
        """Put an event, unless nobody waits for it any more: then the work ends."""
        if self.stop.is_set():
            raise _LeftError
        self.put(event)

    def interrupt(self, reason: str) -> None:
        self.put({"event": "error", "message": reason})
        self.put({"event": "end"})
        self.stop.set()


class _LeftError(Exception):
    """The person has gone, or the job was interrupted, so the work need not go on."""


@dataclass
class Host:
    """The state of one model host. `held` belongs to the worker thread."""

    settings: Settings
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="model"))
    held: "Held | None" = None
    job: Job | None = None
    used_at: float = field(default_factory=time.monotonic)

    async def lines(self, request: Request) -> AsyncIterator[str]:
        """The events of one job; when the reader goes away, the work stops after the token in hand."""
        job = Job(request, asyncio.get_running_loop())
        if self.job is not None:
            yield _line({"event": "loading", "note": BUSY, "share": None})
        future = self.worker.submit(self._work, job)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(job.events.get(), ALIVE_S)
                except TimeoutError:
                    event = {"event": "alive"}
                yield _line(event)
                if event["event"] == "end":
                    return
        finally:
            job.stop.set()
            future.cancel()

    def _work(self, job: Job) -> None:
        if job.stop.is_set():
            return
        self.job = job
        try:
            for event in self._answer(job):
                job.put(event)
        except _LeftError:
            log.info("nobody waits for this any more")
        except OutOfMemoryError as error:
            self.held = None
            job.put({"event": "error", "message": str(error)})
        except StudioError as error:
            job.put({"event": "error", "message": str(error)})
        except Exception:
            log.exception("a job failed")
            job.put({"event": "error", "message": "The model host met an error of its own; logs/model-host.log has the details. Try again."})
        self.job, self.used_at = None, time.monotonic()
        job.put({"event": "end"})
        if self.held is None:
            self.free()

    def _answer(self, job: Job) -> Iterator[Event]:
        request = job.request
        job.put({"event": "loading", "note": "starting", "share": None})
        from app.host import answers, weights  # torch: seconds, at the first job only
        from core.engine.memory import memory_in_words

        with memory_in_words(weights.REMEDY):
            if isinstance(request, ReplyRequest):
                task = answers.task_of(request)
                model = self._hold(job, request.model, task.wanted)
                yield from answers.write_replies(model, task, job.stop.is_set)
            elif isinstance(request, WriteRequest):
                yield from answers.write_text(self._hold(job, request.model, weights.NOTHING), request, job.stop.is_set)
            elif isinstance(request, ConflictRequest):
                yield answers.conflict(self._hold(job, request.model, weights.NOTHING), request, job.tell)
            else:
                yield answers.check(self._hold(job, request.model, weights.NOTHING), request, job.tell)

    def _hold(self, job: Job, choice: ModelChoice, wanted: "Wanted") -> "LoadedModel":
        """The model with what is wanted of it in memory, and whatever was held before it put away. Runs in the worker thread."""
        from app.host import weights

        def on_progress(what: str, share: float) -> None:
            job.tell({"event": "loading", "note": what, "share": share})

        held, self.held = self.held, None  # a failed load leaves nothing half loaded
        if held is not None and held.choice != choice:
            held = None
            weights.give_back()  # before the next model comes in
        self.held = held = weights.hold(held, choice, wanted, self.settings, on_progress)
        return held.model

    def free(self) -> None:
        """Put the model away. Runs in the worker thread."""
        self.held = None
        if "torch" in sys.modules:
            from app.host import weights

            weights.give_back()
        gc.collect()

    async def release(self) -> bool:
        """Free the memory now, stopping a job on a GPU; on a CPU one in progress is finished first.

        Returns:
            Whether it is free by the time this returns.
        """
        job, held = self.job, self.held
        future = self.worker.submit(self.free)
        if job is not None and (held is None or not held.on_gpu):
            return False
        if job is not None:
            job.interrupt(NEEDED_BY_RUN)
        await asyncio.wrap_future(future)
        return True

    async def free_when_idle(self) -> None:
        """Runs for as long as the host."""
        while True:
            await asyncio.sleep(IDLE_S / 20)
            if self.held is not None and self.job is None and time.monotonic() - self.used_at > IDLE_S:
                log.info("nobody asked for %d minutes; the model is put away", IDLE_S // 60)
                self.worker.submit(self.free)

    def health(self) -> dict[str, Any]:
        held = self.held
        model, adapters = (held.choice.id, sorted(held.model.artifacts)) if held else (None, [])
        return {"status": "ok", "busy": self.job is not None, "model": model, "adapters": adapters}


def _line(event: Event) -> str:
    return json.dumps(event) + "\n"


class TokenGate:
    """Refuses every request without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization", "").encode() if scope["type"] == "http" else b""
        if scope["type"] == "http" and not hmac.compare_digest(given, self.expected):
            await PlainTextResponse("The token of the model host is needed.", 401)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def create_app(settings: Settings, token: str) -> FastAPI:
    """The host's web application."""
    host = Host(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        idle = asyncio.create_task(host.free_when_idle())
        yield
        idle.cancel()
        if host.job is not None:
            host.job.stop.set()
        await asyncio.to_thread(host.worker.shutdown, cancel_futures=True)  # while the loop still takes events

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(TokenGate, token=token)

    @app.post(ROUTES[ReplyRequest])
    async def replies(request: ReplyRequest) -> StreamingResponse:
        return StreamingResponse(host.lines(request), media_type="application/x-ndjson")

    @app.post(ROUTES[WriteRequest])
    async def text(request: WriteRequest) -> StreamingResponse:
        return StreamingResponse(host.lines(request), media_type="application/x-ndjson")

    @app.post(ROUTES[CheckRequest])
    async def check(request: CheckRequest) -> StreamingResponse:
        return StreamingResponse(host.lines(request), media_type="application/x-ndjson")

    @app.post(ROUTES[ConflictRequest])
    async def conflict(request: ConflictRequest) -> StreamingResponse:
        return StreamingResponse(host.lines(request), media_type="application/x-ndjson")

    @app.post("/release")
    async def release() -> JSONResponse:
        return JSONResponse({"released": await host.release()})

    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse(host.health())

    return app


def serve(settings: Settings) -> int:
    """Serve until interrupted, terminated, or left by the supervisor. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read when huggingface_hub is imported
    prepare_data_folder(settings)
    token = secrets.token_urlsafe(32)
    config = uvicorn.Config(
        create_app(settings, token), ws="none", access_log=False, log_level="warning", server_header=False, timeout_graceful_shutdown=CLOSE_WITHIN_S
    )
    server = uvicorn.Server(config)
    end_in_order(server)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from here on a caller is kept waiting, not refused
        announce(settings.model_host_file, {"port": listener.getsockname()[1], "token": token, "identity": own_identity()})
        try:
            server.run(sockets=[listener])
        finally:
            withdraw(settings.model_host_file, token)
    return 0


def announce(path: Path, content: dict[str, Any]) -> None:
    """Write the file whole or not at all, readable by this user only."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    os.replace(scratch, path)


def withdraw(path: Path, token: str) -> None:
    """Remove the file, unless another host has written its own meanwhile."""
    if path.exists() and json.loads(path.read_text())["token"] == token:
        path.unlink()
