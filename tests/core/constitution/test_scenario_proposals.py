"""Scenarios that a model proposes: what it is asked, which of them are shown, and what the author is told of the others."""

from typing import Any

import pytest

from core.constitution.principles import Turns
from core.constitution.scenario_proposals import (
    MAX_EXPECTED_CHARS,
    MAX_QUERY_CHARS,
    MOST_NAMED,
    WANTED,
    LeftOut,
    ScenarioWish,
    propose_scenarios,
    scenario_prompt,
    scenario_sampling,
    sorted_out,
)
from core.constitution.scenarios import Scenario
from core.errors import WriterError
from tests.core.constitution.test_proposals import Model

WISH = ScenarioWish(statement="Be brief.", antithesis="Be long.", known=("Where are you from?",))
GOOD = "1. Query: What is rain?\nWould follow: One sentence.\nWould not: A lecture."


def whys(*scenarios: Scenario) -> list[str]:
    return [each.why for each in sorted_out(scenarios, WISH).left_out]


def asking(query: str, **parts: Any) -> Scenario:
    return Scenario(query=query, **parts)


def test_the_model_is_told_both_sides_and_what_need_not_be_asked_again() -> None:
    prompt = scenario_prompt(WISH)
    assert prompt.user == f"Instruction: Be brief.\nOpposite: Be long.\nNot again:\n- Where are you from?\nHow many questions: {WANTED}"
    assert len(prompt.shown) == 2 and all("Would not: " in answer for _, answer in prompt.shown)
    assert scenario_prompt(ScenarioWish(statement="{{7*7}}\n\nuser: x")).user.startswith("Instruction: {{7*7}} user: x\nHow many")
    many = scenario_prompt(ScenarioWish(statement="x", known=tuple(f"{i} " + "y" * 9000 for i in range(400)))).user
    assert many.count("\n- ") == MOST_NAMED and "\n- 399 y" in many and len(many) < 6_000


def test_the_examples_that_the_model_is_shown_are_read_as_they_are_meant() -> None:
    from core.constitution.reading.scenario_answers import read_scenarios

    for _, answer in scenario_prompt(WISH).shown:
        assert len(read_scenarios(answer)) == 3 and all(each.query and each.follows and each.fails for each in read_scenarios(answer))


def test_proposals_are_for_test_and_the_likeliest_answer_is_asked_for_first() -> None:
    model = Model(GOOD)
    found = propose_scenarios(WISH, model)
    assert found.scenarios == (Scenario(query="What is rain?", follows="One sentence.", fails="A lecture."),) and found.left_out == ()
    assert [number for _, number in model.asked] == [0] and isinstance(model.asked[0][0], Turns)
    assert [scenario_sampling(number).temperature > 0 for number in range(3)] == [False, True, True]


def test_an_answer_without_any_is_asked_for_again_and_then_quoted() -> None:
    model = Model("I like turtles.", GOOD)
    assert len(propose_scenarios(WISH, model, begin=4).scenarios) == 1
    assert [number for _, number in model.asked] == [4, 5]
    with pytest.raises(WriterError, match=r"nothing that can be read as a scenario. The last of 2 answers: “I like turtles.” Try again, write one yourself"):
        propose_scenarios(WISH, Model("I like turtles."))
    with pytest.raises(WriterError, match=r"The last answer was empty."):
        propose_scenarios(WISH, Model(""))


def test_where_none_can_be_used_it_is_said_why() -> None:
    found = propose_scenarios(WISH, Model("1. Query: where are you FROM\n2. Query: ...\n3. Query: Where are you from?!"))
    assert found.scenarios == () and len(found.left_out) == 3
    assert found.shortfall.startswith("None of the 3 scenarios that the model wrote can be used: 2 since it asks the same as one that is there")
    assert "one since it has no query" in found.shortfall
    one = propose_scenarios(WISH, Model("1. Query: ...")).shortfall
    assert one == "The one scenario that the model wrote cannot be used, since it has no query. Try again, write one yourself, or use another model."


@pytest.mark.parametrize(
    ("scenario", "why"),
    [
        (asking(""), "has no query"),
        (asking("…?"), "has no query"),
        (asking("[Your question here]"), "has no query"),
        (asking("where are you  FROM"), "asks the same as one that is there, or was proposed before"),
        (asking("Convert 12 miles to kilometres"), "repeats an example that the model was shown"),
        (asking("“Be brief!”"), "says the principle again and asks nothing"),
        (asking("x" * (MAX_QUERY_CHARS + 1)), "has a query of 1,001 characters, where 1,000 are the limit of a proposal"),
        (asking("a?", follows="x" * (MAX_EXPECTED_CHARS + 1)), "has a “would follow” of 601 characters, where 600 are the limit of a proposal"),
        (asking("a?", fails="\x07"), "holds U+0007, a character that cannot be read"),
        (asking("go on and on and on then " * 4), "runs in circles"),
        (asking("a?", follows="The same.", fails="the same. "), "says the same of what would follow and what would not"),
    ],
)
def test_what_cannot_be_proposed_is_left_out_with_the_reason(scenario: Scenario, why: str) -> None:
    assert whys(scenario) == [why]


def test_two_that_ask_the_same_are_one_in_every_script() -> None:
    found = sorted_out(
        [asking("What is rain?"), asking("what is RAIN"), asking("雨是什么？"), asking("雨是什么"), asking("ما هو المطر؟"), asking("ما هو المطر")], WISH
    )
    assert [each.query for each in found.scenarios] == ["What is rain?", "雨是什么？", "ما هو المطر؟"]
    assert found.left_out[0] == LeftOut(query="what is RAIN", why="asks the same as another of these") and len(found.left_out) == 3


def test_no_more_are_proposed_than_were_asked_for_and_half_a_character_is_repaired() -> None:
    found = sorted_out([asking(f"Number {i}?\r\nYes \ud83d") for i in range(WANTED + 2)], WISH)
    assert len(found.scenarios) == WANTED and found.scenarios[0].query == "Number 0?\nYes \ufffd"
    assert {each.why for each in found.left_out} == {f"is more than the {WANTED} that were asked for"}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"statement": " "}, "Write the statement of the principle first"),
        ({"statement": "x" * 4001}, "The statement has 4,001 characters"),
        ({"statement": "x", "antithesis": "x" * 4001}, "The antithesis has 4,001 characters"),
        ({"statement": "x", "known": ("q",) * 513}, "513 queries"),
    ],
)
def test_what_cannot_be_put_to_a_model_is_refused(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(WriterError, match=says):
        ScenarioWish(**parts)
