"""A model as judge of a run's replies: what it is sent, what is kept, going on after a break, and its agreement with people."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services.judge_endpoint import JudgeEndpoint
from app.services.model_judging import Asking, CardDone, Prices, Tally, ask, judge_key, plan_asking, tally
from app.services.studio import RefusedError, Studio
from core.errors import JudgeError
from db.model_verdicts import verdicts_of
from db.verdict_table import ModelVerdict
from tests.app.judging import JudgeServer, attentive, guesses, judge_server, parts
from tests.app.marking import finished_run, mark_all
from tests.app.planting import make_studio


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


def endpoint(server: JudgeServer, **changes: Any) -> JudgeEndpoint:
    return JudgeEndpoint(**{"address": server.address, "model": "m", "backoff_s": 0.01, **changes})


def asked(studio: Studio, server: JudgeServer, run: int, limit: int | None = None, stop_after: int = 10_000, **changes: Any) -> tuple[Asking, list[CardDone]]:
    told: list[CardDone] = []
    judge = endpoint(server, **changes)
    planned = plan_asking(studio, run, judge, limit)
    ask(studio, planned, judge, "Ada", told.append, lambda: len(told) >= stop_after)
    return planned, told


def counted(studio: Studio, server: JudgeServer, run: int, prices: Prices | None = None) -> Tally:
    return tally(studio, plan_asking(studio, run, endpoint(server)), prices)


def rows(studio: Studio, server: JudgeServer, run: int) -> list[ModelVerdict]:
    with studio.sessions.read() as session:
        return verdicts_of(session, run, judge_key(endpoint(server)))


def test_each_card_is_asked_about_twice_and_what_was_said_is_kept(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    planned, told = asked(studio, server, run)
    assert len(planned.cards) == len(told) == 24 and len(server.seen) == 48
    kept = rows(studio, server, run)
    shown = {each.card.shown: each.card for each in planned.cards}
    assert [row.follows for row in kept] == ["guess" in shown[row.shown].text for row in kept]
    assert {(row.first_answer, row.second_answer) for row in kept} == {("A", "B"), ("B", "A")}
    assert {(row.tokens_in, row.tokens_out, row.who, row.reason) for row in kept} == {(200, 4, "Ada", "")}


def test_arm_and_side_are_never_sent(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asked(studio, server, run)
    for _, headers, body in server.seen:
        assert set(body) == {"model", "messages", "temperature", "max_tokens", "stream"}
        assert not {word for word in ("sami", "prompt", "statement", "antithesis", "base", "Only") if word in str(body["messages"])} and "run" not in headers
    of_cards = [[(parts(body)[name]) for name in ("QUERY", "REPLY")] for _, _, body in server.seen]
    assert of_cards[::2] == of_cards[1::2]


def test_what_has_a_verdict_is_not_asked_again_and_a_limit_is_of_the_first_cards(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asked(studio, server, run, stop_after=5)
    assert len(rows(studio, server, run)) == 5 and len(server.seen) == 10
    for limit, in_all in ((8, 16), (8, 16), (None, 48)):
        asked(studio, server, run, limit)
        assert len(server.seen) == in_all
    questions = [(body["messages"][1]["content"]) for _, _, body in server.seen]
    assert len(set(questions)) == 48


@pytest.mark.parametrize("other", [{"model": "n"}, {"max_tokens": 65}])
def test_another_model_or_more_room_is_another_judge(studio: Studio, server: JudgeServer, other: dict[str, Any]) -> None:
    run = finished_run(studio, n=2)
    asked(studio, server, run)
    asked(studio, server, run, **other)
    assert len(server.seen) == 24 and len(rows(studio, server, run)) == 6


def test_a_judge_that_says_always_a_judges_nothing(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    mark_all(studio, run)
    server.answer = lambda handler, _: handler.say("A")
    asked(studio, server, run)
    (only,) = counted(studio, server, run).principles
    assert (only.follows, only.does_not, only.unjudged) == (0, 0, {"the two orders disagree": 24})
    assert (only.agreement.n, only.trusted) == (0, False)


def test_what_failed_is_counted_and_asked_again(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio, n=3)

    def half(handler: Any, body: dict[str, Any]) -> None:
        if parts(body)["QUERY"] == "What is 1?":
            handler.send(b"no JSON")
        else:
            attentive(handler, body)

    server.answer = half
    _, told = asked(studio, server, run)
    assert sum("no chat completion" in done.failure for done in told) == 3
    found = counted(studio, server, run)
    assert (found.asked, found.failed, found.principles[0].unjudged) == (9, 3, {"a question was not answered": 3})
    server.answer, before = attentive, len(server.seen)
    asked(studio, server, run)
    assert len(server.seen) - before == 6 and counted(studio, server, run).failed == 0 and len(rows(studio, server, run)) == 9


def test_an_endpoint_that_answers_nothing_is_left_after_three_cards(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    server.answer = lambda handler, _: handler.say("", 500)
    with pytest.raises(JudgeError, match=r"status 500\), 3 cards in a row\. What was answered is kept"):
        asked(studio, server, run)
    assert len(server.seen) == 3 * 4 and counted(studio, server, run).failed == 3


def test_an_endpoint_that_refuses_the_key_is_asked_once(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    server.answer = lambda handler, _: handler.say("", 401)
    with pytest.raises(JudgeError, match="refused the key"):
        asked(studio, server, run)
    assert len(server.seen) == 1 and rows(studio, server, run) == []


def test_people_who_say_the_same_make_a_judge_trusted(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    asked(studio, server, run)
    (only,) = counted(studio, server, run).principles
    assert (only.follows, only.does_not, only.agreement.n, only.trusted) == (8, 16, 0, False)
    mark_all(studio, run, most=23)
    (short,) = counted(studio, server, run).principles
    assert (short.agreement.n, short.agreement.value, short.trusted) == (23, 1.0, False)
    mark_all(studio, run, deals=2)  # the same deal, and other clicks
    (whole,) = counted(studio, server, run).principles
    assert (whole.agreement.n, whole.agreement.value, whole.trusted) == (24, 1.0, True)


def test_a_judge_that_people_disagree_with_is_not_trusted(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio)
    mark_all(studio, run)
    server.answer = lambda handler, body: handler.say({"A": "B", "B": "A"}[guesses(body)])
    asked(studio, server, run)
    (only,) = counted(studio, server, run).principles
    assert only.agreement.n == 24 and only.agreement.value is not None and only.agreement.value < 0 and not only.trusted


def test_time_tokens_and_cost_are_counted(studio: Studio, server: JudgeServer) -> None:
    """Four cards of two questions, 100 tokens in and 2 out each: 800 and 16. At 5 and 50 a million: 800 x 5 + 16 x 50 = 4,800 millionths."""
    run = finished_run(studio)
    asked(studio, server, run, stop_after=4)
    found = counted(studio, server, run, Prices(tokens_in=5, tokens_out=50))
    assert (found.cards, found.asked, found.tokens_in, found.tokens_out, found.untold) == (24, 4, 800, 16, 0)
    assert found.cost == pytest.approx(0.0048) and counted(studio, server, run).cost is None
    took = sorted(ms for row in rows(studio, server, run) for ms in (row.first_ms, row.second_ms) if ms is not None)
    assert len(took) == 8 and (found.median_ms, found.p95_ms) == ((took[3] + took[4]) / 2, took[7])


def test_cards_whose_tokens_are_not_told_are_counted_apart(studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio, n=1)
    server.answer = lambda handler, body: handler.say(guesses(body), usage={"other": 1})
    asked(studio, server, run)
    found = counted(studio, server, run)
    assert (found.tokens_in, found.tokens_out, found.untold) == (0, 0, 3)


def test_a_run_that_is_deleted_meanwhile_ends_the_asking_in_words(studio: Studio, server: JudgeServer) -> None:
    from app.services.deleting import delete_run

    run = finished_run(studio)
    judge = endpoint(server)
    planned, told = plan_asking(studio, run, judge), list[CardDone]()

    def gone(done: CardDone) -> None:
        told.append(done)
        delete_run(studio.sessions, studio.store, run)

    with pytest.raises(RefusedError, match=f"There is no run {run}"):
        ask(studio, planned, judge, "Ada", gone, lambda: False)
    assert len(told) == 1 and rows(studio, server, run) == []
