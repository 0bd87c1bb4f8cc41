"""Picks of readers: kept once a click, taken back, and gone with their battery."""

import pytest

from db.errors import NotFound, RequestKeyTaken
from db.jobs import NewJob, add_job
from db.picks import NewPick, add_pick, delete_picks, picks_of, retract_pick
from db.session import Sessions


@pytest.fixture
def job(sessions: Sessions) -> int:
    with sessions.begin() as s:
        return add_job(s, NewJob(kind="lab", requested_by="Ann", request_key="a-battery-1")).id


def pick(job: int, card: str = "a", **changes: object) -> NewPick:
    values = {"job_id": job, "card": card, "pick": 0, "who": "Ann", "request_key": f"key-of-{card}-0"}
    return NewPick(**(values | changes))  # type: ignore[arg-type]


def told(sessions: Sessions, job: int, who: str | None = None) -> list[tuple[str, str, int | None]]:
    with sessions.read() as s:
        return [(each.who, each.card, each.pick) for each in picks_of(s, job, who)]


def test_the_same_click_twice_is_one_pick_and_another_pick_takes_its_place(sessions: Sessions, job: int) -> None:
    with sessions.begin() as s:
        assert add_pick(s, pick(job)).id == add_pick(s, pick(job)).id
        add_pick(s, pick(job, pick=None, request_key="key-of-a-none"))
        add_pick(s, pick(job, who="Bob", request_key="key-of-bob-0"))
    assert told(sessions, job, "Ann") == [("Ann", "a", None)]
    assert told(sessions, job) == [("Ann", "a", None), ("Bob", "a", 0)]


def test_a_request_stands_for_one_pick_of_one_person(sessions: Sessions, job: int) -> None:
    with sessions.begin() as s:
        add_pick(s, pick(job))
    for other in (pick(job, pick=1), pick(job, who="Bob"), pick(job, card="b", request_key="key-of-a-0")):
        with pytest.raises(RequestKeyTaken, match="another pick"), sessions.begin() as s:
            add_pick(s, other)


def test_only_one_s_own_pick_of_that_battery_is_taken_back_and_twice_is_once(sessions: Sessions, job: int) -> None:
    with sessions.begin() as s:
        made = add_pick(s, pick(job)).id
    for who, of in (("Bob", job), ("Ann", job + 1)):
        with pytest.raises(NotFound, match="no pick"), sessions.begin() as s:
            retract_pick(s, made, who, of)
    for _ in range(2):
        with sessions.begin() as s:
            retract_pick(s, made, "Ann", job)
    assert told(sessions, job) == []


def test_all_go_with_the_battery(sessions: Sessions, job: int) -> None:
    with sessions.begin() as s:
        add_pick(s, pick(job))
        delete_picks(s, job)
    assert told(sessions, job) == []
