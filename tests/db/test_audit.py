"""The log of who did what: added to, and never changed."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from db import audit
from db.audit import NewEntry
from db.session import Sessions, clock

ENTRY = NewEntry(who="Zoë", place="203.0.113.5", what="version.saved", subject="constitution 1", detail={"version": 2})


def test_a_row_says_who_when_from_where_what_and_how_it_ended(sessions: Sessions) -> None:
    with sessions.begin() as s:
        before = clock(s)
        audit.add_entry(s, ENTRY)
    with sessions.read() as s:
        (row,) = audit.list_entries(s)
        assert before <= row.at <= clock(s) and row.at.utcoffset() == timedelta(0)
    assert (row.who, row.place, row.what, row.subject, row.outcome, row.count) == ("Zoë", "203.0.113.5", "version.saved", "constitution 1", "done", 1)
    assert row.detail == {"version": 2}


def test_what_is_rolled_back_leaves_no_row(sessions: Sessions) -> None:
    def change_that_fails() -> None:
        with sessions.begin() as s:
            audit.add_entry(s, ENTRY)
            raise LookupError

    with pytest.raises(LookupError):
        change_that_fails()
    with sessions.read() as s:
        assert list(audit.list_entries(s)) == []


def test_rows_are_chosen_by_person_and_by_time(sessions: Sessions) -> None:
    with sessions.begin() as s:
        for who in ("Zoë", "ann", "ZOË"):
            audit.add_entry(s, NewEntry(who=who, place="", what="x"))
    with sessions.read() as s:
        rows = list(audit.list_entries(s))
        assert [row.id for row in audit.list_entries(s, who="zoë")] == [rows[0].id, rows[2].id]
        assert [row.id for row in audit.list_entries(s, since=rows[1].at)] == [rows[1].id, rows[2].id]
        newest = audit.newest_entry(s, "x")
        assert newest is not None and newest.id == rows[2].id and audit.newest_entry(s, "y") is None


def test_what_can_happen_once_to_a_subject_is_remembered_once(sessions: Sessions) -> None:
    with sessions.begin() as s:
        for subject in ("run 1", "run 2", "run 1"):
            audit.add_entry(s, NewEntry(who="a", place="", what="run.queued", subject=subject), once=True)
        assert [row.subject for row in audit.list_entries(s)] == ["run 1", "run 2"]


REPLACING = {  # a row by another of its key
    "sqlite": "INSERT OR REPLACE INTO audit SELECT id, at, 'nobody', place, what, subject, outcome, count, detail FROM audit",
    "postgresql": (
        "INSERT INTO audit SELECT id, at, 'nobody', place, what, subject, outcome, count, detail FROM audit ON CONFLICT (id) DO UPDATE SET who = EXCLUDED.who"
    ),
}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'nobody'",
        "DELETE FROM audit",
        "REPLACE",
    ],
)
def test_no_row_can_be_changed_deleted_or_replaced(engine: Engine, sessions: Sessions, statement: str) -> None:
    with sessions.begin() as s:
        audit.add_entry(s, ENTRY)
    with pytest.raises(DatabaseError, match="insert-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement if statement != "REPLACE" else REPLACING[engine.dialect.name])
    with sessions.read() as s:
        assert [row.who for row in audit.list_entries(s)] == ["Zoë"]
