"""Marks on a real database: what counts after an undo, a change of mind, a second click."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from db import runs, schema
from db.checks import NewCheck, add_check, get_check, list_checks
from db.errors import NotFound, RequestKeyTaken
from db.marks import NewMark, add_mark, marks_by_principles, marks_of_check, marks_that_count, retract, states_of_marks
from db.session import Sessions, make_engine, make_sessions
from db.tables import Run
from tests.db.earlier import MOMENT, plant_rows

SAID = NewMark(run_id=1, principle="a" * 32, arm="sami", side="statement", query="Why?", shown="f" * 64, follows=True, who="Ann", request_key="click-1")


@pytest.fixture
def run_id(sessions: Sessions, queue_run: Callable[..., Run]) -> int:
    with sessions.begin() as s:
        return queue_run(s).id


def counting(sessions: Sessions, run_id: int, who: str | None = None) -> list[tuple[str, str, bool | None]]:
    with sessions.read() as s:
        return [(mark.who, mark.shown[0], mark.follows) for mark in marks_that_count(s, [run_id], who)]


def test_a_mark_is_kept_as_it_was_given_and_a_second_click_is_the_same(sessions: Sessions, run_id: int) -> None:
    new = replace(SAID, run_id=run_id)
    with sessions.begin() as s:
        first, again = add_mark(s, new), add_mark(s, new)
        assert first.id == again.id
    with sessions.read() as s:
        (kept,) = marks_that_count(s, [run_id])
        assert (kept.arm, kept.side, kept.query, kept.shown, kept.follows, kept.who) == ("sami", "statement", "Why?", "f" * 64, True, "Ann")
        assert kept.made_at.tzinfo is not None and kept.retracted_at is None


@pytest.mark.parametrize("other", [{"who": "Bob"}, {"shown": "e" * 64}, {"principle": "b" * 32}, {"follows": False}])
def test_a_request_key_is_for_one_person_one_reply_and_one_answer(sessions: Sessions, run_id: int, other: dict[str, object]) -> None:
    with sessions.begin() as s:
        add_mark(s, replace(SAID, run_id=run_id))
    with pytest.raises(RequestKeyTaken), sessions.begin() as s:
        add_mark(s, replace(SAID, run_id=run_id, **other))  # type: ignore[arg-type]
    assert counting(sessions, run_id) == [("Ann", "f", True)]


def test_a_later_mark_counts_for_an_earlier_one_and_taking_it_back_brings_that_back(sessions: Sessions, run_id: int) -> None:
    new = replace(SAID, run_id=run_id)
    with sessions.begin() as s:
        add_mark(s, new)
        later = add_mark(s, replace(new, follows=None, request_key="click-2")).id
    assert counting(sessions, run_id) == [("Ann", "f", None)]
    for _ in range(2):  # twice is once
        with sessions.begin() as s:
            assert retract(s, later, "Ann").retracted_at is not None
        assert counting(sessions, run_id) == [("Ann", "f", True)]


def test_a_mark_that_was_taken_back_does_not_come_back_with_its_request(sessions: Sessions, run_id: int) -> None:
    with sessions.begin() as s:
        retract(s, add_mark(s, replace(SAID, run_id=run_id)).id, "Ann")
        add_mark(s, replace(SAID, run_id=run_id))
    assert counting(sessions, run_id) == []


def test_each_person_has_marks_of_their_own_and_takes_back_no_others(sessions: Sessions, run_id: int) -> None:
    with sessions.begin() as s:
        by_ann = add_mark(s, replace(SAID, run_id=run_id)).id
        add_mark(s, replace(SAID, run_id=run_id, who="Bob", follows=False, request_key="click-2"))
    assert counting(sessions, run_id) == [("Ann", "f", True), ("Bob", "f", False)]
    assert counting(sessions, run_id, "Bob") == [("Bob", "f", False)]
    for mark_id, who in ((by_ann, "Bob"), (99, "Ann")):
        with pytest.raises(NotFound), sessions.begin() as s:
            retract(s, mark_id, who)
    assert counting(sessions, run_id + 1) == []


def test_a_mark_of_a_run_that_is_not_there_is_refused(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), sessions.begin() as s:
        add_mark(s, replace(SAID, run_id=99))


def test_a_database_of_the_version_before_opens_keeps_its_runs_and_takes_marks(database: str, tmp_path: object, request: pytest.FixtureRequest) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.db" if database == "sqlite" else request.getfixturevalue("cluster").new())
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), "0010")
        plant_old_run(connection)
    schema.migrate(engine)
    sessions = make_sessions(engine)
    with sessions.begin() as s:
        assert (runs.get_run(s, 1).model, runs.get_run(s, 1).job.requested_by) == ("org/name", "Ann")
        assert marks_that_count(s, [1]) == []
        add_mark(s, SAID)
    assert counting(sessions, 1) == [("Ann", "f", True)]
    engine.dispose()


def test_the_state_of_a_runs_marks_changes_with_each_that_is_made_or_taken_back(sessions: Sessions, run_id: int) -> None:
    seen = []
    for step in ("none", "made", "again", "taken back"):
        with sessions.begin() as s:
            if step in ("made", "again"):
                last = add_mark(s, replace(SAID, run_id=run_id, request_key=f"click-{step}")).id
            elif step == "taken back":
                retract(s, last, "Ann")
        with sessions.read() as s:
            seen.append(states_of_marks(s, [run_id, run_id + 1]))
    assert seen[0] == {} and all(list(state) == [run_id] for state in seen[1:])
    assert len({state[run_id] for state in seen[1:]}) == 3


@pytest.fixture
def check_id(sessions: Sessions, run_id: int) -> int:
    with sessions.begin() as s:
        run = runs.get_run(s, run_id)
        return add_check(s, replace(CHECKED, version_id=run.version_id, query_set_id=run.query_set_id)).id


CHECKED = NewCheck(
    version_id=1, query_set_id=1, model="tiny", config={"seed": 0}, result={"verdict": "go"}, replies={}, requested_by="Ann", request_key="checked-1"
)


def test_a_check_is_kept_once_a_request_and_known_by_its_names(sessions: Sessions, check_id: int) -> None:
    with sessions.begin() as s:
        kept = get_check(s, check_id)
        again = replace(CHECKED, version_id=kept.version_id, query_set_id=kept.query_set_id)
        assert add_check(s, again).id == check_id and kept.made_at.tzinfo is not None
        with pytest.raises(RequestKeyTaken):
            add_check(s, replace(again, config={"seed": 1}))
        with pytest.raises(NotFound, match="There is no check 99"):
            get_check(s, 99)
        assert [(each.check.id, each.constitution_name, each.version_number) for each in list_checks(s, 5)] == [(check_id, "Brevity", 1)]


def test_marks_of_a_check_and_of_a_run_are_kept_apart(sessions: Sessions, run_id: int, check_id: int) -> None:
    with sessions.begin() as s:
        add_mark(s, replace(SAID, run_id=run_id))
        add_mark(s, replace(SAID, run_id=None, check_id=check_id, follows=False, request_key="click-2"))
        add_mark(s, replace(SAID, run_id=None, check_id=check_id, who="Bob", request_key="click-3"))
    with sessions.read() as s:
        assert [(mark.who, mark.follows) for mark in marks_that_count(s, [run_id, check_id])] == [("Ann", True)]
        assert [(mark.who, mark.follows) for mark in marks_of_check(s, check_id)] == [("Ann", False), ("Bob", True)]
        assert [mark.who for mark in marks_of_check(s, check_id, "Bob")] == ["Bob"]
        assert list(states_of_marks(s, [run_id])) == [run_id] and [mark.run_id for mark in marks_by_principles(s, ["a" * 32])] == [run_id]


def test_a_mark_is_of_a_run_or_of_a_check_and_of_one_that_is_there(sessions: Sessions, run_id: int, check_id: int) -> None:
    for wrong in ({"run_id": None}, {"run_id": run_id, "check_id": check_id}, {"run_id": None, "check_id": 99}):
        with pytest.raises(IntegrityError), sessions.begin() as s:
            add_mark(s, replace(SAID, **wrong))  # type: ignore[arg-type]


def test_marks_from_before_there_were_checks_stay_marks_of_their_run(database: str, tmp_path: object, request: pytest.FixtureRequest) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/marked.db" if database == "sqlite" else request.getfixturevalue("cluster").new())
    mark = {"principle": "a" * 32, "arm": "sami", "side": "statement", "query": "Why?", "shown": "f" * 64, "made_at": MOMENT}
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), "0012")
        plant_old_run(connection)
        said = [{"id": 101, "follows": True, "who": "Ann", "request_key": "click-1"}, {"id": 102, "follows": False, "who": "Bob", "request_key": "click-2"}]
        plant_rows(connection, "mark", [{**mark, "run_id": 1, "retracted_at": None, **each} for each in said])
    schema.migrate(engine)
    assert counting(make_sessions(engine), 1) == [("Ann", "f", True), ("Bob", "f", False)]
    sessions = make_sessions(engine)
    with sessions.begin() as s:
        check_id = add_check(s, CHECKED).id
        assert add_mark(s, replace(SAID, request_key="click-1")).id == 101  # the same click as before
        add_mark(s, replace(SAID, run_id=None, check_id=check_id, request_key="click-3"))
    with pytest.raises(IntegrityError), sessions.begin() as s:
        add_mark(s, replace(SAID, run_id=None, request_key="click-4"))
    engine.dispose()


def plant_old_run(connection: Connection) -> None:
    """A finished run on the only version, as schemas 0010 to 0012 have it."""
    job = {"id": 1, "kind": "train", "spec": {}, "status": "finished", "attempt": 1, "crashes": 0, "cancel_requested": False, "phase": "", "step": 4}
    asked = {"total_steps": 4, "requested_by": "Ann", "request_key": "click", "created_at": MOMENT, "queued_at": MOMENT}
    plant_rows(connection, "constitution", [{"id": 1, "name": "Brevity", "blurb": "", "starter": False, "created_at": MOMENT}])
    version = {"id": 1, "constitution_id": 1, "number": 1, "message": "First", "author": "Ann", "created_at": MOMENT}
    plant_rows(connection, "version", [version | {"content": '{"name": "Brevity", "principles": []}', "sha256": "abc"}])
    plant_rows(connection, "query_set", [{"id": 1, "name": "Q", "source": "", "rows": [], "split_sizes": {}, "sha256": "q", "created_at": MOMENT}])
    plant_rows(connection, "job", [job | asked])
    plant_rows(connection, "run", [{"id": 1, "version_id": 1, "query_set_id": 1, "model": "org/name", "config": {"seed": 0}}])
