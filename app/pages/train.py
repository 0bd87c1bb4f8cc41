"""The Train page: what to train on, what that would mean, and the runs there are."""

import base64
import binascii
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any

import gradio as gr

from app.pages.frame import Question, Reply, answers, component, header, wire
from app.present.preview import about_minutes, preview_html, work
from app.present.runs import list_html
from app.present.trainability import check_html, check_spoken
from app.services import checking, plans, query_sets, runs
from app.services.checking import CheckView
from app.services.plans import EXPOSED, TrainForm, VersionChoice
from app.services.query_sets import QuerySetView
from app.services.studio import Studio
from app.web.actors import caller
from core.engine.default_model import DEFAULT_MODEL
from core.errors import QueryError, StudioError
from core.methods.settings import PRESETS

LIST_EVERY_S = 3
DRAW_EVERY_S = 0.25  # a check tells of every token
MOST_DIGITS = 9


@dataclass(frozen=True)
class TrainPage:
    """The handlers of this page."""

    studio: Studio

    def load(self, request: gr.Request) -> object:
        """Offer the choices; the address may name a version, or a constitution and so its newest version."""
        caller(request)
        offered = plans.choices(self.studio)
        again, message = self._again(request.query_params.get("from", ""))
        if again and request.query_params.get("anyway"):
            again = replace(again, changes=(*again.changes, "train_anyway=true"))
        wanted = {name: request.query_params.get(name, "") for name in ("version", "constitution")}
        chosen = again.version_id if again else _chosen(offered.versions, wanted)
        if any(wanted.values()) and chosen is None:
            message = "The version that the address names cannot be trained on: it does not exist, or its constitution is archived."
        reply = {
            "kind": "form",
            "versions": [asdict(version) for version in offered.versions],
            "models": [{"id": model, "label": _model_label(model)} for model in offered.models],
            "query_sets": [_query_set(view) for view in offered.query_sets],
            "version": chosen,
            "again": again and {**asdict(again), "changes": dict(change.split("=", 1) for change in again.changes)},
            "message": message,
            "runs": self._runs(),
        }
        return gr.update(reply=reply)

    def _again(self, run: str) -> tuple[TrainForm | None, str]:
        """The form of the run that the address names, and what is wrong with that."""
        if not run.isdecimal() or len(run) > MOST_DIGITS:
            return None, ""
        try:
            return runs.form_again(self.studio, int(run)), ""
        except StudioError as error:
            return None, str(error)

    def tick(self, seen: str | None, request: gr.Request) -> Any:
        """Show the runs again when something about them changed."""
        caller(request)
        html = self._runs()
        return gr.skip() if html == seen else (gr.update(reply={"kind": "runs", "html": html}), html)

    def _runs(self) -> str:
        return list_html(runs.list_runs(self.studio))

    @answers
    def preview(self, question: Question, editor: str) -> Reply:
        """What the form would mean."""
        preview = plans.preview(self.studio, _form(question))
        minutes = {name: about_minutes(value) for name, value in preview.preset_minutes.items()}
        return {"kind": "preview", "html": preview_html(preview), "command": preview.command, "minutes": minutes}

    def check(self, value: object, request: gr.Request) -> Iterator[Any]:
        """Ask the base what it already does. The first word answers the question; the others follow it unasked."""
        caller(request)
        question, drawn = Question(value), 0.0
        seq, key = question.get("seq"), question.get("key")
        try:
            with closing(checking.check(self.studio, _form(question))) as views:  # type: ignore[type-var]
                for view in views:
                    if view.running and seq is None and time.monotonic() - drawn < DRAW_EVERY_S:
                        continue
                    yield gr.update(reply={**_check(view), "key": key, "seq": seq})
                    seq, drawn = None, time.monotonic()
        except StudioError as error:
            yield gr.update(reply={"kind": "problem", "message": str(error), "seq": seq})

    @answers
    def upload(self, question: Question, editor: str) -> Reply:
        """Keep an uploaded query set."""
        view = query_sets.upload(self.studio, _decoded(question.get("data")), str(question.get("filename") or "queries.txt"))
        message = f"Read {view.train + view.held_out:,} queries: {view.train:,} to train on, {view.held_out:,} held out."
        return {"kind": "query_set", **_query_set(view), "message": message}

    @answers
    def train(self, question: Question, editor: str) -> Reply:
        """Queue the run and go to it."""
        return {"kind": "go", "href": f"./run?id={runs.queue_run(self.studio, editor, _form(question), question.get('key'))}"}


def _chosen(versions: Sequence[VersionChoice], wanted: Mapping[str, str]) -> int | None:
    if wanted["version"]:
        return next((version.id for version in versions if str(version.id) == wanted["version"]), None)
    return next((version.id for version in versions if str(version.constitution_id) == wanted["constitution"]), None)


def _form(question: Question) -> TrainForm:
    given = question.get("settings")
    settings: Mapping[str, object] = given if isinstance(given, Mapping) else {}
    changes = tuple(f"{name}={str(settings[name]).strip()}" for name, _, _ in EXPOSED if str(settings.get(name) or "").strip())
    return TrainForm(
        version_id=question.number("version"),
        query_set_id=question.number("query_set"),
        model=str(question.get("model") or ""),
        preset=str(question.get("preset") or ""),
        seed=question.number("seed"),
        changes=changes,
    )


def _check(view: CheckView) -> Reply:
    told = {"running": view.running, "note": view.note, "share": view.share, "problem": view.problem or ""}
    return {"kind": "check", **told, "spoken": check_spoken(view), "html": check_html(view)}


def _query_set(view: QuerySetView) -> Reply:
    return {"id": view.id, "label": f"{view.name}: {view.train:,} to train on, {view.held_out:,} held out"}


def _model_label(model: str) -> str:
    return f"{model} (default, runs anywhere)" if model == DEFAULT_MODEL else model


def _decoded(data: object) -> bytes:
    try:
        return base64.b64decode(str(data or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise QueryError("The file did not arrive whole. Choose it again.") from error


def _presets() -> list[Reply]:
    return [{"name": name, "work": work(config), "values": plans.preset_values(name)} for name, config in PRESETS.items()]


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = TrainPage(studio)
    header("train", studio)
    settings = [{"name": name, "label": label, "kind": kind} for name, label, kind in EXPOSED]
    events = ("preview", "check", "stop", "upload", "train")
    form = component('<div class="cs-page cs-train"></div>', "train/form.js", events, elem_id="train", presets=_presets(), settings=settings)
    seen = gr.State(None)
    wire(form, {"preview": handlers.preview, "upload": handlers.upload, "train": handlers.train}, "train")
    # Queued, unlike the other events: only so can a handler answer again and again, and be cancelled by Stop or a closed tab.
    asking = form.check(handlers.check, [form], [form], api_name="train_check", show_progress="hidden", trigger_mode="multiple")
    form.stop(None, None, None, cancels=[asking], api_name="train_stop")
    page.load(handlers.load, None, [form], queue=False, show_progress="hidden", api_name="train_load")
    timer = gr.Timer(LIST_EVERY_S)
    timer.tick(handlers.tick, [seen], [form, seen], queue=False, show_progress="hidden", api_name="train_tick")
