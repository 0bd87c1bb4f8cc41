"""Scenarios as models lay them out: labelled, numbered, in tables, in JSON, in other scripts, by halves, and not at all."""

import json
import time

import pytest

from core.constitution.reading.scenario_answers import MOST_READ, read_scenarios

RAIN = ("What is rain?", "One sentence.", "A lecture.")
SNOW = ("And snow?", "", "")


def read(answer: str) -> list[tuple[str, str, str]]:
    return [(each.query, each.follows, each.fails) for each in read_scenarios(answer)]


@pytest.mark.parametrize(
    "answer",
    [
        "1. Query: What is rain?\nWould follow: One sentence.\nWould not: A lecture.\n\n2. Query: And snow?",
        "Sure! Here they are:\n\n**1. Query:** What is rain?\n   - **Would follow:** One sentence.\n   - **Would not:** A lecture.\n"
        "**2. Query:** And snow?\n\nI hope this helps!",
        "### Scenario 1: Weather\n**Query:** “What is rain?”\n**Would follow:** One sentence.\n**Would not follow:** A lecture.\n"
        "\n### Scenario 2: More\n**Query:** And snow?",
        "1. Query: What is rain? Would follow: One sentence. Would not: A lecture.\n2. Query: And snow?",
        "Question 1: What is rain?\nFollows: One sentence.\nFails: A lecture.\n\nQuestion 2: And snow?",
        "Scenario 1: What is rain?\nA reply that follows the instruction: One sentence.\nA reply that does not: A lecture.\nScenario 2: Query: And snow?",
        "- What is rain?\n  - Would follow: One sentence.\n  - Would not: A lecture.\n- And snow?",
        "1) What is rain?\n* Good reply: One sentence.\n* Bad reply: A lecture.\n\n2) And snow?",
        "| # | Query | Would follow | Would not |\n|---|:--|---|---|\n| 1 | What is rain? | One sentence. | A lecture. |\n| 2 | And snow? | | |",
        '```json\n[{"query": "What is rain?", "would_follow": "One sentence.", "would_not": "A lecture."}, {"question": "And snow?"}]\n```',
        '{"scenarios": {"1": {"userQuery": "What is rain?", "wouldFollow": "One sentence.", "fails": "A lecture."}, "2": {"query": "And snow?"}}}',
        "<think>1. Query: Not this one?</think>\n1. Query: What is rain?\nWould follow: One sentence.\nWould not: A lecture.\n2. Query: And snow?",
        "Query: What is rain?\nWould follow: One sentence.\nWould not: A lecture.\n---\n"
        "Query: And snow?\n\nInstruction: Be warm.\nHow many questions: 3\nQuery: Of another?",
    ],
)
def test_scenarios_are_read_whatever_stands_around_them(answer: str) -> None:
    assert read(answer) == [RAIN, SNOW]


@pytest.mark.parametrize(
    ("answer", "scenarios"),
    [
        (
            "1. 问题：雨是什么？\n会遵循：一句话。\n不会：长篇大论。\n\n2. 问题：雪是什么？\n会遵循：很短。\n不会：很长。",
            [("雨是什么？", "一句话。", "长篇大论。"), ("雪是什么？", "很短。", "很长。")],
        ),
        ("问题：雨是什么？\n会遵循：一句话。\n不会：长篇大论。", [("雨是什么？", "一句话。", "长篇大论。")]),
        ("一、雨是什么？\n二、雪是什么？", [("雨是什么？", "", ""), ("雪是什么？", "", "")]),
        (
            "١. السؤال: ما هو المطر؟\nيتبع: جملة واحدة.\nلا يتبع: محاضرة.\n\n٢. السؤال: وما الثلج؟\nيتبع: قصير.\nلا يتبع: طويل.",
            [("ما هو المطر؟", "جملة واحدة.", "محاضرة."), ("وما الثلج؟", "قصير.", "طويل.")],
        ),
        ("Query: ما هو المطر؟\nWould follow: جملة واحدة.", [("ما هو المطر؟", "جملة واحدة.", "")]),
        ("ما هو المطر؟\nوما الثلج؟", [("ما هو المطر؟", "", ""), ("وما الثلج؟", "", "")]),
        ('{"query": "\\u0645\\u0627", "follows": "\\ud83d\\ude00"}', [("ما", "😀", "")]),
    ],
)
def test_other_scripts_are_read_by_the_place_of_their_labels(answer: str, scenarios: list[tuple[str, str, str]]) -> None:
    assert read(answer) == scenarios


@pytest.mark.parametrize(
    ("answer", "scenarios"),
    [
        ("1. Query: What is rain?\nWould follow:", [("What is rain?", "", "")]),
        ("1. Query: What is rain?\nWould not: A lecture.\n\n2. Query: And sn", [("What is rain?", "", "A lecture."), ("And sn", "", "")]),
        ("Would follow: One sentence.\nQuery: What is rain?", [("What is rain?", "", "")]),
        (
            '{"scenarios": [{"query": "What is rain?", "follows": "One sentence."}, {"query": "And snow?", "follo',
            [("What is rain?", "One sentence.", ""), SNOW],
        ),
        ('{\n "query": "What is \\"rain\\"?",\n "follows": "One', [('What is "rain"?', "", "")]),
        ("Query:\n\nMend this:\nx = 1\nWould follow: Mends it.", [("Mend this:\nx = 1", "Mends it.", "")]),
        ("1. How much are 3.5 litres?\n2. Rain\n2.5 litres", [("How much are 3.5 litres?", "", ""), ("Rain\n2.5 litres", "", "")]),
        ('["What is rain?", "And snow?"]', [("What is rain?", "", ""), SNOW]),
    ],
)
def test_of_half_an_answer_what_is_there_is_read(answer: str, scenarios: list[tuple[str, str, str]]) -> None:
    assert read(answer) == scenarios


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n ** \n",
        "I like turtles. They are nice [1], and so on {x}.",
        "I'm sorry, but I can't help with that.",
        "Instruction: Be brief.\nOpposite: Be long.\nHow many questions: 6",
        "<think>1. Query: I never came to an end",
        "{}",
        "null",
        '{"query": 7, "follows": null}',
        "[[[[[[[[1]]]]]]]]",
        "| a | b |",
        "asdf qwer; zxcv 1234 ~~~",
    ],
)
def test_in_nonsense_there_is_none(answer: str) -> None:
    assert read(answer) == []


@pytest.mark.parametrize("piece", ["[", '{"a":', "x" + " " * 99, "*", "# ", ":", '"', "- ", '["', "1. ", "Would ", "Query: ", "| ", "「", "١. ", "\\"])
def test_whatever_is_repeated_is_read_in_time(piece: str) -> None:
    began = time.monotonic()
    assert len(read_scenarios(piece * (200_000 // len(piece)))) <= MOST_READ
    assert time.monotonic() - began < 3


def test_no_more_than_so_many_are_read() -> None:
    assert len(read("\n".join(f"{i}. Query: Number {i}?" for i in range(1, 200)))) == MOST_READ
    assert len(read(json.dumps([{"query": f"Number {i}?"} for i in range(200)]))) == MOST_READ
