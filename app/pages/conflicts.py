"""Two principles against each other, in a fold of the Train page; and deleting what is kept of that, or of a check: what is asked and told of both."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.pages.conflict_answers import ConflictPlanned, ConflictState, Deleted, DeletionPlanned
from app.pages.endpoints import answers, paced, tells
from app.pages.questions import Id, Number, Question, RunWish
from app.pages.train_forms import form_in
from app.present.conflicts import conflict_html, conflict_spoken, kept_html, plan_html
from app.present.deleting import CONFLICT_GOES, check_goes
from app.services import conflicts as service
from app.services import deleting
from app.services.conflicts import ConflictView
from app.services.kept_conflicts import ConflictForm, ConflictFound, kept_of
from app.services.studio import Studio
from core.errors import ConfigError
from core.measure.conflicts import QUERIES, replies_to_data

DRAW_EVERY_S = 0.25  # the model host tells of every token
ENDPOINTS = ("plan_conflict", "conflict", "plan_deleting", "delete")


@dataclass(frozen=True, kw_only=True)
class ConflictWish(RunWish):
    """Of the form of a run the constitution, model, queries, seed, and how replies are drawn count."""

    first: Id | None = None  # number of a principle, from 1 on; None: one that can be judged
    second: Id | None = None
    queries: Number | None = None  # held-out ones that are asked, at most; None: 24


@dataclass(frozen=True, kw_only=True)
class OneKept(Question):
    """A check or a conflict that is kept."""

    check: Id | None = None
    conflict: Id | None = None


@dataclass(frozen=True)
class ConflictsPage:
    """The handlers of this fold, and of what is deleted."""

    studio: Studio

    @answers
    def plan_conflict(self, question: ConflictWish, editor: str) -> ConflictPlanned:
        """Which principles there are, and what setting two of them against each other would be: how many replies, how long, and the same from a terminal."""
        preview = service.preview_conflict(self.studio, _form(question))
        return ConflictPlanned(
            principles=preview.principles,
            first=preview.first,
            second=preview.second,
            problem=preview.problem,
            setting=preview.setting,
            prompt=preview.prompt,
            replies=preview.queries * preview.orders,
            seconds=preview.seconds,
            command=preview.command,
            html=plan_html(preview),
            kept=kept_html(kept_of(self.studio, question.version)),
        )

    @tells
    def conflict(self, question: ConflictWish, editor: str) -> Iterator[ConflictState]:
        """Set two principles against each other: ask the base with both in its prompt, in every order, and judge its replies. What is found is kept."""
        for view in paced(service.ask_conflict(self.studio, editor, _form(question), question.key), DRAW_EVERY_S):
            yield _state(view, question.key)

    @answers
    def plan_deleting(self, question: OneKept, editor: str) -> DeletionPlanned:
        """What deleting a kept check or conflict would take away, the marks of others with it."""
        kind, row_id = _one(question)
        if kind == "check":
            return DeletionPlanned(name=f"check {row_id}", goes=check_goes(deleting.marks_to_lose(self.studio.sessions, row_id)))
        deleting.require_conflict(self.studio.sessions, row_id)
        return DeletionPlanned(name=f"conflict {row_id}", goes=CONFLICT_GOES)

    @answers
    def delete(self, question: OneKept, editor: str) -> Deleted:
        """Take a kept check away for good, with all marks of it; or a kept conflict."""
        kind, row_id = _one(question)
        (deleting.delete_check if kind == "check" else deleting.delete_conflict)(self.studio.sessions, row_id)
        return Deleted(says=f"{kind.capitalize()} {row_id} is deleted.")


def kept_state(form: ConflictForm, told: ConflictFound, of_form: bool) -> ConflictState:
    """A conflict that is kept."""
    assert form.first is not None
    assert form.second is not None
    return ConflictState(
        key="",
        running=False,
        note="",
        share=None,
        problem="",
        result=told.found,
        replies=replies_to_data(told.replies),
        conflict=told.conflict,
        first=form.first,
        second=form.second,
        queries=form.queries,
        of_form=of_form,
        spoken="",
        html=conflict_html(told),
    )


def _state(view: ConflictView, key: str) -> ConflictState:
    told = view.told
    return ConflictState(
        key=key,
        running=view.running,
        note=view.note,
        share=view.share,
        problem=view.problem or "",
        result=told.found if told is not None else None,
        replies=replies_to_data(told.replies) if told is not None else None,
        conflict=view.kept,
        first=view.plan.first,
        second=view.plan.second,
        queries=view.plan.most_queries,
        spoken=conflict_spoken(view),
        html=conflict_html(told) if told is not None else "",
    )


def _form(question: ConflictWish) -> ConflictForm:
    queries = QUERIES if question.queries is None else question.queries
    if queries != int(queries):
        raise ConfigError(f"queries must be a whole number, got {queries}.", "queries")
    return ConflictForm(train=form_in(question), first=question.first, second=question.second, queries=int(queries))


def _one(question: OneKept) -> tuple[Literal["check", "conflict"], int]:
    """Which.

    Raises:
        ConfigError: Neither, or both.
    """
    if question.check is not None and question.conflict is None:
        return "check", question.check
    if question.conflict is not None and question.check is None:
        return "conflict", question.conflict
    raise ConfigError("Name one check or one conflict, and not both.")
