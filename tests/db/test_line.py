"""Writers of one process take turns in the order in which they came, and nobody who goes away keeps the others waiting."""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from db.constitutions import add_constitution, list_constitutions
from db.faults import Fault, fault_of
from db.line import Line, Overdue, Place
from db.session import Sessions, make_engine, make_sessions
from db.units import all_or_nothing

WITHIN_S = 60.0  # something hangs that takes longer
BURSTS = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
while True:
    other.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(0.15)
    other.execute("ROLLBACK")
    time.sleep(0.05)
"""


@pytest.fixture
def database() -> str:
    """PostgreSQL needs no line."""
    return "sqlite"


def names(sessions: Sessions) -> list[str]:
    with sessions.read() as session:
        return [card.name for card in list_constitutions(session)]


def add(sessions: Sessions, name: str) -> None:
    with sessions.begin() as session:
        add_constitution(session, name)


@contextmanager
def held(url: str) -> Iterator[None]:
    """Another program has the write lock."""
    engine = make_engine(url)
    with engine.begin():
        yield
    engine.dispose()


def refused(sessions: Sessions, name: str) -> bool:
    try:
        add(sessions, name)
    except OperationalError as error:
        return fault_of(error) is Fault.BUSY
    return False


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_who_comes_first_is_first_in_turn() -> None:
    line, turns = Line(1.0), list[int]()
    first = line.stand()

    def take_turn(number: int) -> None:
        place = line.stand()
        turns.append(number)
        line.leave(place)

    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(take_turn, number)
            until(lambda: len(line._places) == number + 2)  # noqa: B023
        assert turns == []
        line.leave(first)
    assert turns == list(range(8))


def test_who_waits_too_long_leaves_and_those_behind_move_up() -> None:
    line = Line(1.0, longest_s=0.05)
    first = line.stand()
    with pytest.raises(Overdue, match=r"0\.05 s in line behind other writers"):
        line.stand()
    line.leave(first)
    line.leave(first)  # does no harm
    line.leave(line.stand())


def test_too_long_a_wait_is_told_as_a_busy_database(sessions: Sessions, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr("db.line.LONGEST_S", 0.05)
    engine = make_engine(url)
    here = make_sessions(engine)
    with here.begin() as session:
        add_constitution(session, "first")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(refused, here, "second").result(WITHIN_S)
    add(here, "third")
    assert sorted(names(sessions)) == ["first", "third"]
    engine.dispose()


def test_waiting_behind_others_counts_as_waiting_for_the_same_program() -> None:
    """Ten who wait two seconds each for one lock would otherwise take twenty."""
    line, first = Line(WITHIN_S), Place()
    assert line.patience_left_s(first) == WITHIN_S
    time.sleep(0.02)
    assert line.patience_left_s(Place(first.since)) <= WITHIN_S - 0.02
    assert line.patience_left_s(Place(first.since - 100)) > 0, "what came before the lock does not count"
    assert line.patience_left_s(Place(time.monotonic() + WITHIN_S)) >= WITHIN_S, "nor who came later"
    line.go_on()
    assert line.patience_left_s(Place(first.since)) == WITHIN_S, "the lock was had meanwhile"


def test_ten_writers_behind_a_lock_of_another_program_are_all_told(sessions: Sessions, url: str) -> None:
    engine = make_engine(url, 0.2)
    here = make_sessions(engine)
    with held(url), ThreadPoolExecutor(10) as pool:
        assert all(pool.map(lambda number: refused(here, f"Number {number}"), range(10), timeout=WITHIN_S))
    assert not refused(here, "later")
    with here.begin() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 200, "whoever is told sooner leaves the connection as it was"
    engine.dispose()


def test_ten_writers_are_not_refused_when_another_program_takes_the_lock_in_bursts(sessions: Sessions, start_python: Callable, engine: Engine) -> None:  # type: ignore[type-arg]
    here = make_sessions(make_engine(str(engine.url), 2.0))
    start_python(BURSTS, str(engine.url.database)).stdout.readline()
    with ThreadPoolExecutor(10) as pool:
        assert not any(pool.map(lambda number: refused(here, f"Number {number}"), range(30), timeout=WITHIN_S))
    assert len(names(here)) == 30


def test_parts_of_one_question_have_one_place(sessions: Sessions) -> None:
    with all_or_nothing():
        add(sessions, "first")
        add(sessions, "second")
        assert len(names(sessions)) == 2
    with all_or_nothing(), pytest.raises(ZeroDivisionError), sessions.begin() as session:
        add_constitution(session, "x" * (1 // 0))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(add, sessions, "elsewhere").result(WITHIN_S)
    assert sorted(names(sessions)) == ["elsewhere", "first", "second"]


def test_reading_does_not_stand_in_line(sessions: Sessions) -> None:
    with sessions.begin() as session, ThreadPoolExecutor(2) as pool:
        add_constitution(session, "first")
        waits = pool.submit(add, sessions, "second")
        assert pool.submit(names, sessions).result(WITHIN_S) == []
        assert not waits.done()
        session.commit()
        waits.result(WITHIN_S)


def begins_and_raises(engine: Engine) -> None:
    with engine.begin():
        raise RuntimeError


def begins_and_is_forgotten(engine: Engine) -> None:
    engine.connect().begin()


def is_cancelled(engine: Engine) -> None:
    async def write() -> None:
        with engine.begin():
            await asyncio.sleep(WITHIN_S)

    async def cancel() -> None:
        task = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    asyncio.run(cancel())


def loses_its_connection(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.begin()
        connection.invalidate()


def cannot_begin(engine: Engine) -> None:
    @event.listens_for(engine, "before_cursor_execute", once=True)
    def fail(*details: object) -> None:
        raise RuntimeError

    begins_and_raises(engine)


def quietly(act: Callable[[Engine], None], engine: Engine) -> None:
    try:
        act(engine)
    except (RuntimeError, asyncio.CancelledError):
        return


@pytest.mark.parametrize("act", [begins_and_raises, begins_and_is_forgotten, is_cancelled, loses_its_connection, cannot_begin])
def test_who_goes_away_gives_up_the_place(sessions: Sessions, engine: Engine, act: Callable[[Engine], None]) -> None:
    thread = threading.Thread(target=quietly, args=(act, engine))
    thread.start()
    thread.join(WITHIN_S)
    assert not thread.is_alive()
    gc.collect()
    add(sessions, "next")
    assert names(sessions) == ["next"]
