"""Comparisons: one query, several arms, kept so that the link shows the same again."""

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from db.errors import NotFound
from db.session import clock
from db.tables import Comparison, Reply
from db.upserts import put


@dataclass(frozen=True, kw_only=True)
class NewComparison:
    """What is asked, and how."""

    version_id: int
    run_id: int | None  # None when no adapter takes part
    model: str
    revision: str | None
    four_bit: bool
    arms: list[dict[str, Any]]  # as they are stored and sent; each has a "key"
    query: str
    side: str  # "statement" or "antithesis"
    seed: int
    sampling: dict[str, Any]
    created_by: str


@dataclass(frozen=True, kw_only=True)
class NewReply:
    """What one arm answered, so far or for good."""

    arm: str  # its key
    text: str
    seed: int
    done: bool = True
    tokens: int | None = None
    ended: bool | None = None  # False: cut at max_new_tokens
    adapter_sha256: str | None = None
    error: str | None = None
    token_scores: list[Any] | None = None


def add_comparison(session: Session, new: NewComparison) -> Comparison:
    """Store a comparison under a new token."""
    comparison = Comparison(id=secrets.token_urlsafe(12), created_at=clock(session), **asdict(new))
    session.add(comparison)
    session.flush()
    return comparison


def save_reply(session: Session, comparison_id: str, reply: NewReply) -> None:
    """Store what one arm answered; a later call for the same arm replaces it."""
    put(session, Reply, [{"comparison_id": comparison_id, **asdict(reply)}], ["comparison_id", "arm"])


def get_comparison(session: Session, comparison_id: str) -> Comparison:
    """One comparison with its replies loaded.

    Raises:
        NotFound: There is none with this token.
    """
    found = session.get(Comparison, comparison_id, options=[selectinload(Comparison.replies)], populate_existing=True)
    if found is None:
        raise NotFound(f"There is no comparison {comparison_id!r}. Check the link.")
    return found


def list_comparisons(session: Session, run_id: int | None = None, limit: int = 20) -> list[Comparison]:
    """The newest comparisons, of one run or of all, with their replies loaded."""
    query = select(Comparison).options(selectinload(Comparison.replies)).order_by(Comparison.created_at.desc(), Comparison.id).limit(limit)
    if run_id is not None:
        query = query.where(Comparison.run_id == run_id)
    return list(session.scalars(query.execution_options(populate_existing=True)))
