"""Verdicts of models on the stored replies of a run: one a reply and judge, and one that failed gives way to the next."""

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

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
