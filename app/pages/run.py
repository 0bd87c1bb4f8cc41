"""The page of one run: where it stands, how it learns, and the result it ends with. Everything comes from the run's rows."""

import hashlib
import math
from dataclasses import dataclass, replace

from app.pages.answers import Go
from app.pages.asking_questions import ModelAsked, ModelToAsk, OneAsking
from app.pages.endpoints import answers, to_reply
from app.pages.frame import component, header
from app.pages.questions import OneRun, RunAddress, RunWatch, id_in
from app.pages.run_answers import AskingPlanned, NoRun, RunShown, RunState, Unchanged
from app.present import runs as present
from app.present.curves import charts_html
from app.present.judges import judges_html, plan_words
from app.present.run_list import list_html
from app.present.series import pooled_html, series_list_html
from app.services import asking
from app.services import runs as service
from app.services.askings import AskWish
from app.services.deleting import delete_run
from app.services.marked import models_to_data
from app.services.run_views import RunView
from app.services.series import series_state
from app.services.studio import Studio
from core.constitution.normal import closed
from core.errors import StudioError
from core.measure.marked import marks_to_data
from core.measure.report_data import report_to_data
from core.measure.rows import rows_to_data
from db.status import JobStatus

ENDPOINTS = ("opened", "watch", "state", "stop", "resume", "delete", "plan_asking", "ask", "stop_asking", "resume_asking")


@dataclass(frozen=True)
class RunPage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: RunAddress, editor: str) -> RunShown | NoRun:
        """What the page begins with: the run that its address names, or the runs there are."""
        run_id = id_in(question.id)
        if run_id is None:
            return self._none(f"“{question.id[:40]}” is not the number of a run." if question.id else "")
        return self._looked(run_id)

    @answers
    def watch(self, question: RunWatch, editor: str) -> RunShown | NoRun | Unchanged:
        """The run as its page shows it, unless that is as it was seen."""
        shown = self._looked(question.run)
        return Unchanged() if isinstance(shown, RunShown) and shown.mark == question.seen else shown

    def _looked(self, run_id: int) -> RunShown | NoRun:
        try:
            return self._of(run_id)
        except StudioError as error:
            return self._none(str(error))

    @answers
    def state(self, question: OneRun, editor: str) -> RunState:
        """Where the run stands, how it learned and what was found."""
        return _state(service.run_view(self.studio, question.run))

    @answers
    def stop(self, question: OneRun, editor: str) -> RunShown:
        """Ask the run to save a checkpoint and stop."""
        service.stop(self.studio, question.run)
        return self._of(question.run)

    @answers
    def resume(self, question: OneRun, editor: str) -> RunShown:
        """Queue the run again."""
        service.resume(self.studio, question.run)
        return self._of(question.run)

    @answers
    def delete(self, question: OneRun, editor: str) -> Go:
        """Take the run away for good, with its files."""
        delete_run(self.studio.sessions, self.studio.store, question.run)
        return Go(href="./train", id=question.run)

    @answers
    def plan_asking(self, question: ModelToAsk, editor: str) -> AskingPlanned:
        """What asking a model to judge the run's replies would send, and where. Nothing is sent."""
        plan = asking.plan(self.studio, _wish(question))
        says, sends = plan_words(plan)
        return AskingPlanned(address=plan.address, model=plan.model, cards=plan.cards, questions=plan.questions, seconds=plan.seconds, says=says, sends=sends)

    @answers
    def ask(self, question: ModelAsked, editor: str) -> RunShown:
        """Have the model asked, by a process that goes on without the page."""
        asking.begin(self.studio, editor, _wish(question), question.key)
        return self._of(question.run)

    @answers
    def stop_asking(self, question: OneAsking, editor: str) -> RunShown:
        """Have it stop after the card that it is at; what was answered is kept."""
        asking.stop(self.studio, question.run, question.asking)
        return self._of(question.run)

    @answers
    def resume_asking(self, question: OneAsking, editor: str) -> RunShown:
        """Go on asking where it was stopped or failed."""
        asking.resume(self.studio, question.run, question.asking)
        return self._of(question.run)

    def _of(self, run_id: int) -> RunShown:
        return _shown(service.run_view(self.studio, run_id), asking.addresses_of(self.studio.settings))

    def _none(self, message: str) -> NoRun:
        return NoRun(message=message, html=list_html(service.list_runs(self.studio)))


def _wish(question: ModelToAsk) -> AskWish:
    return AskWish(run=question.run, address=question.address, model=question.model)


def _shown(view: RunView, judge_addresses: tuple[str, ...] | None) -> RunShown:
    headline = present.headline(view)
    finished = view.line.status == JobStatus.FINISHED
    tenths = math.floor(10 * view.line.share)
    title = f"{headline} · " if finished or view.ended else f"{view.line.share:.0%} · "
    shown = RunShown(
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
            "answer": present.answer_section_html(view),
            "messages": present.messages_html(view),
            "phases": present.phases_html(view),
            "charts": charts_html(view) if view.metrics else "",
            "samples": present.samples_html(view.samples),
            "log": present.log_html(view.log),
            "series": series_list_html(view.series, view.line.id) if view.series is not None else "",
            "pooled": pooled_html(view.series) if view.series is not None else "",
            "result": present.result_section_html(view),
            "judges": judges_html(view, judge_addresses) if finished else "",
        },
        settled=finished and not (view.series is not None and view.series.pending) and not any(each.pending for each in view.askings),
        asks_models=finished and judge_addresses != (),
    )
    return replace(shown, mark=hashlib.sha256(to_reply(shown).body).hexdigest()[:16])


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
        marks=marks_to_data(view.marks) or None,
        models=models_to_data(view.models) or None,
        series=series_state(view.series) if view.series is not None else None,
    )


def _curve(view: RunView) -> list[dict[str, float | None]]:
    """The numbers of a run by step."""
    rows: dict[int, dict[str, float | None]] = {}
    for name, points in view.metrics.items():
        for point in points:
            rows.setdefault(point.step, {"step": point.step})[name] = point.value
    return [rows[step] for step in sorted(rows)]


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("train", studio)
    component('<div class="cs-page cs-runpage"></div>', "run.js", elem_id="run")
