"""The page of one run: where it stands, how it learns, and the result it ends with. Everything comes from the run's rows."""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.pages.endpoints import answers, endpoints_of, read_question, to_reply
from app.pages.frame import WIRING, component, header, wire
from app.pages.questions import OneRun, id_in
from app.pages.run_answers import NoRun, RunShown, RunState
from app.present import runs as present
from app.present.curves import charts_html
from app.services import runs as service
from app.services.runs import RunView
from app.services.studio import Studio
from app.web.actors import caller
from core.constitution.normal import closed
from core.errors import ConfigError, StudioError
from core.measure.report import report_to_data
from core.measure.rows import rows_to_data
from db.tables import JobStatus

WATCH_EVERY_S = 1.0
RESTING_EVERY_S = 5.0  # a stopped or failed run may be resumed in another tab
EVENTS = ("stop", "resume")
ENDPOINTS = ("state", *EVENTS)  # for the first the page has a clock


@dataclass(frozen=True)
class RunPage:
    """The handlers of this page."""

    studio: Studio

    def load(self, request: gr.Request) -> Any:
        """Open the run that the address names."""
        caller(request)
        wanted = request.query_params.get("id", "")
        run_id = id_in(wanted)
        if run_id is None:
            return self._none(f"“{wanted[:40]}” is not the number of a run." if wanted else "")
        try:
            view = service.run_view(self.studio, run_id)
        except StudioError as error:
            return self._none(str(error))
        reply = to_reply(_shown(view))
        return gr.update(reply=reply), _fingerprint(reply), _timer(view)

    def tick(self, value: object, seen: str | None, request: gr.Request) -> Any:
        """Show what changed since the page last looked."""
        caller(request)
        try:
            question = read_question(OneRun, value)
        except ConfigError:
            return gr.skip()  # the page shows no run
        try:
            view = service.run_view(self.studio, question.run)
        except StudioError as error:
            return self._none(str(error))
        reply = to_reply(_shown(view))
        now = _fingerprint(reply)
        return gr.skip() if now == seen else (gr.update(reply=reply), now, _timer(view))

    @answers
    def state(self, question: OneRun, editor: str) -> RunState:
        """Where the run stands, how it learned and what was found."""
        return _state(service.run_view(self.studio, question.run))

    @answers
    def stop(self, question: OneRun, editor: str) -> RunShown:
        """Ask the run to save a checkpoint and stop."""
        service.stop(self.studio, question.run)
        return _shown(service.run_view(self.studio, question.run))

    @answers
    def resume(self, question: OneRun, editor: str) -> RunShown:
        """Queue the run again."""
        service.resume(self.studio, question.run)
        return _shown(service.run_view(self.studio, question.run))

    def watch(self, request: gr.Request) -> Any:
        """Look every second again, after a resume."""
        caller(request)
        return gr.Timer(WATCH_EVERY_S, active=True)

    def _none(self, message: str) -> Any:
        reply = NoRun(message=message, html=present.list_html(service.list_runs(self.studio)))
        return gr.update(reply=to_reply(reply)), None, gr.Timer(active=False)


def _shown(view: RunView) -> RunShown:
    headline = present.headline(view)
    finished = view.line.status == JobStatus.FINISHED
    tenths = math.floor(10 * view.line.share)
    title = f"{headline} · " if finished or view.ended else f"{view.line.share:.0%} · "
    return RunShown(
        run=view.line.id,
        status=view.line.status.value,
        title=f"{title}{closed(view.line.constitution)} v{view.line.version_number} · Constitution Studio",
        headline=headline,
        share=round(view.line.share, 3),
        progress=present.progress_words(view),
        spoken=headline if view.ended else f"{headline}, {10 * tenths}%",
        sections={
            "head": present.head_html(view),
            "actions": present.actions_html(view),
            "messages": present.messages_html(view),
            "phases": present.phases_html(view),
            "charts": charts_html(view) if view.metrics else "",
            "samples": present.samples_html(view.samples),
            "log": present.log_html(view.log),
            "result": present.result_section_html(view),
        },
    )


def _state(view: RunView) -> RunState:
    report = view.result.report if view.result is not None else None
    return RunState(
        run=view.line.id,
        status=view.line.status,
        says=present.headline(view),
        phase=view.line.phase,
        step=view.step,
        total_steps=view.total_steps,
        share=view.line.share,
        eta_s=view.eta_s,
        error=view.error_text if view.line.status == JobStatus.FAILED else None,
        curve=_curve(view),
        trainability=view.result.trainability if view.result is not None else None,
        adapter_sha256=view.adapter_sha256,
        result={**report_to_data(report), "rows": rows_to_data(report)} if report is not None else None,
    )


def _curve(view: RunView) -> list[dict[str, float | None]]:
    """The numbers of a run by step."""
    rows: dict[int, dict[str, float | None]] = {}
    for name, points in view.metrics.items():
        for point in points:
            rows.setdefault(point.step, {"step": point.step})[name] = point.value
    return [rows[step] for step in sorted(rows)]


def _fingerprint(reply: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(reply, sort_keys=True).encode()).hexdigest()


def _timer(view: RunView) -> gr.Timer:
    finished = view.line.status == JobStatus.FINISHED
    return gr.Timer(RESTING_EVERY_S if view.ended else WATCH_EVERY_S, active=not finished)


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = RunPage(studio)
    header("train", studio)
    run = component('<div class="cs-page cs-runpage"></div>', "run.js", EVENTS, elem_id="run")
    seen = gr.State(None)
    timer = gr.Timer(WATCH_EVERY_S, active=False)
    wire(run, endpoints_of("run", handlers, EVENTS))
    run.resume(handlers.watch, None, [timer], queue=False, **WIRING)
    page.load(handlers.load, None, [run, seen, timer], queue=False, **WIRING)
    timer.tick(handlers.tick, [run, seen], [run, seen, timer], queue=False, **WIRING)
