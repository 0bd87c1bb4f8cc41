"""Verdicts of models on a real database: one a reply and judge, replaced where asked again, and gone with their run."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy.exc import IntegrityError

from db import schema
from db.marks import NewMark, add_mark, marks_that_count
from db.model_verdicts import JudgeKey, NewVerdict, put_verdict, verdicts_of
from db.session import Sessions, make_engine, make_sessions
from db.tables import Run
from tests.db.earlier import MOMENT, plant_rows

JUDGE = JudgeKey(address="http://127.0.0.1:8000/v1", model="m", wording="0" * 16)
SAID = NewVerdict(
    run_id=1,
    shown="f" * 64,
    judge=JUDGE,
    follows=True,
    reason="",
    first_answer="A",
    second_answer="B",
    first_ms=12,
    second_ms=14,
    tokens_in=300,
    tokens_out=2,
    reply_words=7,
    who="Ann",
)
FAILED = replace(SAID, follows=None, reason="failed", first_answer="", first_ms=None, tokens_in=None, tokens_out=None)


@pytest.fixture
def run_id(sessions: Sessions, queue_run: Callable[..., Run]) -> int:
    with sessions.begin() as s:
        return queue_run(s).id


def test_a_verdict_is_kept_as_it_was_given_and_one_of_the_same_judge_takes_its_place(sessions: Sessions, run_id: int) -> None:
    for new in (FAILED, SAID):
        with sessions.begin() as s:
            put_verdict(s, replace(new, run_id=run_id))
        with sessions.read() as s:
            (kept,) = verdicts_of(s, run_id, JUDGE)
            assert (kept.follows, kept.reason, kept.first_answer, kept.second_answer) == (new.follows, new.reason, new.first_answer, "B")
            assert (kept.first_ms, kept.second_ms, kept.tokens_in, kept.tokens_out, kept.who) == (new.first_ms, 14, new.tokens_in, new.tokens_out, "Ann")
            assert kept.asked_at.tzinfo is not None


@pytest.mark.parametrize("other", [{"address": "http://127.0.0.1:8001/v1"}, {"model": "n"}, {"wording": "1" * 16}])
def test_another_address_model_or_wording_is_another_judge(sessions: Sessions, run_id: int, other: dict[str, str]) -> None:
    judge = replace(JUDGE, **other)
    with sessions.begin() as s:
        put_verdict(s, replace(SAID, run_id=run_id))
        put_verdict(s, replace(SAID, run_id=run_id, judge=judge, follows=False))
    with sessions.read() as s:
        assert [[row.follows for row in verdicts_of(s, run_id, each)] for each in (JUDGE, judge)] == [[True], [False]]
        assert verdicts_of(s, run_id + 1, JUDGE) == []


def test_what_a_model_answers_may_hold_signs_that_no_database_keeps(sessions: Sessions, run_id: int) -> None:
    with sessions.begin() as s:
        put_verdict(s, replace(SAID, run_id=run_id, first_answer="A\0\ud800"))
    with sessions.read() as s:
        assert verdicts_of(s, run_id, JUDGE)[0].first_answer == "A\ufffd?"


def test_a_verdict_on_a_run_that_is_not_there_is_refused(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), sessions.begin() as s:
        put_verdict(s, replace(SAID, run_id=99))


def test_a_database_of_the_version_before_opens_keeps_its_marks_and_takes_verdicts(database: str, tmp_path: object, request: pytest.FixtureRequest) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.db" if database == "sqlite" else request.getfixturevalue("cluster").new())
    job = {"id": 1, "kind": "train", "spec": {}, "status": "finished", "attempt": 1, "crashes": 0, "cancel_requested": False, "phase": "", "step": 4}
    asked = {"total_steps": 4, "requested_by": "Ann", "request_key": "click", "created_at": MOMENT, "queued_at": MOMENT}
    given = {"run_id": 1, "principle": "p", "arm": "sami", "side": "statement", "query": "Why?", "shown": "f" * 64, "follows": True, "who": "Ann"}
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), "0011")
        plant_rows(connection, "constitution", [{"id": 1, "name": "Brevity", "blurb": "", "starter": False, "created_at": MOMENT}])
        version = {"id": 1, "constitution_id": 1, "number": 1, "message": "First", "author": "Ann", "created_at": MOMENT}
        plant_rows(connection, "version", [version | {"content": '{"name": "Brevity", "principles": []}', "sha256": "abc"}])
        plant_rows(connection, "query_set", [{"id": 1, "name": "Q", "source": "", "rows": [], "split_sizes": {}, "sha256": "q", "created_at": MOMENT}])
        plant_rows(connection, "job", [job | asked])
        plant_rows(connection, "run", [{"id": 1, "version_id": 1, "query_set_id": 1, "model": "org/name", "config": {"seed": 0}}])
        plant_rows(connection, "mark", [given | {"made_at": MOMENT, "request_key": "click-1"}])
    schema.migrate(engine)
    sessions = make_sessions(engine)
    with sessions.begin() as s:
        assert [(mark.who, mark.follows) for mark in marks_that_count(s, [1])] == [("Ann", True)]
        add_mark(s, NewMark(**{**given, "who": "Bob", "request_key": "click-2"}))  # type: ignore[arg-type]
        put_verdict(s, SAID)
        assert [row.follows for row in verdicts_of(s, 1, JUDGE)] == [True]
    engine.dispose()
