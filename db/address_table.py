"""The mapped class of the addresses that constitutions are cited by; the others stand in `tables`."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base


class Address(Base):
    """A word that leads to a constitution for good. One is made of each name that it ever had; none is given to another one later."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("constitution_id", "base"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    constitution_id: Mapped[int] = mapped_column(ForeignKey("constitution.id"))
    base: Mapped[str]  # what the name comes to by itself; the slug has a number more where another constitution had it first
    made_at: Mapped[datetime]
