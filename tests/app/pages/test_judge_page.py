"""The Judge page's handlers, called as Gradio calls them."""

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from app.pages.judge import JudgePage
from app.pages.write import WritePage
from app.present.judging import judged_csv
from app.services.constitutions import rename
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
    reply = JudgePage(studio).replies(wish, asks())["reply"]
    same = judged_to_data(judge_file(studio, version_id(studio), ROWS, "r.jsonl").judged)
    assert {name: reply[name] for name in same} == same
    assert (reply["kind"], reply["format"], reply["used"]) == ("judged", "JSON lines", {"response": "output", "side": "side"})
    assert any("1 of 2 replies had an antithesis" in note for note in reply["notes"])
    assert JudgePage(studio).replies(wish | {"version": 999}, asks())["reply"]["kind"] == "problem"


def test_nobody_judges_without_having_passed_the_gate(studio: Studio) -> None:
    with pytest.raises(PermissionError):
        JudgePage(studio).judge(version_id(studio), None, ROWS.decode(), SimpleNamespace(state=SimpleNamespace(), query_params={}))  # type: ignore[arg-type]


@pytest.mark.parametrize(("upload", "pasted", "says"), [(None, " ", "nothing to judge"), ("r.jsonl", "{}", "Remove one"), (None, "\ud83d", "half a character")])
def test_neither_file_nor_text_or_both_is_no_question(studio: Studio, upload: str | None, pasted: str, says: str) -> None:
    with pytest.raises(gr.Error, match=says):
        JudgePage(studio).judge(version_id(studio), upload, pasted, asks())


def test_an_upload_is_told_of_before_it_is_judged(studio: Studio, tmp_path: Path) -> None:
    upload, wrong = tmp_path / "r.jsonl", tmp_path / "w.jsonl"
    upload.write_bytes(ROWS)
    wrong.write_text('{"answer": "<b>"}\n')
    found, told, hidden, rows = JudgePage(studio).read(str(upload), asks())
    assert "<bdi>r.jsonl</bdi>" in told and "2 replies." in told and "Read as JSON lines in UTF-8, response from `output`" in told
    assert "=1+1 &lt;b&gt;" in told and (found, hidden["visible"], rows) == (None, False, "")
    assert 'role="alert"' in JudgePage(studio).read(str(wrong), asks())[1]
    assert JudgePage(studio).read(None, asks())[1] == ""
    with pytest.raises(PermissionError):
        JudgePage(studio).read(str(upload), SimpleNamespace(state=SimpleNamespace()))  # type: ignore[arg-type]


def test_a_name_from_right_to_left_keeps_its_direction_among_the_versions(studio: Studio) -> None:
    version = version_id(studio)
    rename(studio, constitution_id(studio), "C++ (עברית)")
    offered = JudgePage(studio).load(asks())["choices"]  # type: ignore[index]
    assert ("\u2068C++ (עברית)\u2069, version 1", version) in offered


def test_what_is_taken_to_a_spreadsheet_is_no_formula(studio: Studio) -> None:
    lines = judged_csv(judge_file(studio, version_id(studio), ROWS, "r.jsonl")).splitlines()
    assert lines[0] == "row,principle,follows,why,by,response"
    assert lines[2].endswith(",'=1+1 <b>")


def test_the_address_names_a_version_and_one_that_is_not_there_is_none(studio: Studio) -> None:
    page = JudgePage(studio)
    assert page.load(asks(version=str(version_id(studio))))["value"] == version_id(studio)  # type: ignore[index]
    assert page.load(asks(version="999"))["value"] is None  # type: ignore[index]


def test_a_version_that_is_read_leads_here(studio: Studio) -> None:
    reply = WritePage(studio).open({"constitution": constitution_id(studio), "number": 1}, asks())["reply"]
    assert f'href="./judge?version={version_id(studio)}"' in reply["head"]


def constitution_id(studio: Studio) -> int:
    with studio.sessions.read() as session:
        return get_version_by_id(session, version_id(studio)).constitution_id
