"""The form of the Train page as it is sent and told, and a check of it as it stands."""

from dataclasses import asdict

from app.pages.questions import RunWish
from app.pages.run_answers import CheckState, FormAgain
from app.present.trainability import check_html, check_spoken
from app.services.checking import CheckView
from app.services.exposed import EXPOSED
from app.services.kept_checks import CheckFound
from app.services.plans import TrainForm
from core.measure.marked import marks_to_data


def form_in(question: RunWish) -> TrainForm:
    """What was sent."""
    given = {setting.name: question.settings.get(setting.name, "").strip() for setting in EXPOSED}
    return TrainForm(
        version_id=question.version,
        query_set_id=question.query_set,
        model=question.model,
        preset=question.preset,
        seed=question.seed,
        seeds=question.seeds,
        changes=tuple(f"{name}={value}" for name, value in given.items() if value),
    )


def form_again(form: TrainForm) -> FormAgain:
    """An earlier one, to be changed."""
    return FormAgain(**asdict(form) | {"changes": dict(change.split("=", 1) for change in form.changes)})


def check_state(view: CheckView, key: str) -> CheckState:
    """A check that is being asked."""
    return CheckState(
        key=key,
        running=view.running,
        note=view.note,
        share=view.share,
        problem=view.problem or "",
        found=view.found,
        check=view.kept,
        marks=None,
        spoken=check_spoken(view),
        html=check_html(view.told) if view.told is not None else "",
    )


def kept_check_state(told: CheckFound, of_form: bool) -> CheckState:
    """A check that is kept, as it stands now."""
    return CheckState(
        key="",
        running=False,
        note="",
        share=None,
        problem="",
        found=told.found,
        check=told.check,
        marks=marks_to_data(told.marks) if told.marks else None,
        of_form=of_form,
        spoken="",
        html=check_html(told),
    )
