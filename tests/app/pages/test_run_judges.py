"""A model as judge on the page of a run: who was asked, whether it is used, and the command that asks one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.pages.mark import MarkPage
from app.pages.run import RunPage
from app.services.studio import Studio
from db.model_verdicts import JudgeKey, NewVerdict, put_verdict
from tests.app.marking import finished_run, follows, mark_all
from tests.app.pages.calling import asks
from tests.app.planting import make_studio, queue

LOUD = "<b>m</b> & co"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def said_by_model(studio: Studio, run: int, model: str = LOUD) -> None:
    """What an attentive model says, as the database would have it."""
    from app.services.cards import Source
    from app.services.marking import open_book

    cards = [card for deal in open_book(studio, Source("run", run)).deals(1) for card in deal]
    with studio.sessions.begin() as session:
        for card in cards:
            judge = JudgeKey(address="http://127.0.0.1:8000/v1", model=model, wording="0123456789abcdef")
            answers = {
                "first_answer": "A",
                "second_answer": "B",
                "first_ms": 500,
                "second_ms": 700,
                "tokens_in": 200,
                "tokens_out": 4,
                "reply_words": len(card.text.split()),
            }
            put_verdict(session, NewVerdict(run_id=run, shown=card.shown, judge=judge, follows=follows(card.text), reason="", who="Ada", **answers))  # type: ignore[arg-type]


def sections(studio: Studio, run: int) -> dict[str, str]:
    found: dict[str, str] = RunPage(studio).opened({"id": str(run)}, asks())["sections"]
    return found


def test_where_no_model_was_asked_the_fold_says_so_and_how_to_ask_one(studio: Studio) -> None:
    run = finished_run(studio)
    shown = sections(studio, run)["judges"]
    assert "No model was asked about this run." in shown
    assert f"python -m app ask --run {run} --judge http://127.0.0.1:8000/v1 --model NAME</pre>" in shown
    assert RunPage(studio).state({"run": run}, asks())["models"] is None


def test_a_run_that_is_not_finished_has_no_such_fold(studio: Studio) -> None:
    assert sections(studio, queue(studio))["judges"] == ""


def test_who_was_asked_is_told_with_counts_agreement_and_why_it_is_not_used(studio: Studio) -> None:
    run = finished_run(studio)
    said_by_model(studio, run)
    shown = sections(studio, run)
    assert "<b>m" not in "".join(shown.values()) and "&lt;b&gt;m&lt;/b&gt; &amp; co at 127.0.0.1:8000" in shown["judges"]
    assert "24 of 24 cards asked about. A question took 0.60 s (median; 95 of 100 at most 0.70 s), all of them 29 s." in shown["judges"]
    assert "Tokens: 4,800 sent, 96 answered." in shown["judges"]
    assert "<td>8</td><td>16</td><td>0</td><td>nobody marked what it judged</td><td>The longer of two follows in " in shown["judges"]
    assert "by people’s marks it is not known</td><td>no: the lower end must be at least 0.4" in shown["judges"]
    assert "Judged by nobody." in shown["answer"] and "8 follow, 16 do not. Nobody has marked cards that it judged" in shown["answer"]
    (told,) = RunPage(studio).state({"run": run}, asks())["models"]
    assert (told["model"], told["asked"], told["failed"], told["principles"][0]["follows"]) == (LOUD, 24, 0, 8)
    assert (told["principles"][0]["longer"]["n"], told["principles"][0]["leaning"]["beyond"]["n"]) == (24, 0)


def test_a_model_that_is_used_is_named_with_its_agreement_on_the_run_and_when_all_is_marked(studio: Studio) -> None:
    marked, other = finished_run(studio, name="Marked"), finished_run(studio, name="Other", n=9)
    mark_all(studio, marked)
    for run in (marked, other):
        said_by_model(studio, run)
    shown = sections(studio, other)
    assert "at 127.0.0.1:8000</bdi>, κ 1.00 (0." in shown["answer"] and "with people on 24 cards." in shown["answer"]
    assert "; used." in shown["answer"] and "<td>yes</td>" in shown["judges"]
    ended = MarkPage(studio).card({"run": marked, "principle": 1}, asks("Ada"))["marking"]
    assert ended["says"][1] == "Judged by marks by Ada." and ended["says"][-1].endswith("shown and not used: people’s marks judge this principle.")
    begun = MarkPage(studio).card({"run": marked, "principle": 1}, asks("Bob"))["marking"]
    assert begun["says"] == [], "what a model says would lead whoever marks"


def test_a_click_says_what_would_go_where_and_another_has_it_asked(studio: Studio) -> None:
    run, page = finished_run(studio), RunPage(studio)
    wish = {"run": run, "address": "http://127.0.0.1:8000/v1/", "model": LOUD}
    planned = page.plan_asking(wish, asks())
    assert (planned["kind"], planned["questions"], planned["sends"]) == ("planned", 48, "Send 48 questions to http://127.0.0.1:8000/v1")
    assert planned["says"].startswith(f"48 questions about 24 cards would go to http://127.0.0.1:8000/v1, model {LOUD}. Each holds a query, a reply")
    assert "That is 48 calls, two a card" in planned["says"] and "How long a call takes is not known" in planned["says"] and planned["seconds"] is None
    assert "What it costs in money is not known here" in planned["says"]
    shown = page.ask({**wish, "key": "a-click-1"}, asks())
    assert "waits to be asked, no card yet." in shown["sections"]["judges"] and "<b>m" not in shown["sections"]["judges"]
    assert (shown["settled"], shown["asks_models"]) == (False, True)
    job = int(shown["sections"]["judges"].partition('data-asking="')[2].partition('"')[0])
    stopped = page.stop_asking({"run": run, "asking": job}, asks())
    assert "stopped, no card yet." in stopped["sections"]["judges"] and stopped["settled"]
    again = page.resume_asking({"run": run, "asking": job}, asks())
    assert "waits to be asked" in again["sections"]["judges"]
    said_by_model(studio, run)
    assert page.plan_asking(wish, asks())["questions"] == 48, "in another wording it is another judge"


def test_what_is_sent_to_have_a_model_asked_is_bounded_and_refused_in_words(studio: Studio) -> None:
    run, page = finished_run(studio), RunPage(studio)
    whole = {"run": run, "address": "http://127.0.0.1:8000/v1", "model": "m", "key": "a-click-1"}
    for changes in ({"address": "h" * 2_000}, {"model": 7}, {"key": ""}, {"more": 1}, {"run": "1"}, {"address": "http://127.0.0.1:8000/v1?x"}):
        assert page.ask({**whole, **changes}, asks())["kind"] == "problem"
    assert page.stop_asking({"run": run, "asking": run}, asks())["kind"] == "problem"
    assert "No model was asked about this run." in sections(studio, run)["judges"]


def test_where_others_are_served_the_page_says_which_addresses_are_allowed(studio: Studio) -> None:
    run = finished_run(studio)
    for allowed, can, words in (((), False, "its operator has allowed no address"), (("https://judge.example/v1",), True, "https://judge.example/v1.")):
        settings = replace(studio.settings, host="0.0.0.0", password="long enough", judge_addresses=allowed)
        shown = RunPage(replace(studio, settings=settings)).opened({"id": str(run)}, asks())
        assert shown["asks_models"] is can and words in shown["sections"]["judges"]
