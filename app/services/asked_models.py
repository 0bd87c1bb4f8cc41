"""What models that were asked said of the replies of runs, and the marks that they are held against, as the database has them."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.services.judges import judge_name
from app.services.stored import constitution_of
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.measure.asked_models import AskedModel
from core.measure.cards import identity
from core.measure.marks import Mark
from core.measure.model_judge import Reason
from db import mark_tables
from db.constitutions import named_version
from db.marks import marks_by_principles
from db.model_verdicts import JudgeKey, verdicts_on, verdicts_on_marked
from db.runs import version_ids
from db.tables import Run
from db.verdict_table import ModelVerdict


@dataclass(frozen=True, kw_only=True)
class JudgeUse:
    """What asking one judge about one run took."""

    address: str
    model: str
    wording: str  # hash of how the question is put
    asked: int  # cards
    failed: int  # of these; they are asked about again
    median_ms: float | None  # of one question
    p95_ms: float | None
    total_s: float  # of all that were answered, one after the other
    tokens_in: int
    tokens_out: int
    untold: int  # answered cards of which the endpoint counted no tokens


@dataclass(frozen=True, kw_only=True)
class AskedModels:
    """The models that were asked about one run."""

    uses: tuple[JudgeUse, ...]  # in the order in which they first were
    models: tuple[AskedModel, ...]  # in the same
    people: tuple[Mark, ...]  # marks by the same principles, of all runs

    def said_by(self, judge: JudgeKey) -> AskedModel | None:
        """What one judge said; None where it was never asked about this run."""
        found = (model for use, model in zip(self.uses, self.models, strict=True) if key_of(use) == judge)
        return next(found, None)


def key_of(row: ModelVerdict | JudgeUse) -> JudgeKey:
    """Whose verdict it is."""
    return JudgeKey(address=row.address, model=row.model, wording=row.wording)


def mark_of(row: mark_tables.Mark) -> Mark:
    """A row as the judge knows it."""
    return Mark(principle=row.principle, query=row.query, shown=row.shown, who=row.who, follows=row.follows)


def use_of(judge: JudgeKey, rows: Sequence[ModelVerdict]) -> JudgeUse:
    """What these verdicts of one judge took."""
    took = sorted(ms for row in rows for ms in (row.first_ms, row.second_ms) if ms is not None)
    answered = [row for row in rows if row.reason != Reason.FAILED.value]
    return JudgeUse(
        address=judge.address,
        model=judge.model,
        wording=judge.wording,
        asked=len(rows),
        failed=len(rows) - len(answered),
        median_ms=float(statistics.median(took)) if took else None,
        p95_ms=float(took[-(-95 * len(took) // 100) - 1]) if took else None,
        total_s=sum(took) / 1000,
        tokens_in=sum(row.tokens_in or 0 for row in rows),
        tokens_out=sum(row.tokens_out or 0 for row in rows),
        untold=sum(row.tokens_in is None or row.tokens_out is None for row in answered),
    )


def read_asked_models(session: Session, runs: Iterable[Run]) -> dict[int, AskedModels]:
    """Of those of these runs that a model was asked about."""
    by_id, by_run = {run.id: run for run in runs}, dict[int, dict[JudgeKey, list[ModelVerdict]]]()
    for row in verdicts_on(session, list(by_id)):
        by_run.setdefault(row.run_id, {}).setdefault(key_of(row), []).append(row)
    return {run_id: _read(session, by_id[run_id], judges) for run_id, judges in by_run.items()}


def _read(session: Session, run: Run, judges: Mapping[JudgeKey, Sequence[ModelVerdict]]) -> AskedModels:
    constitution = constitution_of(named_version(session, run.version_id))
    people = [] if isinstance(constitution, Unreadable) else _by_the_same_text(session, constitution)
    of_marked = _of_marked(session, people)
    return AskedModels(
        uses=tuple(use_of(judge, rows) for judge, rows in judges.items()),
        models=tuple(
            AskedModel(
                name=judge_name(judge),
                said=tuple((row.shown, row.follows) for row in rows if row.reason != Reason.FAILED.value),
                of_marked=tuple((shown, follows) for shown, (follows, _) in sorted(of_marked.get(judge, {}).items())),
                words=tuple((shown, n) for shown, (_, n) in sorted(of_marked.get(judge, {}).items()) if n is not None),
            )
            for judge, rows in judges.items()
        ),
        people=tuple(people),
    )


def _of_marked(session: Session, people: Sequence[Mark]) -> dict[JudgeKey, dict[str, tuple[bool, int | None]]]:
    """What each judge said last of what these people marked, in whatever run, and how long the replies are, as far as that is known."""
    marked, found = {mark.shown for mark in people}, dict[JudgeKey, dict[str, tuple[bool, int | None]]]()
    for row in verdicts_on_marked(session, {mark.principle for mark in people}):
        if row.follows is not None and row.shown in marked:
            found.setdefault(key_of(row), {})[row.shown] = (row.follows, row.reply_words)
    return found


def _by_the_same_text(session: Session, constitution: Constitution) -> list[Mark]:
    """The marks of all runs by principles that say here what they said where the mark was made: by another statement, another thing was judged."""
    texts = _texts(constitution)
    marks = marks_by_principles(session, texts.keys())
    version_of = version_ids(session, {mark.run_id for mark in marks if mark.run_id is not None})
    said_in = {version: _texts(constitution_of(named_version(session, version))) for version in set(version_of.values())}
    by_run = [(mark, version_of[mark.run_id]) for mark in marks if mark.run_id is not None]
    return [mark_of(mark) for mark, version in by_run if said_in[version].get(mark.principle) == texts[mark.principle]]


def _texts(constitution: Constitution | Unreadable) -> dict[str, tuple[str, str]]:
    """Statement and antithesis of each principle, by its identity."""
    principles = () if isinstance(constitution, Unreadable) else constitution.principles
    return {identity(principle): (principle.statement, principle.antithesis) for principle in principles}
