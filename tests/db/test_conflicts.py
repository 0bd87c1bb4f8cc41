"""Conflicts on a real database, and what is left of them and of checks once they are deleted."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from alembic import command

from db import schema
from db.checks import add_check, delete_check, get_check, list_checks
from db.conflict_table import Conflict
from db.conflicts import NewConflict, add_conflict, delete_conflict, get_conflict, list_conflicts
from db.errors import NotFound, RequestKeyTaken
from db.mark_tables import Check
from db.marks import add_mark, marks_of_check
from db.session import Sessions, make_engine, make_sessions
from db.tables import Run
from tests.db.earlier import MOMENT, plant_rows
from tests.db.test_marks import CHECKED, SAID, plant_old_run

ASKED = NewConflict(
    version_id=1,
    query_set_id=1,
    model="tiny",
    config={"seed": 0},
    first=1,
    second=2,
    queries=24,
    replies={"queries": ["Why?"], "orders": {}},
    requested_by="Ann",
    request_key="asked-1",
)


@pytest.fixture
def asked(sessions: Sessions, queue_run: Callable[..., Run]) -> NewConflict:
    with sessions.begin() as s:
        run = queue_run(s)
        return replace(ASKED, version_id=run.version_id, query_set_id=run.query_set_id)


def test_a_conflict_is_kept_once_a_request_and_known_by_its_names(sessions: Sessions, asked: NewConflict) -> None:
    with sessions.begin() as s:
        kept = add_conflict(s, asked)
        assert add_conflict(s, asked).id == kept.id and kept.made_at.tzinfo is not None
        with pytest.raises(RequestKeyTaken):
            add_conflict(s, replace(asked, second=3))
        with pytest.raises(NotFound, match="There is no conflict 99"):
            get_conflict(s, 99)
        found = list_conflicts(s, 5, asked.version_id)
        assert [(each.conflict.id, each.constitution_name, each.version_number) for each in found] == [(kept.id, "Brevity", 1)]
        assert list_conflicts(s, 5, 99) == []


def test_what_is_deleted_leaves_its_number_and_its_request_and_nothing_else(sessions: Sessions, asked: NewConflict) -> None:
    checked = replace(CHECKED, version_id=asked.version_id, query_set_id=asked.query_set_id)
    with sessions.begin() as s:
        conflict, check, other = add_conflict(s, asked).id, add_check(s, checked).id, add_check(s, replace(checked, request_key="checked-2")).id
        for check_id, key in ((check, "click-1"), (other, "click-2")):
            add_mark(s, replace(SAID, run_id=None, check_id=check_id, request_key=key))
    with sessions.begin() as s:
        delete_conflict(s, conflict)
        delete_check(s, other)
    with sessions.begin() as s:
        for gone in (lambda: get_conflict(s, conflict), lambda: delete_conflict(s, conflict), lambda: get_check(s, other), lambda: delete_check(s, other)):
            with pytest.raises(NotFound):
                gone()
        with pytest.raises(RequestKeyTaken):
            add_conflict(s, asked)
        with pytest.raises(RequestKeyTaken):
            add_check(s, replace(checked, request_key="checked-2"))
        left, of_check = s.get_one(Conflict, conflict), s.get_one(Check, other)
        assert (left.model, left.config, left.replies, of_check.model, of_check.result, of_check.replies) == ("", {}, {}, "", {}, {})
        assert (list_conflicts(s, 5), [each.check.id for each in list_checks(s, 5)]) == ([], [check])
        assert (len(marks_of_check(s, check)), marks_of_check(s, other)) == (1, [])
        assert add_check(s, replace(checked, request_key="checked-3")).id > other
        assert add_conflict(s, replace(asked, request_key="asked-2")).id > conflict


def test_checks_from_before_anything_could_be_deleted_are_there_with_their_marks(database: str, tmp_path: object, request: pytest.FixtureRequest) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/checked.db" if database == "sqlite" else request.getfixturevalue("cluster").new())
    check = {"id": 1, "version_id": 1, "query_set_id": 1, "model": "tiny", "config": {"seed": 0}, "result": {"verdict": "go"}, "replies": {}}
    mark = {"check_id": 1, "principle": "a" * 32, "arm": "prompt", "side": "statement", "query": "Why?", "shown": "f" * 64, "made_at": MOMENT}
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), "0012")
        plant_old_run(connection)
        command.upgrade(schema.alembic_config(connection), "0014")
        plant_rows(connection, "checks", [check | {"requested_by": "Ann", "request_key": "checked-1", "made_at": MOMENT}])
        plant_rows(connection, "mark", [mark | {"id": 1, "follows": True, "who": "Ann", "request_key": "click-1", "retracted_at": None}])
    schema.migrate(engine)
    with make_sessions(engine).read() as s:
        assert (get_check(s, 1).deleted_at, get_check(s, 1).result, [each.who for each in marks_of_check(s, 1)]) == (None, {"verdict": "go"}, ["Ann"])
    engine.dispose()
