"""The mapped class of what people pick as readers in the laboratory; the others stand in `tables`."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base


class CardPick(Base):
    """Which text a person takes a reply to have been written under. Rows are added; an undo only writes when it was done."""

    __tablename__ = "card_pick"
    __table_args__ = (Index(None, "job_id", "who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))  # the battery whose card it is
    card: Mapped[str]  # sha256 of exactly what was seen
    pick: Mapped[int | None]  # place among the options as they were shown, from 0 on; None: none fits better
    who: Mapped[str]
    made_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]
    request_key: Mapped[str] = mapped_column(unique=True)  # one a click
