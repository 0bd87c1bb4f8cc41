"""The check on the Train page: what it tells while it asks, what it finds, and that it is kept so that people can mark its replies."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.pages import train
from app.pages.train import TrainPage
from app.services import runs
from app.services.studio import Studio
from db.audit import list_entries
from tests.app.checked import base_replies, kept_check, mark_check_whole
from tests.app.pages.calling import asks, sent
from tests.app.planting import FOUND
from tests.app.pretending import PretendHost, pretended


@pytest.fixture(scope="module")
def pretend() -> Iterator[PretendHost]:
    with pretended() as host:
        yield host


@pytest.fixture
def said(studio: Studio, pretend: PretendHost, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a model host says to the next check."""
    monkeypatch.setattr(train, "DRAW_EVERY_S", 0.0)
    pretend.stand_in(studio.settings)
    return pretend.events


def found(trainability: dict[str, Any]) -> dict[str, Any]:
    """The last word of a model host: the verdict, and replies to two queries."""
    side = [["A reply."], ["Another."]]
    replies = {"queries": ["Why?", "How?"], "statement": side, "flipped": [side] * len(trainability["principles"])}
    return {"event": "found", "trainability": trainability, "replies": replies}


def checked(studio: Studio, **changes: object) -> list[dict[str, Any]]:
    return list(TrainPage(studio).check(sent(studio, **changes), asks()))


def test_a_check_answers_at_once_then_tells_its_progress_and_ends_with_the_verdict(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [
        {"event": "loading", "note": "loading the model", "share": 0.5},
        {"event": "alive"},
        {"event": "asking", "note": "asking the base what it already does: 0 of 32 replies", "share": 0.01},
        {"event": "asking", "note": "asking the base what it already does: 8 of 32 replies", "share": 0.25},
        found(FOUND),
        {"event": "end"},
    ]
    replies = checked(studio)
    assert (replies[0]["kind"], replies[0]["running"]) == ("check", True)
    assert {reply["key"] for reply in replies} == {"a" * 32}
    assert {(reply["note"], reply["share"]) for reply in replies} >= {
        ("loading the model", 0.5),
        ("asking the base what it already does: 8 of 32 replies", 0.25),
    }
    assert [reply["spoken"] for reply in replies][-1] == "Check finished: no-go."
    assert {f"asking the base what it already does, {tenths}%" for tenths in (0, 20)} <= {reply["spoken"] for reply in replies}
    assert (replies[-1]["running"], replies[-1]["problem"]) == (False, "")
    assert runs.list_runs(studio) == []


def test_a_verdict_is_shown_in_words_with_what_it_rests_on_and_nothing_in_it_is_run(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(FOUND), {"event": "end"}]
    html = checked(studio)[-1]["html"]
    assert "Before training: <strong>no-go</strong>" in html
    assert "A run would stop here, before any training, unless told under Advanced to train anyway." in html
    assert '<span class="cs-meter-value">1% <small>0 to 20%</small></span>' in html
    assert "39 under the statement, 36 under the antithesis; the longer one gives the side away in 54% of pairs (50% is chance)" in html
    assert "<dt>Cut at the token limit</dt><dd>72% of replies</dd>" in html
    assert "<dt>Same on both sides</dt><dd>1% of pairs</dd>" in html
    assert "128 replies of the base" in html
    assert "<li>72% of replies are cut at 64 tokens.</li>" in html
    assert "<script" not in html
    assert "<img" not in html
    anyway = checked(studio, settings={"train_anyway": "true"})[-1]["html"]
    assert "A run would begin all the same" in anyway


def test_a_principle_without_a_check_has_its_reason_and_no_scale(studio: Studio, said: list[dict[str, Any]]) -> None:
    nothing = {"value": None, "low": None, "high": None, "n": 0}
    plain = {**FOUND["principles"][0], "title": "Kind", "followed": nothing, "followed_under_antithesis": nothing, "verdict": "unjudged", "reason": "No check."}
    both = {**FOUND, "verdict": "no-go", "principles": (FOUND["principles"][0], plain)}
    said += [found(both), {"event": "end"}]
    first, second = checked(studio)[-1]["html"].split("<li data-verdict=")[1:]
    assert first.count('class="cs-meter"') == 2
    assert "cs-meter" not in second
    assert "</span> cannot be judged yet</span>" in second
    assert '<p class="cs-found-reason">No check.</p>' in second


def test_the_replies_that_were_judged_are_folded_and_nothing_in_them_is_run(studio: Studio, said: list[dict[str, Any]]) -> None:
    replies = [{"query": "<b>Why</b>?", "text": "<script>alert(1)</script>"}, {"query": "How?", "text": ""}]
    shown = {**FOUND["principles"][0], "shown": [{"side": "antithesis", "follows": True, "of": 7, "replies": replies}]}
    said += [found({**FOUND, "principles": [shown]}), {"event": "end"}]
    last = checked(studio)[-1]
    assert "<details" in last["html"]
    assert "Under the antithesis, follows the statement: 2 of 7 replies" in last["html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in last["html"]
    assert "(empty)" in last["html"]
    assert "<script" not in last["html"]
    assert "<b>" not in last["html"]
    assert last["found"]["principles"][0]["shown"][0]["of"] == 7


def test_a_weak_whole_says_how_many_principles_have_a_link(studio: Studio, said: list[dict[str, Any]]) -> None:
    linked = {**FOUND["principles"][0], "verdict": "go"}
    said += [found({**FOUND, "verdict": "weak", "principles": [linked, FOUND["principles"][0]]}), {"event": "end"}]
    assert checked(studio)[-1]["spoken"] == "Check finished: weak, a link is shown for 1 of 2 principles."


def test_what_the_host_reports_is_a_problem_of_the_check_and_a_form_that_cannot_be_used_of_the_form(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [{"event": "error", "message": "Memory ran out. Choose a smaller model."}, {"event": "end"}]
    last = checked(studio)[-1]
    assert (last["kind"], last["running"], last["problem"], last["html"]) == ("check", False, "Memory ran out. Choose a smaller model.", "")
    refused = checked(studio, settings={"passes": "many"})
    assert [reply["kind"] for reply in refused] == ["problem"]
    assert refused[0]["message"] == "passes must be a number, got 'many'."


def test_a_check_is_kept_with_its_replies_and_offers_to_mark_them(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(FOUND), {"event": "end"}]
    first, last = checked(studio)[0], checked(studio)[-1]
    assert first["check"] is None and last["check"] is not None and last["marks"] is None
    assert f'<a href="./mark?check={last["check"]}&amp;principle=1">Mark replies</a>' in last["html"]
    assert "A reply." not in json.dumps(last)  # which side wrote what is told to nobody who may mark it
    again = checked(studio)[-1]
    assert again["check"] == last["check"]  # the same request
    other = checked(studio, key="b" * 32)[-1]
    assert other["check"] == last["check"] + 1
    with studio.sessions.read() as session:
        (row, _) = list_entries(session)
    assert (row.who, row.what, row.subject) == ("Ann", "check.made", f"check {last['check']}")


def test_a_verdict_is_shown_also_where_it_cannot_be_kept(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(FOUND), {"event": "end"}]
    checked(studio)
    last = checked(studio, seed=5)[-1]  # another check under the same key
    assert (last["check"], last["problem"]) == (None, "")
    assert "This check is not kept, so its replies cannot be marked: This request was used for another check already." in last["html"]
    assert "<strong>no-go</strong>" in last["html"] and "./mark?" not in last["html"]


def test_an_address_that_names_a_check_opens_its_form_and_the_check_as_the_marks_make_it(studio: Studio) -> None:
    check = kept_check(studio, name="<b>Vases</b>", seed=3)
    page = TrainPage(studio)
    before = page.opened({"check": str(check)}, asks())
    assert (before["again"]["seed"], before["version"], before["message"]) == (3, before["again"]["version_id"], "")
    assert (before["checked"]["check"], before["checked"]["found"]["verdict"], before["checked"]["marks"]) == (check, "unjudged", None)
    assert "Two ways on: mark its replies, or add a check." in before["checked"]["html"]
    mark_check_whole(studio, check, "<i>Ada</i>")
    after = page.opened({"check": str(check)}, asks("Bob"))["checked"]
    assert (after["found"]["verdict"], after["found"]["principles"][0]["by"]) == ("go", "<i>Ada</i>")
    assert after["marks"][0]["marked"] == 32 and "32 replies marked." in after["html"] and "Mark more replies" in after["html"]
    assert "&lt;i&gt;Ada&lt;/i&gt;" in after["html"] and "<i>Ada" not in after["html"]
    assert page.opened({"check": "99"}, asks())["message"] == "There is no check 99."
    assert page.opened({"check": "<b>"}, asks())["message"] == "“<b>” is not the number of a check."


def test_what_people_find_to_be_no_go_stops_no_run_and_says_so(studio: Studio) -> None:
    check = kept_check(studio, base_replies(hits=0))
    mark_check_whole(studio, check)
    html = TrainPage(studio).opened({"check": str(check)}, asks())["checked"]["html"]
    assert "Before training: <strong>no-go</strong>" in html and "A run begins all the same: the check that it begins with hears programs alone" in html


def test_a_check_is_closed_with_its_handler(studio: Studio, pretend: PretendHost) -> None:
    pretend.stand_in(studio.settings, {"event": "asking", "note": "asking the base", "share": 0.5}, for_ever=True)
    handler = TrainPage(studio).check(sent(studio), asks())
    while next(handler)["note"] != "asking the base":
        assert not pretend.left.is_set()
    handler.close()  # type: ignore[attr-defined]
    assert pretend.left.wait(10)
