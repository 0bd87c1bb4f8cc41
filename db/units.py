"""One transaction for everything that one question writes: it is committed when the answer to it is known to be sendable, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.orm import Session


class Unit:
    """The transactions of one question, which are one."""

    def __init__(self) -> None:
        self.session: Session | None = None  # None until somebody writes

    @contextmanager
    def joined(self, make: Callable[[], Session]) -> Iterator[Session]:
        """A part of it that may write. Where it fails, nothing of the whole is kept, also when somebody goes on after that."""
        if self.session is None:
            self.session = make()
        try:
            yield self.session
            self.session.flush()
        except BaseException:
            self.end()
            raise

    @contextmanager
    def reading(self, make: Callable[[], Session]) -> Iterator[Session]:
        """A part that only reads: it sees what was written before it."""
        if self.session is not None:
            yield self.session
            return
        with make() as session, session.begin():
            yield session

    def end(self, commit: bool = False) -> None:
        """Keep what was written, or nothing of it."""
        session, self.session = self.session, None
        if session is None:
            return
        try:
            if commit:
                session.commit()
        finally:
            session.close()  # rolls back what was not committed


_open: ContextVar[Unit | None] = ContextVar("unit", default=None)


def open_unit() -> Unit | None:
    """The one in which this code runs, if any."""
    return _open.get()


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Within this block all writing transactions are one, committed at its end; an exception keeps nothing of them."""
    unit = Unit()
    before = _open.set(unit)
    try:
        yield
        unit.end(commit=True)
    finally:
        _open.reset(before)
        unit.end()
