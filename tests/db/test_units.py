"""All that one question writes is one transaction, on a real database."""

import threading
from collections.abc import Callable

import pytest

from db.constitutions import add_constitution, list_constitutions
from db.session import Sessions
from db.units import all_or_nothing


def names(sessions: Sessions) -> set[str]:
    with sessions.read() as session:
        return {card.name for card in list_constitutions(session)}


def names_elsewhere(sessions: Sessions) -> set[str]:
    """As another thread sees them, which is in no unit."""
    seen: list[set[str]] = []
    thread = threading.Thread(target=lambda: seen.append(names(sessions)))
    thread.start()
    thread.join()
    return seen[0]


def add(sessions: Sessions, name: str) -> None:
    with sessions.begin() as session:
        add_constitution(session, name)


def test_what_is_written_in_parts_is_seen_within_and_by_nobody_else_until_the_end(sessions: Sessions) -> None:
    with all_or_nothing():
        add(sessions, "first")
        assert names(sessions) == {"first"} and names_elsewhere(sessions) == set()
        add(sessions, "second")
        assert names_elsewhere(sessions) == set()
    assert names(sessions) == {"first", "second"}


def fail_afterwards(sessions: Sessions) -> None:
    add(sessions, "first")
    raise RuntimeError


def fail_within(sessions: Sessions) -> None:
    add(sessions, "first")
    with sessions.begin() as session:
        add_constitution(session, "second")
        raise RuntimeError


@pytest.mark.parametrize("write", [fail_afterwards, fail_within])
def test_an_exception_keeps_nothing(sessions: Sessions, write: Callable[[Sessions], None]) -> None:
    with pytest.raises(RuntimeError), all_or_nothing():
        write(sessions)
    assert names(sessions) == set()
    add(sessions, "later")
    assert names(sessions) == {"later"}


def test_a_part_that_failed_and_was_caught_takes_what_came_before_along(sessions: Sessions) -> None:
    with all_or_nothing():
        with pytest.raises(RuntimeError):
            fail_within(sessions)
        add(sessions, "third")
    assert names(sessions) == {"third"}


def test_without_a_unit_each_part_is_kept_by_itself(sessions: Sessions) -> None:
    with pytest.raises(RuntimeError):
        fail_within(sessions)
    assert names(sessions) == {"first"}


def test_a_unit_in_which_nobody_writes_takes_no_lock(sessions: Sessions) -> None:
    with all_or_nothing():
        assert names(sessions) == set()
        done = threading.Event()
        thread = threading.Thread(target=lambda: (add(sessions, "elsewhere"), done.set()))
        thread.start()
        assert done.wait(4)
        thread.join()
    assert names(sessions) == {"elsewhere"}
