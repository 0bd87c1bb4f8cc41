"""The Mark page's handlers: what they tell of a card is what is seen, and neither arm nor side can be told from an answer."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.pages.mark import MarkPage
from app.pages.run import RunPage
from app.pages.train import TrainPage
from app.services.studio import Studio
from core.methods.arms import METHODS
from tests.app.marking import TEXTS, finished_run, mark_all
from tests.app.pages.calling import asks
from tests.app.pages.marking_walk import walked
from tests.app.planting import make_studio, queue
from tests.app.results import CONTROL, TRAINED


def wish(run: int, **more: object) -> dict[str, object]:
    return {"run": run, "principle": 1, **more}


def test_a_card_is_told_with_what_is_seen_and_nothing_else(studio: Studio) -> None:
    run = finished_run(studio)
    told = MarkPage(studio).card(wish(run), asks())
    assert set(told["marking"]["card"]) == {"card", "query", "reply", "would_follow", "would_not", "cut"}
    assert set(told["marking"]) == {
        *(
            "run",
            "check",
            "constitution",
            "principles",
            "number",
            "title",
            "statement",
            "antithesis",
            "card",
            "deals",
            "done",
            "total",
            "more",
            "last",
            "says",
            "beside",
            "amendment",
        )
    }


def test_no_raw_answer_names_an_arm_or_a_side(studio: Studio) -> None:
    """The words of the two sides themselves are shown with the principle; beside those nothing speaks of arms, methods, sides or adapters."""
    run = finished_run(studio, texts={key: f"Reply {i}" for i, key in enumerate(TEXTS)})
    *cards, end = walked(studio, {"run": run})
    assert len(cards) == 27 and b'"says": []' in cards[-1] and b'"says": ["' in end
    for body in cards:
        text = body.decode().replace('"statement":', "").replace('"antithesis":', "")
        for word in (*METHODS, "side", "arm", "adapter", "aligned", "trained", "statement", "antithesis", "flip"):
            assert f'"{word}' not in text and f" {word} " not in text, (word, text)


def test_the_raw_answers_are_byte_for_byte_the_same_when_arms_and_sides_are_exchanged(tmp_path: Path) -> None:
    """So nothing in them, nor in their order, length or ids, can tell which arm or side a reply is of."""
    control, trained, turned = TEXTS
    texts = {control: "Reply one", trained: "Reply two", turned: "Reply three"}
    exchanged = {control: "Reply two", trained: "Reply three", turned: "Reply one"}
    told = []
    for name, given in (("plain", texts), ("exchanged", exchanged)):
        studio = make_studio(tmp_path / name)
        run = finished_run(studio, texts=given)
        told.append(walked(studio, {"run": run})[:-1])  # the last one tells what came out
        studio.engine.dispose()
    assert told[0] == told[1] and len(told[0]) == 27


def test_each_person_comes_back_to_where_they_were(studio: Studio) -> None:
    run = finished_run(studio)
    mark_all(studio, run, "Ann", most=7)
    again = MarkPage(studio).opened({"run": str(run)}, asks())
    assert (again["who"], again["marking"]["done"], again["marking"]["total"]) == ("Ann", 7, 24)
    assert MarkPage(studio).opened({"run": str(run)}, asks("Bob"))["marking"]["done"] == 0


def test_the_address_names_a_run_or_the_newest_is_begun_and_what_cannot_be_marked_says_why(studio: Studio) -> None:
    page = MarkPage(studio)
    assert page.opened({}, asks())["message"].startswith("No run has finished yet, and no check is kept. Press Check on the Train page")
    run = finished_run(studio)
    waiting = queue(studio)
    assert page.opened({}, asks())["marking"]["run"] == run
    assert "is queued" in page.opened({"run": str(waiting)}, asks())["message"]
    assert page.opened({"run": "<b>"}, asks())["message"] == "“<b>” is not the number of a run."
    assert page.opened({"run": str(run), "principle": "9"}, asks())["message"].startswith("There is no principle 9")
    assert page.mark(wish(run, card="f" * 64, answer="follows", key="a-click-1"), asks())["kind"] == "problem"
    assert page.mark(wish(run, card="f" * 64, answer="perhaps", key="a-click-1"), asks())["message"].startswith("There is no usable answer")


def test_nobody_marks_without_having_passed_the_gate(studio: Studio) -> None:
    stranger: Any = SimpleNamespace(state=SimpleNamespace())
    page = MarkPage(studio)
    for handler in (page.opened, page.card, page.mark, page.undo):
        with pytest.raises(PermissionError):
            handler({}, stranger)


def test_the_run_says_who_judged_and_the_ways_to_mark_lead_here(studio: Studio) -> None:
    run = finished_run(studio)
    shown = RunPage(studio).opened({"id": str(run)}, asks())["sections"]
    assert f'Judged by nobody. <a href="./mark?run={run}&amp;principle=1">Mark replies</a>' in shown["answer"]
    assert f'href="./mark?run={run}"' in shown["actions"] and f'href="./mark?run={run}"' in TrainPage(studio).runs({}, asks())["html"]
    mark_all(studio, run, "<i>Ada</i>")
    sections = RunPage(studio).opened({"id": str(run)}, asks())["sections"]
    shown = sections["answer"] + sections["result"]
    assert "&lt;i&gt;Ada&lt;/i&gt;" in sections["answer"] and "<i>Ada" not in shown and "24 replies marked." in sections["answer"] and "followed</p>" in shown
    assert f"./runs/{run}/marks.csv" in shown


def test_marks_that_cannot_be_counted_are_told_with_the_answer_and_can_be_taken_away(studio: Studio) -> None:
    run = finished_run(studio)
    mark_all(studio, run, most=3)  # what was counted once stays counted
    for path in studio.settings.data.glob("runs/*/attempt-1/replies-*.json"):
        path.unlink()
    sections = RunPage(studio).opened({"id": str(run)}, asks())["sections"]
    assert "The marks cannot be counted" in sections["answer"] and "Judged by nobody" not in sections["answer"]
    assert f"./runs/{run}/marks.csv" in sections["result"]


def test_a_script_learns_of_the_marks_with_the_state_of_the_run(studio: Studio) -> None:
    run = finished_run(studio)
    assert RunPage(studio).state({"run": run}, asks())["marks"] is None
    mark_all(studio, run)
    state = RunPage(studio).state({"run": run}, asks())
    assert state["marks"] == [{"people": ["Ada"], "marked": 24, "waiting": 0, "judged": 24, "alpha": None, "kappa": None}]
    assert state["result"]["principles"][0]["judge"] == "marks by Ada"
    assert {CONTROL.key, TRAINED.key} <= set(json.loads(json.dumps(state["result"]["principles"][0]["compliance"])))
