"""Scenarios on their way: asked of a real server on loopback by the page's questions, looked at, called off, failed, and stored nowhere."""

from typing import Any

import pytest
from starlette.responses import Response

from app.pages.proposing import ProposingPage
from app.pages.write import WritePage
from app.services.constitutions import create_constitution, open_draft
from app.services.proposals import ProposalJob, Proposals, is_weak, writer_place
from app.services.studio import Studio
from app.settings import Settings
from core.constitution.scenario_proposals import ScenarioWish, scenario_prompt, scenario_sampling
from tests.app.pages.calling import asks
from tests.app.services.test_proposals import Model, ended, model, running, studio
from tests.app.serving import completion

__all__ = ["model", "running", "studio"]  # fixtures

HOSTILE = "<img src=x onerror=alert(1)> {{7*7}}"
WRITTEN = f"1. Query: {HOSTILE}\nWould follow: One sentence.\nWould not: A lecture.\n\n2. Query: Where are you from?\n\n3. Query: ما هو المطر؟"
WISH = {"statement": "Be brief.", "antithesis": "Be long.", "known": ["where are YOU from"]}


def asked(page: ProposingPage, **changes: Any) -> dict[str, Any]:
    reply: dict[str, Any] = page.propose_scenarios({**WISH, "try": 0, **changes}, asks("ann"))
    return reply


def told(page: ProposingPage, begun: dict[str, Any]) -> dict[str, Any]:
    """What the page is told in the end."""
    ended(page.proposals.jobs[begun["id"]])
    reply: dict[str, Any] = page.proposal({"proposal": begun["id"]}, asks("ann"))
    return reply


def test_the_page_is_told_what_was_written_and_what_was_left_out(studio: Studio, model: Model) -> None:
    model.answer = lambda: completion(WRITTEN)
    page = ProposingPage(studio)
    model.may_answer.clear()
    begun = asked(page)
    assert (begun["kind"], begun["writer"], begun["proposed"], begun["shortfall"]) == ("scenario_proposals", "large", None, "")
    model.may_answer.set()
    done = told(page, begun)
    assert done["kind"] == "scenario_proposals" and done["shortfall"] == ""
    assert done["proposed"]["scenarios"] == [
        {"query": HOSTILE, "follows": "One sentence.", "fails": "A lecture.", "use": "test"},
        {"query": "ما هو المطر؟", "follows": "", "fails": "", "use": "test"},
    ]
    assert done["proposed"]["left_out"] == [{"query": "Where are you from?", "why": "asks the same as one that is there, or was proposed before"}]


def test_nothing_of_it_is_stored(studio: Studio, model: Model) -> None:
    model.answer = lambda: completion(WRITTEN)
    made = create_constitution(studio, "Mine")
    before = open_draft(studio, made, "ann")
    page = ProposingPage(studio)
    told(page, asked(page))
    assert open_draft(studio, made, "ann") == before


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: Response(status_code=503), "could not answer (status 503)"),
        (lambda: completion("I like turtles."), "nothing that can be read as a scenario. The last of 2 answers: “I like turtles.”"),
        (lambda: completion(None), "The last answer was empty."),
        (lambda: Response("<html>"), "something that is no chat completion"),
    ],
)
def test_what_goes_wrong_is_told_in_words(studio: Studio, model: Model, answer: Any, says: str) -> None:
    model.answer = answer
    page = ProposingPage(studio)
    model.may_answer.clear()  # else the page may be told of it already when it asks
    begun = asked(page)
    model.may_answer.set()
    done = told(page, begun)
    assert done["kind"] == "problem" and says in done["message"]


def test_where_none_can_be_used_the_page_is_told_why(studio: Studio, model: Model) -> None:
    model.answer = lambda: completion("1. Query: Where are you from?")
    page = ProposingPage(studio)
    done = told(page, asked(page))
    assert done["kind"] == "scenario_proposals" and done["proposed"]["scenarios"] == [] and model.asked == 2
    assert done["shortfall"].startswith("The one scenario that the model wrote cannot be used, since it asks the same as one that is there")


def test_half_a_character_that_a_model_writes_is_told_as_one_that_cannot_be_read(studio: Studio, model: Model) -> None:
    model.answer = lambda: completion('[{"query": "Why \\ud83d?"}, {"query": "How?"}]')
    page = ProposingPage(studio)
    assert [each["query"] for each in told(page, asked(page))["proposed"]["scenarios"]] == ["Why \ufffd?", "How?"]


def test_a_call_for_scenarios_calls_off_what_was_written_before_and_can_be_called_off(studio: Studio, model: Model) -> None:
    page = ProposingPage(studio)
    model.may_answer.clear()
    first = page.propose({"statement": "Be brief.", "try": 0}, asks("ann"))
    second = asked(page)
    assert page.proposal({"proposal": first["id"]}, asks("ann"))["kind"] == "problem"
    assert page.leave({"proposal": second["id"]}, asks("ann")) == {"kind": "left"}
    assert page.proposal({"proposal": second["id"]}, asks("ann"))["kind"] == "problem"
    model.may_answer.set()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"statement": " "}, "Write the statement of the principle first"),
        ({"statement": None}, "no usable statement"),
        ({"known": "Why?"}, "no usable known"),
        ({"known": ["q"] * 600}, "600 queries"),
        ({"antithesis": "x" * 5000}, "The antithesis has 5,000 characters"),
        ({"try": "0"}, "no usable try"),
        ({"editor": "bob"}, "no usable editor"),
    ],
)
def test_what_is_no_such_wish_is_told_in_words(studio: Studio, changes: dict[str, Any], says: str) -> None:
    reply = asked(ProposingPage(studio), **changes)
    assert reply["kind"] == "problem" and says in reply["message"]


def test_nobody_sees_the_scenarios_of_another_editor(studio: Studio, model: Model) -> None:
    page = ProposingPage(studio)
    begun = asked(page)
    assert page.proposal({"proposal": begun["id"]}, asks("bob"))["kind"] == "problem"


def test_the_page_knows_where_a_model_is_asked_and_which_is_too_small(studio: Studio) -> None:
    made = create_constitution(studio, "Mine")
    opened = WritePage(studio).opened({"constitution": str(made)}, asks("ann"))
    assert opened["writer"] == "large" and opened["writer_place"].startswith("127.0.0.1:") and opened["writer_weak"] is False
    local = Settings(data=studio.settings.data, database_url="sqlite://")
    assert (writer_place(local), is_weak(local)) == ("", True)
    assert is_weak(Settings(data=studio.settings.data, database_url="sqlite://", writer_model="org/writer")) is False


def test_a_model_of_this_machine_is_asked_through_the_host_with_room_for_all(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the host is asked, and what becomes of its events; that it writes what the command line would is shown of single texts."""
    from app.services import proposals as service

    seen: list[Any] = []

    def stream(_: Settings, request: Any) -> Any:
        seen.append(request)
        yield {"event": "loading", "note": "loading", "share": 0.5}
        yield {"event": "token", "text": "1."}
        yield {"event": "done", "text": WRITTEN}

    monkeypatch.setattr(service.host_client, "stream", stream)
    local = Settings(data=studio.settings.data, database_url="sqlite://", writer_model="org/writer")
    job, wish = ProposalJob("ann", "writer", of_scenarios=True), ScenarioWish(statement="Be brief.")
    service._write(job, local, wish, 0)
    assert job.scenarios is not None and len(job.scenarios.scenarios) == 3 and not job.problem
    assert seen[0].turns["user"] == scenario_prompt(wish).user and seen[0].sampling["max_new_tokens"] == scenario_sampling(0).max_new_tokens
    assert not Proposals().jobs
