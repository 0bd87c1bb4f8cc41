"""Asking, before any run, whether one could work: the check that a run begins with, for a form. No torch: the model host asks the base.

What it finds is kept with the replies, so that people can mark them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.host.protocol import CheckRequest, Event, ModelChoice
from app.services.host_asking import AskedView, follow, kept_as
from app.services.kept_checks import CheckFound, keep_check
from app.services.plans import Plan, TrainForm, make_plan
from app.services.stored import queries_of
from app.services.studio import Studio, in_words
from core.constitution.principles import to_data
from core.constitution.queries import to_rows
from core.methods.settings import config_to_data
from core.runs.checked import Checked, checked_from_data
from core.runs.links import Trainability
from db.query_sets import get_query_set


@dataclass(frozen=True, kw_only=True)
class CheckView(AskedView):
    """A check as it stands."""

    plan: Plan
    checked: Checked | None = None

    @property
    def found(self) -> Trainability | None:
        return self.checked.found if self.checked is not None else None

    @property
    def told(self) -> CheckFound | None:
        """What it came to; None until there is a verdict."""
        if self.found is None:
            return None
        return CheckFound(found=self.found, refused=self.found.verdict == "no-go", anyway=self.plan.config.train_anyway, check=self.kept, problem=self.unkept)


def check(studio: Studio, who: str, form: TrainForm, key: str = "") -> Iterator[CheckView]:
    """Yield the check of a form again and again until it has a verdict or a problem. Close the iterator to stop; then nothing is kept.

    Args:
        studio: The open studio.
        who: Asks.
        form: About what.
        key: Of the request: the same key again is kept once.

    Raises:
        StudioError: The form cannot be used. Later troubles come as `problem`.
    """
    plan = make_plan(studio, form)
    view = yield from follow(studio, _request(studio, plan), CheckView(plan=plan), _found)
    if view.checked is None and view.problem is None:
        view = replace(view, problem="The model host ended without a verdict. Check again in a moment.")
    if (checked := view.checked) is not None and view.problem is None:
        view = kept_as(view, lambda: keep_check(studio, who, plan, checked, key), "This check is not kept, so its replies cannot be marked:")
    yield replace(view, running=False, note="", share=None)


def _found(view: CheckView, event: Event) -> CheckView:
    return replace(view, checked=checked_from_data(event))


def _request(studio: Studio, plan: Plan) -> CheckRequest:
    with in_words(), studio.sessions.read() as session:
        rows = to_rows(queries_of(get_query_set(session, plan.form.query_set_id)))
    return CheckRequest(
        model=ModelChoice(id=plan.model.id, four_bit=plan.config.four_bit),  # the base as the run would hold it
        constitution=to_data(plan.constitution),
        queries=rows,
        config=config_to_data(plan.config),
    )
