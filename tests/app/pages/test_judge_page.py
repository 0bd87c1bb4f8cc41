"""The Judge page's handlers."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from app.pages.judge import JudgePage
from app.pages.write import WritePage
from app.services import judging
from app.services.judging import judge_file
from app.services.studio import Studio
from app.web.actors import Actor, KnownBy
from core.measure.judging import judged_to_data
from db.constitutions import get_version_by_id
from tests.app.planting import version_id


def asks(**query: str) -> Any:
    return SimpleNamespace(state=SimpleNamespace(actor=Actor("Ann", KnownBy.LOGIN)), query_params=query)


ROWS = b'{"output": "Yes."}\n{"output": "=1+1 <b>", "side": "antithesis"}\n'


def test_a_script_gets_what_the_command_prints(studio: Studio) -> None:
    wish = {"version": version_id(studio), "data": base64.b64encode(ROWS).decode(), "filename": "r.jsonl"}
    reply = JudgePage(studio).replies(wish, asks())
    same = judged_to_data(judge_file(studio, version_id(studio), ROWS, "r.jsonl").judged)
    assert {name: reply[name] for name in same} == same
    assert (reply["kind"], reply["format"], reply["used"]) == ("judged", "JSON lines", {"response": "output", "side": "side"})
    assert any("1 of 2 replies had an antithesis" in note for note in reply["notes"])
    assert JudgePage(studio).replies(wish | {"version": 999}, asks())["kind"] == "problem"


def test_nobody_judges_without_having_passed_the_gate(studio: Studio) -> None:
    stranger: Any = SimpleNamespace(state=SimpleNamespace())
    for handler in (JudgePage(studio).opened, JudgePage(studio).replies):
        with pytest.raises(PermissionError):
            handler({}, stranger)


def test_each_reply_comes_with_its_text_and_what_was_read_is_told_for_people(studio: Studio) -> None:
    reply = JudgePage(studio).replies({"version": version_id(studio), "data": base64.b64encode(ROWS).decode(), "filename": "r<b>.jsonl"}, asks())
    assert reply["replies"] == {"1": "Yes.", "2": "=1+1 <b>"}
    assert "2 replies." in reply["html"] and "r&lt;b&gt;.jsonl" in reply["html"] and "response from `output`" in reply["html"]


def test_an_upload_is_told_of_before_it_is_judged(studio: Studio) -> None:
    told = JudgePage(studio).read({"data": base64.b64encode(ROWS).decode(), "filename": "r.jsonl"}, asks())
    assert "<bdi>r.jsonl</bdi>" in told["html"] and "2 replies." in told["html"] and "Read as JSON lines in UTF-8, response from `output`" in told["html"]
    assert "=1+1 &lt;b&gt;" in told["html"] and (told["reading"]["kind"], len(told["reading"]["replies"])) == ("replies", 2)
    wrong = JudgePage(studio).read({"data": base64.b64encode(b'{"answer": "<b>"}').decode(), "filename": "w.jsonl"}, asks())
    assert wrong["kind"] == "problem" and "no field `response`" in wrong["message"]


def test_the_address_names_a_version_and_one_that_is_not_there_is_none(studio: Studio) -> None:
    page = JudgePage(studio)
    assert page.opened({"version": str(version_id(studio))}, asks())["chosen"] == version_id(studio)
    assert page.opened({"version": "999"}, asks())["chosen"] is None


def test_a_version_that_is_read_leads_here(studio: Studio) -> None:
    reply = WritePage(studio).open({"constitution": constitution_id(studio), "number": 1}, asks())
    assert f'href="./judge?version={version_id(studio)}"' in reply["head"]


def constitution_id(studio: Studio) -> int:
    with studio.sessions.read() as session:
        return get_version_by_id(session, version_id(studio)).constitution_id


def test_more_outcomes_than_a_browser_can_hold_are_asked_for_in_parts(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MOST_OUTCOMES", 9)
    wish = {"version": version_id(studio), "data": base64.b64encode(b'{"response": ""}\n' * 10).decode(), "filename": "r.jsonl"}
    told = JudgePage(studio).replies(wish, asks())
    assert told["kind"] == "problem" and "10 replies by 1 principles are 10 outcomes; a page shows at most 9. Judge them in parts" in told["message"]
