"""The page of a run of a control says that it is none of the text, before its result and with it."""

from dataclasses import replace

import pytest

from app.present.runs import answer_section_html, head_html, messages_html
from core.methods.settings import preset
from core.methods.variants import VARIANTS
from tests.app.present.test_curves import view
from tests.app.results import result


@pytest.mark.parametrize("variant", [key for key in VARIANTS if key != "real"])
def test_a_control_is_said_to_be_one(variant: str) -> None:
    run = replace(view(preset("quick", variant=variant)), result=result(), marks=(), models=(), marks_problem="", problems=())
    assert f"a control: {VARIANTS[variant].title.lower()}" in head_html(run)
    assert "no run of the text" not in messages_html(run), "it stands beside the result"
    assert f"This is a control: {VARIANTS[variant].title.lower()}. It is no run of the text" in messages_html(replace(run, result=None))
    assert VARIANTS[variant].note in answer_section_html(run).replace("&#x27;", "’")


def test_a_run_of_the_text_says_nothing_of_controls() -> None:
    run = replace(view(preset("quick")), result=result(), marks=(), models=(), marks_problem="", problems=())
    assert "control:" not in head_html(run)
    assert "no run of the text" not in answer_section_html(run) + messages_html(replace(run, result=None))
