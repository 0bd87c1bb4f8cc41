"""Two principles against each other on the Train page: what is told before, while it is asked, and of what is kept; and deleting that, or a check."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.pages import conflicts
from app.pages.conflicts import ConflictsPage
from app.pages.train import TrainPage
from app.services.studio import Studio
from tests.app.checked import kept_check, mark_check_whole
from tests.app.conflicting import ASKING, BRIEF, KIND, add_ruled_version, kept_conflict
from tests.app.pages.calling import asks, sent
from tests.app.planting import HOSTILE, measure
from tests.app.pretending import PretendHost, pretended

BAD = {**ASKING, "title": HOSTILE[:110]}


@pytest.fixture(scope="module")
def pretend() -> Iterator[PretendHost]:
    with pretended() as host:
        yield host


@pytest.fixture
def said(studio: Studio, pretend: PretendHost, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a model host says to the next question."""
    monkeypatch.setattr(conflicts, "DRAW_EVERY_S", 0.0)
    pretend.stand_in(studio.settings)
    return pretend.events


def found(*texts: str, follows: tuple[bool | None, bool | None] = (True, False)) -> dict[str, Any]:
    """The last word of a model host: the same to two queries in both orders."""
    order = {"texts": list(texts), "followed": [list(follows)] * len(texts)}
    return {"event": "found", "queries": [f"Why {i}?" for i in range(len(texts))], "orders": {"second": order, "first": order}}


def asked(studio: Studio, version: int, **changes: object) -> list[dict[str, Any]]:
    return list(ConflictsPage(studio).conflict(sent(studio, **{"version": version, "first": 1, "second": 2, "queries": 2} | changes), asks()))


def test_the_plan_names_the_principles_the_prompt_the_time_and_the_command(studio: Studio) -> None:
    measure(studio)
    version = add_ruled_version(studio, "Ruled", BRIEF, BAD, KIND)
    plan = ConflictsPage(studio).plan_conflict(sent(studio, version=version), asks())
    assert (plan["kind"], plan["first"], plan["second"], plan["problem"], plan["replies"]) == ("conflict_plan", 1, 2, "", 48)
    assert [(each["number"], each["priority"], each["judged"]) for each in plan["principles"]] == [(1, None, True), (2, 1, True), (3, None, False)]
    assert "24 held-out queries, each answered in 2 orders: 48 replies of the base, about " in plan["html"]
    assert "with the rule for conflicts “Be brief before all else.”" in plan["html"] and plan["prompt"].startswith("In the prompt: ")
    assert "<script" not in plan["html"] and "--first 1 --second 2" in plan["command"] and plan["kept"] == ""
    all_of_them = ConflictsPage(studio).plan_conflict(sent(studio, version=version, queries=500), asks())
    assert "All " in all_of_them["html"] and "held-out queries, each" in all_of_them["html"]


def test_what_cannot_be_asked_is_told_with_its_field(studio: Studio) -> None:
    version, page = add_ruled_version(studio, "Ruled", BRIEF, ASKING, KIND), ConflictsPage(studio)
    unjudged = page.plan_conflict(sent(studio, version=version, first=1, second=3), asks())
    assert (unjudged["kind"], unjudged["html"], unjudged["setting"]) == ("conflict_plan", "", "")
    assert unjudged["problem"].startswith("“Kind” cannot be judged yet: principle 3 has no check") and "Two ways on: add a check" in unjudged["problem"]
    few = page.plan_conflict(sent(studio, version=version, queries=1), asks())
    assert (few["problem"], few["setting"]) == ("queries must be between 2 and 500, got 1.", "queries")
    half = page.plan_conflict(sent(studio, version=version, queries=2.5), asks())
    assert (half["kind"], half["message"], half["setting"]) == ("problem", "queries must be a whole number, got 2.5.", "queries")
    one = page.plan_conflict(sent(studio, version=add_ruled_version(studio, "Alone", BRIEF)), asks())
    assert one["first"] is None and "so there is nothing to set against it" in one["problem"]
    refused = asked(studio, version, second=3)
    assert [reply["kind"] for reply in refused] == ["problem"] and "cannot be judged yet" in refused[0]["message"]


def test_it_answers_at_once_then_tells_its_progress_and_ends_with_the_sentence_and_the_replies(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [
        {"event": "loading", "note": "loading the model", "share": 0.5},
        {"event": "asking", "note": "asking with both principles in every order: 1 of 4 replies", "share": 0.25},
        found(HOSTILE, "Because."),
        {"event": "end"},
    ]
    version = add_ruled_version(studio, "Ruled", BRIEF, BAD)
    replies = asked(studio, version)
    assert (replies[0]["kind"], replies[0]["running"]) == ("conflict", True) and {reply["key"] for reply in replies} == {"a" * 32}
    assert "asking with both principles in every order, 20%" in [reply["spoken"] for reply in replies]
    last = replies[-1]
    assert (last["running"], last["problem"], last["first"], last["second"], last["queries"]) == (False, "", 1, 2, 2)
    assert last["spoken"] == "Finished: Which of the two wins is not shown."
    assert last["result"]["orders"][0]["sentence"] in last["html"].replace("<bdi>", "").replace("</bdi>", "").replace("&lt;", "<").replace("&gt;", ">")
    assert "not shown at this n" in last["html"] and "more queries would show a difference of 20 points" in last["html"]
    assert "priority 1 before" in last["html"] and "with the rule for conflicts “Be brief before all else.”" in last["html"]
    assert last["html"].count("<details") == 2 and "Follow <bdi>Brief</bdi> alone: 2 replies" in last["html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in last["html"] and "<script" not in last["html"] and "<img" not in last["html"]
    assert last["replies"]["orders"]["first"] == {"texts": [HOSTILE, "Because."], "followed": [[True, False]] * 2}
    again = asked(studio, version)[-1]
    assert again["conflict"] == last["conflict"] is not None  # the same request
    assert f"./train?conflict={last['conflict']}" in ConflictsPage(studio).plan_conflict(sent(studio, version=version), asks())["kept"]
    other = asked(studio, version, seed=4)[-1]
    assert (other["conflict"], other["problem"]) == (None, "") and "This is not kept, so a reload loses it: This request was used for another" in other["html"]


def test_a_winner_is_named_and_what_the_host_reports_is_a_problem(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(*["Yes."] * 12), {"event": "end"}]
    version = add_ruled_version(studio, "Ruled", BRIEF, ASKING)
    last = asked(studio, version, queries=12)[-1]
    assert last["spoken"] == "Finished: “Brief” wins." and 'data-winner="first"' in last["html"]
    assert "“<bdi>Brief</bdi>” wins by 100 points (95% interval 63 to 100)" in last["html"]
    said[:] = [{"event": "error", "message": "Memory ran out. Choose a smaller model."}, {"event": "end"}]
    failed = asked(studio, version)[-1]
    assert (failed["running"], failed["problem"], failed["html"], failed["conflict"]) == (False, "Memory ran out. Choose a smaller model.", "", None)


def test_it_is_closed_with_its_handler(studio: Studio, pretend: PretendHost) -> None:
    version = add_ruled_version(studio, "Ruled", BRIEF, ASKING)
    pretend.stand_in(studio.settings, {"event": "asking", "note": "asking", "share": 0.5}, for_ever=True)
    handler = ConflictsPage(studio).conflict(sent(studio, version=version, first=1, second=2), asks())
    while next(handler)["note"] != "asking":
        assert not pretend.left.is_set()
    handler.close()  # type: ignore[attr-defined]
    assert pretend.left.wait(30)


def test_an_address_opens_a_conflict_and_a_check_with_the_form_of_the_later(studio: Studio) -> None:
    version = add_ruled_version(studio, "Ruled", BRIEF, ASKING)
    check, conflict = kept_check(studio, version_id=version, seed=1), kept_conflict(studio, version_id=version, seed=2, queries=7)
    opened = TrainPage(studio).opened({"check": str(check), "conflict": str(conflict)}, asks())
    assert (opened["again"]["seed"], opened["version"], opened["message"]) == (2, version, "")
    assert (opened["checked"]["check"], opened["checked"]["of_form"]) == (check, False)
    told = opened["conflict"]
    assert (told["conflict"], told["of_form"], told["first"], told["second"], told["queries"]) == (conflict, True, 1, 2, 7)
    assert "“<bdi>Asking</bdi>” wins" in told["html"]
    alone = TrainPage(studio).opened({"conflict": str(conflict)}, asks())
    assert (alone["checked"], alone["conflict"]["conflict"]) == (None, conflict)
    assert TrainPage(studio).opened({"conflict": "99"}, asks())["message"] == "There is no conflict 99."
    assert TrainPage(studio).opened({}, asks())["conflict"] is None


def test_deleting_says_first_whose_marks_go_and_what_is_deleted_is_gone(studio: Studio) -> None:
    page, check, conflict = ConflictsPage(studio), kept_check(studio), kept_conflict(studio)
    assert page.plan_deleting({"check": check}, asks())["goes"].startswith("Its verdict and its replies are gone for good then; nobody has marked them.")
    mark_check_whole(studio, check, "Ada", most=5)
    mark_check_whole(studio, check, "Ben", most=1)
    plan = page.plan_deleting({"check": check}, asks())
    assert (plan["kind"], plan["name"]) == ("deletion", f"check {check}")
    assert "and so are the 6 marks of them (5 by Ada, 1 by Ben)." in plan["goes"]
    assert page.plan_deleting({"conflict": conflict}, asks())["goes"] == "Its figures and its replies are gone for good then. The version and the queries stay."
    for which in ({"check": check}, {"conflict": conflict}):
        ((kind, number),) = which.items()
        assert page.delete(which, asks())["says"] == f"{kind.capitalize()} {number} is deleted."
        for act in (page.plan_deleting, page.delete):
            assert act(which, asks())["message"] == f"There is no {kind} {number}."
        assert TrainPage(studio).opened({kind: str(number)}, asks())["message"] == f"There is no {kind} {number}."
    for wrong in ({}, {"check": 1, "conflict": 1}):
        assert page.delete(wrong, asks())["message"] == "Name one check or one conflict, and not both."
    assert "Ada" not in json.dumps(TrainPage(studio).opened({}, asks()))
