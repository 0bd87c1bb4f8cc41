"""Comparisons on a real SQLite file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from db import comparisons, schema
from db.comparisons import NewComparison, NewReply
from db.errors import NotFound
from db.session import Sessions, make_engine, make_sessions
from db.tables import Run, Version
from tests.db import earlier

ARMS = [{"key": "base"}, {"key": "sami strength=0.5"}]
ASKED = NewComparison(
    version_id=1,
    run_id=None,
    model="org/name",
    revision=None,
    four_bit=False,
    arms=ARMS,
    query="<b>Why?</b>",
    side="statement",
    seed=2**40,
    sampling={"temperature": 0.7},
    created_by="ann",
)


def test_a_comparison_is_kept_under_a_token_that_cannot_be_guessed(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        version = add_version(s)
        made = comparisons.add_comparison(s, replace(ASKED, version_id=version.id))
        other = comparisons.add_comparison(s, replace(ASKED, version_id=version.id))
    assert made.id != other.id
    assert len(made.id) >= 16
    with sessions.read() as s:
        found = comparisons.get_comparison(s, made.id)
    assert (found.query, found.seed, found.sampling, found.replies) == ("<b>Why?</b>", 2**40, {"temperature": 0.7}, [])
    assert (found.model, found.revision, found.four_bit, found.arms) == ("org/name", None, False, ARMS)


def test_replies_are_saved_as_they_grow_and_readable_after_the_session(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        token = comparisons.add_comparison(s, replace(ASKED, version_id=add_version(s).id)).id
        comparisons.save_reply(s, token, NewReply(arm="base", text="Bec", seed=1, done=False))
        comparisons.save_reply(s, token, NewReply(arm="sami", text="", seed=1, error="Out of memory"))
    with sessions.begin() as s:
        comparisons.save_reply(s, token, NewReply(arm="base", text="Because.", seed=1, token_scores=[["Because", -0.5], [".", -0.1]]))
    with sessions.read() as s:
        replies = {reply.arm: reply for reply in comparisons.get_comparison(s, token).replies}
    assert (replies["base"].text, replies["base"].done, replies["base"].token_scores) == ("Because.", True, [["Because", -0.5], [".", -0.1]])
    assert (replies["sami"].error, replies["sami"].token_scores) == ("Out of memory", None)


def test_one_method_at_two_strengths_keeps_a_reply_of_each(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        token = comparisons.add_comparison(s, replace(ASKED, version_id=add_version(s).id)).id
        for key in ("sami", "sami strength=0.5"):
            comparisons.save_reply(s, token, NewReply(arm=key, text=f"of {key}", seed=1))
    with sessions.read() as s:
        replies = {reply.arm: reply.text for reply in comparisons.get_comparison(s, token).replies}
    assert replies == {"sami": "of sami", "sami strength=0.5": "of sami strength=0.5"}


def test_the_newest_comparisons_of_a_run_come_first(sessions: Sessions, queue_run: Callable[..., Run]) -> None:
    with sessions.begin() as s:
        run, other = queue_run(s, "one"), queue_run(s, "two")
        for query in ("first", "second", "third"):
            comparisons.add_comparison(s, replace(ASKED, version_id=run.version_id, run_id=run.id, query=query))
        comparisons.add_comparison(s, replace(ASKED, version_id=other.version_id, run_id=other.id, query="elsewhere"))
    with sessions.read() as s:
        assert [c.query for c in comparisons.list_comparisons(s, run.id, limit=2)] == ["third", "second"]
        assert len(comparisons.list_comparisons(s)) == 4


def test_an_unknown_token_is_said_in_words_and_takes_no_reply(sessions: Sessions) -> None:
    with sessions.read() as s, pytest.raises(NotFound, match="Check the link"):
        comparisons.get_comparison(s, "nothing")
    with pytest.raises(IntegrityError), sessions.begin() as s:
        comparisons.save_reply(s, "nothing", NewReply(arm="base", text="", seed=1))


def arms_of_the_earlier_run() -> list[dict[str, object]]:
    adapter = {"kind": "adapter", "place": "runs/1/attempt-1/adapter", "sha256": "ab" * 32}
    return [
        {"key": "base", "method": "base", "in_prompt": False, "artifact": None, "settings": {}},
        {"key": "prompt", "method": "prompt", "in_prompt": True, "artifact": None, "settings": {}},
        {"key": "sami", "method": "sami", "in_prompt": True, "artifact": adapter, "settings": {"strength": 1.0}},
        {"key": "sami-alone", "method": "sami-alone", "in_prompt": False, "artifact": adapter, "settings": {"strength": 1.0}},
    ]


def compare_earlier(engine: Engine) -> None:
    earlier.plant(engine, "0002")
    schema.migrate(engine, Path("/data"))
    with make_sessions(engine).read() as s:
        trained, plain = comparisons.get_comparison(s, "with"), comparisons.get_comparison(s, "without")
    assert (trained.run_id, trained.model, trained.revision, trained.four_bit) == (1, "org/name", "abc", True)
    assert trained.arms == arms_of_the_earlier_run()
    assert (plain.run_id, plain.model, plain.revision, plain.four_bit, plain.arms) == (None, "org/other", None, False, arms_of_the_earlier_run()[:2])
    assert trained.sampling == plain.sampling == earlier.SAMPLING
    assert {reply.arm: reply.text for reply in trained.replies} == {
        "base": "with base",
        "prompt": "with base+constitution",
        "sami": "with aligned+constitution",
        "sami-alone": "with aligned",
    }
    assert {reply.arm: reply.text for reply in plain.replies} == {"base": "without base", "prompt": "without base+constitution"}


def test_comparisons_of_an_earlier_version_keep_their_replies_and_name_their_model_and_arms(empty_url: str) -> None:
    engine = make_engine(empty_url)
    compare_earlier(engine)
    engine.dispose()
