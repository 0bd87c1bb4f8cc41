"""The Mark page's handlers on a kept check: what they tell of a card is what is seen, and the side that wrote it can be told from no answer."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app.pages.conflicts import ConflictsPage
from app.pages.mark import MarkPage
from app.pages.train import TrainPage
from app.services.studio import Studio
from core.methods.arms import METHODS
from core.runs.checked import CheckedReplies
from tests.app.checked import kept_check, mark_check_whole
from tests.app.damaging import damage
from tests.app.marking import finished_run
from tests.app.pages.calling import asks
from tests.app.pages.marking_walk import walked
from tests.app.planting import make_studio

HERE, THERE = (tuple((f"Reply {i} {word}.",) for i in range(16)) for word in ("here", "there"))
PLAIN = CheckedReplies(queries=tuple(f"What is {i}?" for i in range(16)), statement=HERE, flipped=(THERE,))
EXCHANGED = replace(PLAIN, statement=THERE, flipped=(HERE,))


def wish(check: int, **more: object) -> dict[str, object]:
    return {"check": check, "principle": 1, **more}


def test_no_raw_answer_names_an_arm_or_a_side(studio: Studio) -> None:
    *cards, end = walked(studio, {"check": kept_check(studio, PLAIN)})
    assert len(cards) == 35 and b'"says": []' in cards[-1] and b'"says": ["' in end
    for body in cards:
        text = body.decode().replace('"statement":', "").replace('"antithesis":', "")
        for word in (*METHODS, "side", "arm", "statement", "antithesis", "flip", "none"):
            assert f'"{word}' not in text and f" {word} " not in text, (word, text)


def test_the_raw_answers_are_byte_for_byte_the_same_when_the_sides_are_exchanged(tmp_path: Path) -> None:
    """So nothing in them, nor in their order, length or ids, can tell which side a reply is of."""
    told = []
    for name, replies in (("plain", PLAIN), ("exchanged", EXCHANGED)):
        studio = make_studio(tmp_path / name)
        told.append(walked(studio, {"check": kept_check(studio, replies)})[:-1])  # the last one tells what came out
        studio.engine.dispose()
    assert told[0] == told[1] and len(told[0]) == 35


def test_two_neighbours_never_answer_the_same_query_and_a_deal_has_all_of_them(studio: Studio) -> None:
    page, check, queries = MarkPage(studio), kept_check(studio, PLAIN), []
    at = page.card(wish(check), asks())
    for i in range(32):
        queries.append(at["marking"]["card"]["query"])
        at = page.mark(wish(check, card=at["marking"]["card"]["card"], answer="follows", key=f"a-click-{i}"), asks())
    assert at["marking"]["card"] is None and sorted(queries) == sorted(2 * PLAIN.queries)
    assert all(one != other for one, other in pairwise(queries))


def test_each_person_comes_back_to_where_they_were(studio: Studio) -> None:
    check = kept_check(studio, PLAIN)
    mark_check_whole(studio, check, "Ann", most=7)
    again = MarkPage(studio).opened({"check": str(check), "principle": "1"}, asks())
    assert (again["who"], again["marking"]["done"], again["marking"]["check"], again["marking"]["run"]) == ("Ann", 7, check, None)
    assert MarkPage(studio).opened({"check": str(check)}, asks("Bob"))["marking"]["done"] == 0


def test_runs_and_checks_are_offered_and_a_question_names_one_of_them(studio: Studio) -> None:
    page, check = MarkPage(studio), kept_check(studio, PLAIN)
    assert page.opened({}, asks())["marking"]["check"] == check  # there is no run yet
    run = finished_run(studio, name="Gallery")
    opened = page.opened({}, asks())
    assert opened["marking"]["run"] == run
    assert [each["check"] for each in opened["checks"]] == [check] and [each["run"] for each in opened["runs"]] == [run]
    assert page.opened({"check": "99"}, asks())["message"] == "There is no check 99."
    assert page.opened({"check": "<b>"}, asks())["message"] == "“<b>” is not the number of a check."
    for asked in ({}, {"run": run, "check": check}):
        assert page.card(asked, asks())["message"] == "Name one run or one check whose replies are marked, and not both."


@pytest.mark.parametrize("damaged", ["replies = '{}'", "config = '{\"unheard\": 1}'", "version_id = 9999"])
def test_one_that_cannot_be_read_can_be_deleted_where_the_page_says_so(studio: Studio, damaged: str) -> None:
    check = kept_check(studio, PLAIN)
    damage(studio, (f"UPDATE checks SET {damaged}", None))
    marking, training = MarkPage(studio).opened({"check": str(check)}, asks()), TrainPage(studio).opened({"check": str(check)}, asks())
    assert marking["marking"] is None and marking["message"] and training["checked"] is None and training["message"]
    assert (marking["unread"], training["unread"]) == (check, {"check": check})
    assert ConflictsPage(studio).delete({"check": check}, asks())["kind"] == "deleted"
    assert MarkPage(studio).opened({"check": str(check)}, asks())["unread"] is None
    gone = TrainPage(studio).opened({"check": str(check)}, asks())
    assert (gone["unread"], gone["message"]) == ({}, f"There is no check {check}.")
