"""The Train page: what to train on, what that would mean, and the runs there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_jsonable_python

from app.pages.answers import Go
from app.pages.conflict_answers import ConflictState
from app.pages.conflicts import kept_state
from app.pages.endpoints import answers, paced, tells
from app.pages.frame import component, header
from app.pages.questions import A_PAGE, ListWish, NoDetails, QueryFile, RunWish, TrainAddress, file_bytes, id_in
from app.pages.run_answers import CheckState, ModelOption, PresetOption, QuerySet, QuerySetOption, RunList, RunPreview, TrainChoices, TrainOpened
from app.pages.train_forms import check_state, form_again, form_in, kept_check_state
from app.present.preview import about_minutes, preview_html, work
from app.present.readings import query_reading_data, query_reading_html
from app.present.run_list import list_html
from app.present.text import count, more_html, own_direction
from app.services import checking, plans, previews, query_sets, runs
from app.services.exposed import EXPOSED, preset_values
from app.services.kept_asked import Asked, open_asked
from app.services.plans import TrainForm
from app.services.query_sets import QuerySetView
from app.services.studio import Studio
from core.engine.default_model import DEFAULT_MODEL
from core.errors import StudioError
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import presets_of
from db.runs import VersionToTrain

DRAW_EVERY_S = 0.25  # a check tells of every token
ENDPOINTS = ("opened", "choices", "runs", "preview", "check", "upload", "train")


@dataclass(frozen=True)
class TrainPage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: TrainAddress, editor: str) -> TrainOpened:
        """What the page begins with: what its address names (a check, a conflict, a run, a version, or a constitution's newest one), else what is one's own."""
        asked = open_asked(self.studio, question.check, question.conflict) if question.check or question.conflict else None
        again, message = (asked.form, asked.message) if asked is not None else self._run_again(question.from_)
        offer = self._offer(again.version_id if again else id_in(question.version))
        if again and question.anyway:
            again = replace(again, changes=(*again.changes, "train_anyway=true"))
        wanted = {"version": question.version, "constitution": question.constitution}
        chosen = again.version_id if again else _chosen(offer["versions"], wanted)
        if any(wanted.values()) and chosen is None:
            message = "The version that the address names cannot be trained on: it does not exist, or its constitution is archived."
        elif chosen is None:
            chosen = plans.own_version(offer["versions"], editor)
        return TrainOpened(
            **offer,
            version=chosen,
            again=form_again(again) if again else None,
            checked=_kept_check(asked) if asked is not None else None,
            conflict=_kept_conflict(asked) if asked is not None else None,
            unread=dict(asked.unread) if asked is not None else {},
            message=message,
            runs=self._runs().html,
        )

    def _offer(self, also: int | None = None) -> dict[str, Any]:
        """What both answers about choices begin with: the fields of `TrainOffer`; a version that is named is among them."""
        offered = plans.choices(self.studio, also)
        return {
            "versions": offered.versions,
            "models": tuple(ModelOption(id=model, label=_model_label(model)) for model in offered.models),
            "query_sets": tuple(QuerySetOption(id=view.id, label=_label(view)) for view in offered.query_sets),
        }

    def _run_again(self, run: str) -> tuple[TrainForm | None, str]:
        """The form of the run that the address names, and what is wrong with that."""
        run_id = id_in(run)
        if run_id is None:
            return None, ""
        try:
            return runs.form_again(self.studio, run_id), ""
        except StudioError as error:
            return None, str(error)

    def _runs(self, shown: int = A_PAGE) -> RunList:
        lines, more = runs.list_runs(self.studio, shown), runs.count_runs(self.studio) - shown
        return RunList(runs=tuple(lines), more=max(0, more), html=list_html(lines) + more_html(more))

    @answers
    def choices(self, question: NoDetails, editor: str) -> TrainChoices:
        """What a run can be asked for with."""
        return TrainChoices(**self._offer(), presets=_presets(), settings=EXPOSED)

    @answers
    def runs(self, question: ListWish, editor: str) -> RunList:
        """The newest runs: as many as are to be shown."""
        return self._runs(question.shown)

    @answers
    def preview(self, question: RunWish, editor: str) -> RunPreview:
        """What the form would mean."""
        preview = previews.preview(self.studio, form_in(question))
        plan, minutes = preview.plan, {name: about_minutes(value) for name, value in preview.preset_minutes.items()}
        works = {name: work(config, plan.amount_of(config)) for name, config in presets_of(plan.config.method).items()}
        return RunPreview(html=preview_html(preview), command=preview.command, minutes=minutes, work=works, queries_note=preview.queries_note)

    @tells
    def check(self, question: RunWish, editor: str) -> Iterator[CheckState]:
        """Ask the base what it already does, without beginning a run. What it finds is kept with the replies, so that they can be marked."""
        for view in paced(checking.check(self.studio, editor, form_in(question), question.key), DRAW_EVERY_S):
            yield check_state(view, question.key)

    @answers
    def upload(self, question: QueryFile, editor: str) -> QuerySet:
        """Keep an uploaded query set."""
        view, reading = query_sets.upload(self.studio, file_bytes(question.data), question.filename, question.field)
        message = f"Read {count(view.train + view.held_out, 'query', 'queries')}: {view.train:,} to train on, {view.held_out:,} held out."
        return QuerySet(id=view.id, label=_label(view), message=message, reading=query_reading_data(reading), html=query_reading_html(reading))

    @answers
    def train(self, question: RunWish, editor: str) -> Go:
        """Queue the run, or one for each seed, and go to it."""
        run_id = runs.queue_run(self.studio, editor, form_in(question), question.key)
        return Go(href=f"./run?id={run_id}", id=run_id)


def _chosen(versions: Sequence[VersionToTrain], wanted: Mapping[str, str]) -> int | None:
    if wanted["version"]:
        return next((version.id for version in versions if str(version.id) == wanted["version"]), None)
    return next((version.id for version in versions if str(version.constitution_id) == wanted["constitution"]), None)


def _kept_check(asked: Asked) -> CheckState | None:
    return kept_check_state(asked.check.found, of_form=asked.check.form == asked.form) if asked.check is not None else None


def _kept_conflict(asked: Asked) -> ConflictState | None:
    found = asked.conflict
    return kept_state(found.form, found.found, of_form=found.form.train == asked.form) if found is not None else None


def _label(view: QuerySetView) -> str:
    return f"{own_direction(view.name)}: {view.train:,} to train on, {view.held_out:,} held out"


def _model_label(model: str) -> str:
    return f"{model} (default, runs anywhere)" if model == DEFAULT_MODEL else model


def _presets() -> tuple[PresetOption, ...]:
    return tuple(PresetOption(name=name, work=work(config), values=preset_values(name)) for name, config in presets_of(PROPOSED_RECIPE).items())


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("train", studio)
    offered = {"presets": to_jsonable_python(_presets()), "settings": to_jsonable_python(EXPOSED)}
    component('<div class="cs-page cs-train"></div>', "train/form.js", elem_id="train", **offered)
