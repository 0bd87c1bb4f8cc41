"""The page of one run: where it stands, how it learns, and the result it ends with. Everything comes from the run's rows."""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.pages.answers import RunState
from app.pages.endpoints import answers, endpoints_of, read_question, to_reply
from app.pages.frame import WIRING, component, header, wire
from app.pages.questions import OneRun, id_in
from app.present import runs as present
from app.present.curves import charts_html
from app.services import runs as service
from app.services.runs import RunView
from app.services.studio import Studio
from app.web.actors import caller
from core.errors import ConfigError, StudioError
from db.tables import JobStatus

WATCH_EVERY_S = 1.0
RESTING_EVERY_S = 5.0  # a stopped or failed run may be resumed in another tab
EVENTS = ("stop", "resume")


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
        reply = to_reply(self._state(view))
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
        reply = to_reply(self._state(view))
        now = _fingerprint(reply)
        return gr.skip() if now == seen else (gr.update(reply=reply), now, _timer(view))

    @answers
    def stop(self, question: OneRun, editor: str) -> RunState:
        """Ask the run to save a checkpoint and stop."""
        service.stop(self.studio, question.run)
        return self._state(service.run_view(self.studio, question.run))

    @answers
    def resume(self, question: OneRun, editor: str) -> RunState:
        """Queue the run again."""
        service.resume(self.studio, question.run)
        return self._state(service.run_view(self.studio, question.run))

    def watch(self, request: gr.Request) -> Any:
        """Look every second again, after a resume."""
        caller(request)
        return gr.Timer(WATCH_EVERY_S, active=True)

    def _none(self, message: str) -> Any:
        reply = {"kind": "none", "message": message, "html": present.list_html(service.list_runs(self.studio))}
        return gr.update(reply=reply), None, gr.Timer(active=False)

    def _state(self, view: RunView) -> RunState:
        headline = present.headline(view)
        finished = view.line.status == JobStatus.FINISHED
        tenths = math.floor(10 * view.line.share)
        title = f"{headline} · " if finished or view.ended else f"{view.line.share:.0%} · "
        return RunState(
            run=view.line.id,
            status=view.line.status.value,
            title=f"{title}{view.line.constitution} v{view.line.version_number} · Constitution Studio",
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
