"""Asking, before any run, whether one could work: the check that a run begins with, for a form. No torch: the model host asks the base."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.host import client as host_client
from app.host.protocol import CheckRequest, Event, ModelChoice
from app.services.plans import Plan, TrainForm, make_plan
from app.services.stored import queries_of
from app.services.studio import Studio, in_words
from core.constitution.principles import to_data
from core.constitution.queries import to_rows
from core.errors import StudioError
from core.methods.settings import config_to_data
from core.runs.links import Trainability, trainability_from_data
from db.query_sets import get_query_set


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """A check as it stands."""

    plan: Plan
    running: bool = True
    note: str = "asking the model host"  # what is happening
    share: float | None = None  # of what is happening; None: not known
    found: Trainability | None = None
    problem: str | None = None  # why there is no verdict


def check(studio: Studio, form: TrainForm) -> Iterator[CheckView]:
    """Yield the check of a form again and again until it has a verdict or a problem. Nothing is stored. Close the iterator to stop.

    Raises:
        StudioError: The form cannot be used. Later troubles come as `problem`.
    """
    view = CheckView(plan=make_plan(studio, form))
    events = host_client.stream(studio.settings, _request(studio, view.plan))
    try:
        yield view
        for event in events:
            view = after_event(view, event)
            yield view
    except StudioError as error:
        view = replace(view, problem=str(error))
    finally:
        events.close()
    if view.found is None and view.problem is None:
        view = replace(view, problem="The model host ended without a verdict. Check again in a moment.")
    yield replace(view, running=False, note="", share=None)


def _request(studio: Studio, plan: Plan) -> CheckRequest:
    with in_words(), studio.sessions.read() as session:
        rows = to_rows(queries_of(get_query_set(session, plan.form.query_set_id)))
    return CheckRequest(
        model=ModelChoice(id=plan.model.id),
        constitution=to_data(plan.constitution),
        queries=rows,
        config=config_to_data(plan.config),
    )


def after_event(view: CheckView, event: Event) -> CheckView:
    """The view once an event of the model host is taken in."""
    kind = event["event"]
    if kind in ("loading", "asking"):
        return replace(view, note=event["note"], share=event["share"])
    if kind == "found":
        return replace(view, found=trainability_from_data(event["trainability"]))
    if kind == "error":
        return replace(view, problem=event["message"])
    return view
