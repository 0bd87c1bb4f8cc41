"""Conflicts that are kept with their replies: what is asked of one, keeping it, and reading it whatever it holds."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from app.services.audit import record
from app.services.plans import Plan, TrainForm, form_of
from app.services.quotas import require_below_quota
from app.services.request_keys import require_key
from app.services.stored import NotKeptError, conflict_replies_of, constitution_of, require_constitution
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.principles import Constitution
from core.constitution.stored import Unreadable
from core.measure.conflicts import QUERIES, Conflict, PairReplies, conflict, replies_to_data
from core.methods.settings import config_to_data
from db import conflicts
from db.conflicts import NewConflict
from db.constitutions import named_version

MOST_KEPT = 10  # of a version, that are listed


@dataclass(frozen=True, kw_only=True)
class ConflictForm:
    """What a person chose."""

    train: TrainForm  # what they would train: of it constitution, model, queries, seed and how replies are drawn count
    first: int | None = None  # number of a principle, from 1 on; None: the first that can be judged
    second: int | None = None
    queries: int = QUERIES  # held-out ones that are asked, at most


@dataclass(frozen=True, kw_only=True)
class ConflictPlan:
    """A form that was checked: everything it names exists, and both principles can be judged."""

    plan: Plan
    first: int
    second: int
    most_queries: int  # that were asked for
    pair: Constitution
    queries: tuple[str, ...]  # that are asked


@dataclass(frozen=True, kw_only=True)
class ConflictFound:
    """What a conflict came to, and what that rests on."""

    pair: Constitution
    found: Conflict
    replies: PairReplies
    conflict: int | None = None  # under which it is kept
    problem: str = ""  # why it is not


@dataclass(frozen=True, kw_only=True)
class KeptConflict:
    """One that was asked before."""

    conflict: int
    first: str  # titles
    second: str
    model: str
    requested_by: str
    made_at: datetime


def told_of(pair: Constitution, replies: PairReplies, kept: int | None = None, problem: str = "") -> ConflictFound:
    """What replies come to. It is reckoned anew each time: what is kept is what was replied and how it was judged."""
    return ConflictFound(pair=pair, found=conflict(pair, replies.followed), replies=replies, conflict=kept, problem=problem)


def keep_conflict(studio: Studio, who: str, asked: ConflictPlan, replies: PairReplies, key: str) -> int:
    """Keep a conflict with its replies, and read it back before anybody can. The same key again is the same conflict.

    Raises:
        StudioError: It cannot be kept, or they have made as many as one person may.
    """
    form = asked.plan.form
    new = NewConflict(
        version_id=form.version_id,
        query_set_id=form.query_set_id,
        model=studio.store.model_in_row(asked.plan.model.id),
        config=config_to_data(asked.plan.config),
        first=asked.first,
        second=asked.second,
        queries=asked.most_queries,
        replies=replies_to_data(replies),
        requested_by=who,
        request_key=require_key(key) or f"conflict-{secrets.token_hex(16)}",
    )
    with in_words(), studio.sessions.begin() as session:
        row = conflicts.add_conflict(session, new)
        if conflict_replies_of(row, asked.plan.constitution) != (asked.pair, replies):
            raise NotKeptError("the conflict")
        record(session, "conflict.made", f"conflict {row.id}", once=True, version=asked.plan.version_number)
        require_below_quota(session, "conflict.made")
        return row.id


def conflict_form(studio: Studio, conflict_id: int) -> ConflictForm:
    """The form that was asked about.

    Raises:
        StudioError: There is no such conflict, or another version of the studio wrote its settings.
    """
    with in_words(), studio.sessions.read() as session:
        row = conflicts.get_conflict(session, conflict_id)
        return ConflictForm(train=form_of(studio, row), first=row.first, second=row.second, queries=row.queries)


def conflict_found(studio: Studio, conflict_id: int) -> ConflictFound:
    """A kept conflict, as it stands.

    Raises:
        StudioError: There is none, or what is stored of it cannot be read.
    """
    with in_words(), studio.sessions.read() as session:
        row = conflicts.get_conflict(session, conflict_id)
        version = named_version(session, row.version_id)
    read = conflict_replies_of(row, require_constitution(version))
    if read is None:
        raise RefusedError(f"Conflict {conflict_id} was written by another version of the studio, or is damaged, and cannot be read. Ask again.")
    return told_of(*read, kept=conflict_id)


def kept_of(studio: Studio, version_id: int) -> list[KeptConflict]:
    """The newest of a version, newest first."""
    with in_words(), studio.sessions.read() as session:
        rows = [summary.conflict for summary in conflicts.list_conflicts(session, MOST_KEPT, version_id)]
        constitution = constitution_of(named_version(session, version_id))
    titles = {} if isinstance(constitution, Unreadable) else {number: principle.title for number, principle in enumerate(constitution.principles, 1)}
    return [
        KeptConflict(
            conflict=row.id,
            first=titles.get(row.first, f"principle {row.first}"),
            second=titles.get(row.second, f"principle {row.second}"),
            model=studio.store.model_of_row(row.model),
            requested_by=row.requested_by,
            made_at=row.made_at,
        )
        for row in rows
    ]
