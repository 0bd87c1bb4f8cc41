"""The mapped class of what models say of replies; the others stand in `tables`."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base


class ModelVerdict(Base):
    """What one model says of one stored reply and one principle, asked in one wording. The reply is known as in `Mark`."""

    __tablename__ = "model_verdict"
    __table_args__ = (UniqueConstraint("run_id", "shown", "address", "model", "wording"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    shown: Mapped[str]  # sha256 of statement, antithesis, query, reply
    address: Mapped[str]  # of the endpoint that was asked
    model: Mapped[str]  # as the endpoint calls it
    wording: Mapped[str]  # hash of how the question is put
    follows: Mapped[bool | None]  # None: nothing is judged, and the reason says why
    reason: Mapped[str]  # empty where something is
    first_answer: Mapped[str]  # as they came, cut; to the statement as A, then to the antithesis as A
    second_answer: Mapped[str]
    first_ms: Mapped[int | None]  # from the last try to the whole answer; None: there is no answer
    second_ms: Mapped[int | None]
    tokens_in: Mapped[int | None]  # of both; None: not told
    tokens_out: Mapped[int | None]
    reply_words: Mapped[int | None]  # how long the reply is; None: not kept then
    who: Mapped[str]  # had it asked
    asked_at: Mapped[datetime]
