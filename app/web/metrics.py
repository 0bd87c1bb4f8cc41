"""/metrics, in the text form that Prometheus reads: what is asked of the web process, how long it takes, and how the studio stands.

No label holds anything that a person typed: routes stand as templates. So there are never many.
"""

import importlib.metadata
import platform
import time
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.services.health import WITHIN_S, Asking, Parts
from app.services.studio import Studio, journal_mode
from db.figures import Figures, figures
from db.schema import newest_revision

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"  # refused before it came to a route, or there is none
BUCKETS_S = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
PACKAGES = ("gradio", "torch", "transformers", "peft", "SQLAlchemy")


class Metrics:
    """What one web process has counted."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="studio", registry=self.registry)
        self.requests = Counter("studio_http_requests", "Answered requests.", ("method", "route", "status"), registry=self.registry)
        self.answer_s = Histogram(
            "studio_http_answer_seconds", "Until the answer began.", ("method", "route"), buckets=BUCKETS_S, registry=self.registry
        )  # began: what is told again and again ends when its tab is closed


class Measured:
    """Counts each request when its answer begins."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        def count(code: int) -> None:
            nonlocal status
            status = code
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.metrics.requests.labels(method, _route(scope), str(code)).inc()
            self.metrics.answer_s.labels(method, _route(scope)).observe(time.perf_counter() - began)

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                count(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        finally:
            if not status:  # it raised, or the caller went away
                count(500)


def _route(scope: Scope) -> str:
    """The template of the route that answered."""
    return str(getattr(scope.get("route"), "path", NO_ROUTE))


def add_routes(app: FastAPI, studio: Studio, parts: Parts) -> None:
    """Add the address; call it before the pages are mounted, which answer everything else."""
    state = _State(studio, parts)

    @app.get("/metrics")
    def metrics() -> Response:
        registry = app.state.metrics.registry
        own = CollectorRegistry()
        own.register(state)
        return Response(generate_latest(registry) + generate_latest(own), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class _State(Collector):
    """How the studio stands, asked when somebody wants to know. What cannot be had in time is left out."""

    def __init__(self, studio: Studio, parts: Parts) -> None:
        self.studio, self.parts = studio, parts
        self.figures: Asking[Figures | None] = Asking("database", lambda: _figures(studio), None)
        self.build: dict[str, str] | None = None

    def describe(self) -> list[Metric]:
        return []  # nothing is asked when it is registered

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("studio_up", "1 when the part is there.", labels=["part"])
        there = self.parts.there()
        for name, is_there in there.items():
            up.add_metric([name.replace(" ", "_")], float(is_there))
        yield up
        free = GaugeMetricFamily("studio_data_free_bytes", "Room on the disk of the data folder.")
        free.add_metric([], self.studio.store.free_bytes())
        yield free
        found = self.figures.within(WITHIN_S) if there.get("database") else None
        if found is None:
            return
        runs = GaugeMetricFamily("studio_runs", "Runs by status.", labels=["status"])
        for status, n in found.jobs.items():
            runs.add_metric([status.value], n)
        yield runs
        yield GaugeMetricFamily("studio_oldest_queued_seconds", "How long the run waits that was queued first.", found.oldest_queued_s)
        yield GaugeMetricFamily("studio_database_bytes", "Size of the database.", found.size_bytes)
        self.build = self.build or _build(self.studio)
        yield InfoMetricFamily("studio_build", "What runs here.", self.build)


def _figures(studio: Studio) -> Figures:
    with studio.sessions.read() as session:
        return figures(session)


def _build(studio: Studio) -> dict[str, str]:
    versions = {name.lower(): importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **versions, "schema": newest_revision(), "journal": journal_mode(studio)}
