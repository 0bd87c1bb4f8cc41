"""Comparisons on a real SQLite file."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from db import comparisons
from db.comparisons import NewComparison, NewReply
from db.errors import NotFound
from db.session import Sessions
from db.tables import Run, Version

ASKED = NewComparison(version_id=1, run_id=None, query="<b>Why?</b>", side="statement", seed=2**40, sampling={"temperature": 0.7}, created_by="ann")


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


def test_replies_are_saved_as_they_grow_and_readable_after_the_session(sessions: Sessions, add_version: Callable[..., Version]) -> None:
    with sessions.begin() as s:
        token = comparisons.add_comparison(s, replace(ASKED, version_id=add_version(s).id)).id
        comparisons.save_reply(s, token, NewReply(method="base", text="Bec", seed=1, done=False))
        comparisons.save_reply(s, token, NewReply(method="aligned", text="", seed=1, error="Out of memory"))
    with sessions.begin() as s:
        comparisons.save_reply(s, token, NewReply(method="base", text="Because.", seed=1, token_scores=[["Because", -0.5], [".", -0.1]]))
    with sessions.read() as s:
        replies = {reply.method: reply for reply in comparisons.get_comparison(s, token).replies}
    assert (replies["base"].text, replies["base"].done, replies["base"].token_scores) == ("Because.", True, [["Because", -0.5], [".", -0.1]])
    assert (replies["aligned"].error, replies["aligned"].token_scores) == ("Out of memory", None)


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
        comparisons.save_reply(s, "nothing", NewReply(method="base", text="", seed=1))
