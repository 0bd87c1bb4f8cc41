"""Verdicts of models on the stored replies of a run: one a reply and judge, and one that failed gives way to the next."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.mark_tables import Mark
from db.session import clock
from db.upserts import put
from db.verdict_table import ModelVerdict

KEY = ("run_id", "shown", "address", "model", "wording")


@dataclass(frozen=True, kw_only=True)
class JudgeKey:
    """Which judge: the same model at another address, or asked in another wording, is another one."""

    address: str
    model: str
    wording: str


@dataclass(frozen=True, kw_only=True)
class NewVerdict:
    """What a model says of one reply."""

    run_id: int
    shown: str
    judge: JudgeKey
    follows: bool | None
    reason: str
    first_answer: str
    second_answer: str
    first_ms: int | None
    second_ms: int | None
    tokens_in: int | None
    tokens_out: int | None
    reply_words: int | None  # how long the reply is
    who: str


def put_verdict(session: Session, new: NewVerdict) -> None:
    """Keep a verdict, in the place of one of the same judge on the same reply."""
    row = asdict(new)
    put(session, ModelVerdict, [{**row.pop("judge"), **row, "asked_at": clock(session)}], KEY)


def verdicts_of(session: Session, run_id: int, judge: JudgeKey) -> list[ModelVerdict]:
    """What one judge said of the replies of a run, by the order in which it first did."""
    query = select(ModelVerdict).where(ModelVerdict.run_id == run_id).order_by(ModelVerdict.id).execution_options(populate_existing=True)
    of_judge = query.where(ModelVerdict.address == judge.address, ModelVerdict.model == judge.model, ModelVerdict.wording == judge.wording)
    return list(session.scalars(of_judge))


def times_of(session: Session, judge: JudgeKey, cards: int) -> list[int]:
    """How long the questions to one judge took, in ms, about the newest cards that it was asked about, of whatever run."""
    of_judge = (ModelVerdict.address == judge.address, ModelVerdict.model == judge.model, ModelVerdict.wording == judge.wording)
    query = select(ModelVerdict.first_ms, ModelVerdict.second_ms).where(*of_judge).order_by(ModelVerdict.asked_at.desc(), ModelVerdict.id.desc()).limit(cards)
    return [took for row in session.execute(query) for took in row if took is not None]


def verdicts_on(session: Session, run_ids: Collection[int]) -> list[ModelVerdict]:
    """What all judges said of the replies of some runs, by the order in which they first did."""
    query = select(ModelVerdict).where(ModelVerdict.run_id.in_(run_ids)).order_by(ModelVerdict.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def verdicts_on_marked(session: Session, principles: Collection[str]) -> list[ModelVerdict]:
    """What all judges said, of any run, of what people marked by some principles; oldest first, and where something is judged."""
    marked = select(Mark.shown).where(Mark.principle.in_(principles), Mark.retracted_at.is_(None))
    query = select(ModelVerdict).where(ModelVerdict.shown.in_(marked), ModelVerdict.follows.is_not(None)).order_by(ModelVerdict.asked_at, ModelVerdict.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


@dataclass(frozen=True, kw_only=True)
class SaidState:
    """What changes with every mark and every verdict, of whatever run: how far people agree with a model rests on all of them."""

    marks: int
    newest_mark: int | None  # id
    taken_back: int
    verdicts: int
    newest_verdict: datetime | None


def runs_with_verdicts(session: Session, run_ids: Collection[int]) -> set[int]:
    """Those of some runs that a model was asked about."""
    return set(session.scalars(select(ModelVerdict.run_id).where(ModelVerdict.run_id.in_(run_ids)).distinct()))


def state_of_all_said(session: Session) -> SaidState:
    """The state of all marks and verdicts."""
    marks, newest_mark, taken_back = session.execute(select(func.count(Mark.id), func.max(Mark.id), func.count(Mark.retracted_at))).one()
    verdicts, newest_verdict = session.execute(select(func.count(ModelVerdict.id), func.max(ModelVerdict.asked_at))).one()
    return SaidState(marks=marks, newest_mark=newest_mark, taken_back=taken_back, verdicts=verdicts, newest_verdict=newest_verdict)
