"""The mapped class of conflicts between two principles; the others stand in `tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base


class Conflict(Base):
    """Two principles of a version set against each other: what was asked, and the replies with what the checks of both find of them."""

    __tablename__ = "conflicts"  # `conflict` is a word of SQL
    __table_args__ = (Index(None, "version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    query_set_id: Mapped[int] = mapped_column(ForeignKey("query_set.id"))
    model: Mapped[str]
    config: Mapped[dict[str, Any]]  # of the form that it was asked beside: its seed and sampling decide the replies
    first: Mapped[int]  # number of a principle, from 1 on
    second: Mapped[int]
    queries: Mapped[int]  # that were to be asked, at most
    replies: Mapped[dict[str, Any]]
    requested_by: Mapped[str]
    request_key: Mapped[str] = mapped_column(unique=True)  # one a click
    made_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]  # then only what keeps its number and its request from being another's is left
