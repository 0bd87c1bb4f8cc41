"""Checks before a run that were asked for by themselves, each kept with the replies that it rests on."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.kept import add_kept, get_kept, with_names
from db.mark_tables import Check, Mark
from db.session import clock

ASKED = ("version_id", "query_set_id", "model", "config", "requested_by")  # what a request_key stands for


@dataclass(frozen=True, kw_only=True)
class NewCheck:
    """What was asked, and what was found."""

    version_id: int
    query_set_id: int
    model: str
    config: dict[str, Any]
    result: dict[str, Any]
    replies: dict[str, Any]
    requested_by: str
    request_key: str


@dataclass(frozen=True)
class CheckSummary:
    """A check with the names that a reader knows it by."""

    check: Check
    constitution_name: str
    version_number: int


def add_check(session: Session, new: NewCheck) -> Check:
    """Keep a check; the same request_key again returns the one that is there.

    Raises:
        RequestKeyTaken: This request_key asked for another check, was another person's, or what it asked for was deleted.
    """
    return add_kept(session, Check, asdict(new), ASKED, "This request was used for another check already. Press Check again.")


def get_check(session: Session, check_id: int) -> Check:
    """One check.

    Raises:
        NotFound: There is none with this id.
    """
    return get_kept(session, Check, check_id, "check")


def checks_since(session: Session, version_id: int, query_set_id: int, model: str, since: datetime) -> list[Check]:
    """Checks of one version, query set and model that were made since then, the newest first."""
    about = (Check.version_id == version_id, Check.query_set_id == query_set_id, Check.model == model, Check.made_at >= since, Check.deleted_at.is_(None))
    return list(session.scalars(select(Check).where(*about).order_by(Check.id.desc()).limit(10)))


def delete_check(session: Session, check_id: int) -> None:
    """Take a check away with its verdict, its replies and all marks of them. Its number and its request are never another's.

    Raises:
        NotFound: There is none with this id.
    """
    check = get_check(session, check_id)
    check.deleted_at = clock(session)
    check.model, check.config, check.result, check.replies = "", {}, {}, {}
    session.flush()
    session.execute(delete(Mark).where(Mark.check_id == check_id).execution_options(synchronize_session=False))


def list_checks(session: Session, limit: int) -> list[CheckSummary]:
    """The newest first, also those that name a version that is not there; what was found stays unread: it is long."""
    return [CheckSummary(*row) for row in session.execute(with_names(Check, Check.result, Check.replies).limit(limit))]
