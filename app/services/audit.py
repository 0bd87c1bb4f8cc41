"""What is remembered of who did what: each use case that changes something adds one row, in the transaction of the change.

Who acts is told once, where a request or a command comes in, and holds until it is answered: a use case need not be handed the address
of its caller. What happens to jobs by itself is no act of anybody, and stands in their own rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.settings import VARIABLES, Settings
from db.audit import NewEntry, add_entry, newest_entry

LONGEST_VALUE = 120  # characters of a value in a detail: names, never texts
SETTINGS = "settings.changed"
SECRET = ("password", "writer_key", "database_url")  # of these only whether they are set


@dataclass(frozen=True)
class Doer:
    """Who acts, and from where."""

    name: str
    place: str


NOBODY = Doer("", "the studio")
_doer: ContextVar[Doer] = ContextVar("doer", default=NOBODY)


@contextmanager
def acting(name: str, place: str) -> Iterator[None]:
    """Within this, whatever is recorded was done by this person from there."""
    before = _doer.set(Doer(name, place))
    try:
        yield
    finally:
        _doer.reset(before)


def doer() -> str:
    """The name of whoever acts; empty for the studio itself and for commands."""
    return _doer.get().name


def record(session: Session, what: str, subject: str = "", *, once: bool = False, **detail: object) -> None:
    """Remember an act in the transaction that it changes something in.

    Args:
        session: A session that may write.
        what: Of which kind, such as version.saved.
        subject: What it was done to, such as constitution 3.
        once: It can happen only once to this subject; a second time is the same request sent again.
        detail: Short values that say more.
    """
    doer = _doer.get()
    add_entry(session, NewEntry(who=doer.name, place=doer.place, what=what, subject=subject, detail=_short(detail)), once)


def record_settings(session: Session, settings: Settings) -> None:
    """Remember what the operator decided, where it is not what was decided before."""
    now = {variable: _shown(settings, name) for name, variable in VARIABLES.items()}
    newest = newest_entry(session, SETTINGS)
    if newest is None or newest.detail != now:
        before = {} if newest is None else newest.detail
        changed = sorted(name for name in now if newest is not None and before.get(name) != now[name])
        add_entry(session, NewEntry(who="", place="the studio", what=SETTINGS, subject=" ".join(changed), detail=now))


def _shown(settings: Settings, name: str) -> str:
    value = settings.to_environment().get(VARIABLES[name])
    if value is None:
        return "not set"
    return "set" if name in SECRET else value[:LONGEST_VALUE]


def _short(detail: Mapping[str, object]) -> dict[str, object]:
    return {name: value[:LONGEST_VALUE] if isinstance(value, str) else value for name, value in detail.items()}
