"""Scenarios are part of what is stored, hashed, exported and read back, and no word of one comes into a prompt."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.constitution.changes import changes
from core.constitution.files import dump_markdown, dump_yaml, read_constitution_text
from core.constitution.findings import Rule, Severity, find
from core.constitution.normal import normal
from core.constitution.principles import Constitution, Principle, content_hash, from_data, render, to_data
from core.constitution.scenarios import MAX_EXPECTED_CHARS, MAX_SCENARIOS, Scenario, scenario_from_data, scenario_to_data
from core.constitution.stored import decode, encode
from core.errors import ConstitutionError
from tests.core.constitution.reading.test_markdown import HOSTILE, OURS, seen, words
from tests.core.constitution.reading.test_round_trips import PIECES

BEFORE_SCENARIOS = (  # as studios stored it before there were scenarios
    '{"name":"Brevity","principles":[{"antithesis":"Answer in at least 60 words.","check":{"max_words":20},"id":"11111111111111111111111111111111",'
    '"statement":"Answer in at most 20 words.","title":"Short","written_by":{"model":"a-model","texts":["antithesis"]}},'
    '{"antithesis":"Use rare words.","statement":"Use plain words.","title":"Plain"}]}'
)
PLACES = Scenario(query="Where are you from?")
FULL = Scenario(query="Tell me about rain.\n\nAnd snow.", follows="Two sentences.", fails="A lecture.", use="train")


def made(*scenarios: Scenario, **others: Any) -> Constitution:
    principle = Principle(title="Short", statement="Be short.", antithesis="Be long.", scenarios=scenarios, **others)
    return Constitution(name="Brevity", principles=(principle,))


def rules(constitution: Constitution) -> list[tuple[Rule, str]]:
    return [(finding.rule, finding.field) for finding in find(constitution) if finding.severity is Severity.MUST]


def test_a_version_from_before_keeps_its_text_and_its_hash() -> None:
    found = decode(BEFORE_SCENARIOS)
    assert isinstance(found, Constitution) and found.left_out == ()
    assert encode(found) == BEFORE_SCENARIOS
    assert content_hash(found) == "59f31287d2ccaf83e362c010be04332ac48aecb5a6c1c5aab33588b7e05087b0"


def test_scenarios_are_part_of_the_version() -> None:
    hashes = {content_hash(made(*scenarios)) for scenarios in ((), (PLACES,), (PLACES, FULL), (FULL, PLACES), (replace(PLACES, use="train"),))}
    assert len(hashes) == 5


def test_plain_data_holds_only_what_says_something() -> None:
    assert scenario_to_data(PLACES) == {"query": "Where are you from?"}
    assert scenario_to_data(FULL) == {"query": FULL.query, "follows": "Two sentences.", "fails": "A lecture.", "use": "train"}
    assert "scenarios" not in to_data(made())["principles"][0]


@pytest.mark.parametrize("filename", ["c.yaml", "c.json", "c.md"])
def test_files_hold_them(filename: str) -> None:
    written = made(PLACES, FULL, Scenario(query="Only what fails", fails="x"))
    text = {"c.yaml": dump_yaml, "c.json": lambda c: json.dumps(to_data(c)), "c.md": dump_markdown}[filename](written)
    reading = read_constitution_text(text, filename)
    assert reading.constitution == written and reading.ignored == ()
    assert decode(encode(written)) == written


def test_a_plain_text_is_a_query() -> None:
    data = {"name": "N", "principles": [{"title": "T", "statement": "a", "antithesis": "b", "scenarios": ["Why?\r\nHow?", {"query": "Where?", "use": None}]}]}
    assert from_data(data).principles[0].scenarios == (Scenario(query="Why?\nHow?"), Scenario(query="Where?"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (7, "Scenario 2 of principle 1 must be a query, or a mapping with `query`, but it is a number"),
        ({"query": 7}, "`query` of scenario 2 of principle 1 must be text, but it is 7"),
        ({"query": "a", "folows": "b"}, "Unknown key 'folows' in scenario 2 of principle 1.*Did you mean `follows`"),
        ({"query": "a", "use": "held_out"}, "`use` of scenario 2 of principle 1 must be test or train, but it is 'held_out'. Leave it out for test"),
        ({"query": "a", "use": ["test"]}, "`use` of scenario 2"),
    ],
)
def test_what_is_no_scenario_is_named(data: object, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        scenario_from_data(data, "scenario 2 of principle 1")


def test_scenarios_that_are_no_list_are_named() -> None:
    with pytest.raises(ConstitutionError, match="`scenarios` of principle 1 must be a list, but it is a text"):
        from_data({"name": "N", "principles": [{"title": "T", "statement": "a", "antithesis": "b", "scenarios": "Why?"}]})


def test_of_what_is_stored_the_rest_is_read_and_what_cannot_be_is_named() -> None:
    rows = [{"query": "Why?", "weight": 2}, {"query": "How?", "use": "later"}, 7, "Where?"]
    principle = {"title": "T", "statement": "a", "antithesis": "b", "scenarios": rows}
    found = decode(json.dumps({"name": "N", "principles": [principle, principle | {"scenarios": "x"}]}))
    assert isinstance(found, Constitution)
    assert found.principles[0].scenarios == (Scenario(query="Why?"), Scenario(query="Where?")) and found.principles[1].scenarios == ()
    assert found.left_out == ("`weight` of scenario 1 of principle 1", "scenario 2 of principle 1", "scenario 3 of principle 1", "`scenarios` of principle 2")


def test_what_has_to_be_put_right_is_found() -> None:
    assert rules(made(PLACES, FULL)) == []
    assert rules(made(Scenario(query=" ", follows="x"))) == [(Rule.NO_QUERY, "scenarios.0.query")]
    assert rules(made(PLACES, FULL, Scenario(query="where  are you FROM?"))) == [(Rule.SAME_QUERY, "scenarios.2.query")]
    assert rules(made(Scenario(query="x" * 8_001))) == [(Rule.LONG_QUERY, "scenarios.0.query")]
    long = "x" * (MAX_EXPECTED_CHARS + 1)
    assert rules(made(Scenario(query="q", follows=long, fails=long))) == [(Rule.LONG_EXPECTED, f"scenarios.0.{part}") for part in ("follows", "fails")]
    assert rules(made(Scenario(query="q\x07"))) == [(Rule.UNREADABLE_CHARACTER, "scenarios.0.query")]
    assert rules(made(*(Scenario(query=f"q {i}") for i in range(MAX_SCENARIOS)))) == []
    assert rules(made(*(Scenario(query=f"q {i}") for i in range(MAX_SCENARIOS + 1)))) == [(Rule.MANY_SCENARIOS, "scenarios")]


def test_two_principles_may_have_the_same_query() -> None:
    (one,) = made(PLACES).principles
    assert rules(Constitution(name="N", principles=(one, replace(one, title="Other")))) == []


def test_no_prompt_holds_a_scenario() -> None:
    turns = render(made(FULL), (True,), "What is rain?")
    assert turns == render(made(), (True,), "What is rain?")


def test_what_became_of_them_is_told_by_query() -> None:
    was, now = made(PLACES, FULL), made(Scenario(query="New"), replace(PLACES, fails="x"))
    (change,) = changes(was, now).principles
    told = [(each.before and each.before.query, each.after and each.after.query, each.changed) for each in change.scenarios.each]
    assert told == [(None, "New", True), (PLACES.query, PLACES.query, True), (FULL.query, None, True)]
    assert change.rewritten and not change.scenarios.reordered
    assert not changes(was, was).changed


def test_another_order_is_a_change_too() -> None:
    (change,) = changes(made(PLACES, FULL), made(FULL, PLACES)).principles
    assert change.changed and change.scenarios.reordered and not any(each.changed for each in change.scenarios.each)


@given(
    st.lists(st.sampled_from([*PIECES, *HOSTILE, "*Would not:* x", "\n\n*Scenario (test):* y", "\n## 2. z\n"]), min_size=1, max_size=5).map("".join).map(normal)
)
@example("a\n\xa0\n\n\t")
@settings(max_examples=120, deadline=None)
def test_whatever_they_say_markdown_shows_it_and_is_read_back(text: str) -> None:
    written = made(Scenario(query=text, follows=text), Scenario(query="", fails=text, use="train"), Scenario(query=f"x{text}"))
    markdown = dump_markdown(written)
    assert read_constitution_text(markdown, "c.md").constitution == written
    page = seen(markdown)
    assert page.tags <= OURS
    shown = words(f"x{text}")
    assert words(page.text)[-len(shown) :] == words(f"Scenario (test): x{text}")
    assert read_constitution_text(dump_yaml(written), "c.yaml").constitution == written


def test_markdown_that_was_edited_by_hand_keeps_them() -> None:
    text = (
        dump_markdown(made(PLACES, FULL))
        .replace("## 1. Short", "## Short")
        .replace("*Would follow:*", "**Would follow.**")
        .replace("Two sentences.", "Two  lines.")
    )
    reading = read_constitution_text(text, "c.md")
    assert reading.format.endswith("edited") and reading.constitution == made(PLACES, replace(FULL, follows="Two  lines."))


@pytest.mark.parametrize("line", ["*Would not:* again", "*Would follow:* at all"])
def test_an_expectation_without_its_scenario_is_refused(line: str) -> None:
    text = dump_markdown(made(FULL)) + f"\n{line}\n" if "again" in line else dump_markdown(made()) + f"\n{line}\n"
    with pytest.raises(ConstitutionError, match=r"The mark of would .* stands below the heading “Short” without a scenario above it, or a second time"):
        read_constitution_text(text, "c.md")
