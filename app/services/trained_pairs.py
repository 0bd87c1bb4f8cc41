"""Two runs as one pair: what was trained on either wording, what it replied, and what people and models said of the replies of both."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

import db.amendments as store
import db.constitutions as versions
from app.services.asked_models import AskedModels, key_of, mark_of, read_asked_models
from app.services.marked import run_name
from app.services.replies import finished_key, measured_replies
from app.services.stored import constitution_of, control_of, read_result
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.stored import Unreadable
from core.measure.asked_models import AskedModel
from core.measure.marked import Heard
from core.measure.marks import Mark
from core.measure.rulers import Trained
from core.measure.values import roles
from db.marks import marks_that_count
from db.runs import get_run
from db.tables import Run


def trained_pair(studio: Studio, runs: Sequence[Run]) -> tuple[Trained, Trained]:
    """The run of the old wording and that of the new, both finished.

    Raises:
        StudioError: A version, a result or the replies cannot be read.
    """
    with in_words(), studio.sessions.read() as session:
        marks, asked = _marks(session, runs), read_asked_models(session, runs)
        read = [versions.get_version_by_id(session, run.version_id) for run in runs]
    found = []
    for run, version in zip(runs, read, strict=True):
        text, result = constitution_of(version), read_result(run)
        if isinstance(text, Unreadable) or result is None:
            raise RefusedError(f"the version or the result of run {run.id} cannot be read.")
        answered = measured_replies(studio.store, finished_key(studio.store, run), result.report)
        if control := control_of(run):
            raise RefusedError(f"run {run.id} is {control}, and no run of a wording.")
        if roles(list(answered.replies)).trained is None:
            raise RefusedError(f"run {run.id} has no trained arm.")
        found.append(Trained(name=run_name(run.id), constitution=text, answered=answered, heard=_heard(run.id, marks, asked)))
    return found[0], found[1]


def _marks(session: Session, runs: Sequence[Run]) -> tuple[Mark, ...]:
    """Those of both runs; of what somebody said of one card in both what they said last."""
    newest = {(row.principle, row.shown, row.who): mark_of(row) for row in marks_that_count(session, [run.id for run in runs])}
    return tuple(newest.values())


def _heard(run_id: int, marks: tuple[Mark, ...], asked: dict[int, AskedModels]) -> Heard:
    """What was said of both, with the models that were asked by the text of one run, which their agreement with people is of."""
    if run_id not in asked:
        return Heard(marks=marks)
    models = tuple(
        replace(model, said=_said(model, [other.said_by(key_of(use)) for other_run, other in asked.items() if other_run != run_id]))
        for use, model in zip(asked[run_id].uses, asked[run_id].models, strict=True)
    )
    return Heard(marks=marks, models=models, people=asked[run_id].people)


def _said(model: AskedModel, elsewhere: Sequence[AskedModel | None]) -> tuple[tuple[str, bool | None], ...]:
    """What a model said of the cards of either run; of one and the same card what it said here."""
    return (*(said for other in elsewhere if other is not None for said in other.said), *model.said)


def amendment_of(studio: Studio, run_id: int, beside: int) -> int:
    """The amendment that two runs are evidence for.

    Raises:
        RefusedError: They are for none.
    """
    with in_words(), studio.sessions.read() as session:
        for each in (run_id, beside):
            get_run(session, each)
        found = store.amendment_of_runs(session, run_id, beside)
    if found is None:
        raise RefusedError(f"Runs {run_id} and {beside} are not the two runs of one amendment, so their replies cannot be marked together.")
    return found
