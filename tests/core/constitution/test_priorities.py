"""Priorities and the rule for conflicts: what a model reads of them, every format that holds them, and that a text without either is as it ever was."""

import hashlib
import json
from dataclasses import replace
from itertools import permutations

import pytest

from core.constitution.changes import changes
from core.constitution.contrasts import asked_stances
from core.constitution.files import dump_markdown, dump_yaml, read_constitution_text
from core.constitution.findings import Rule, Severity, find
from core.constitution.merging import Clash, merge
from core.constitution.principles import Constitution, Principle, content_hash, from_data, render, to_data
from core.constitution.priorities import priority_from_data, priority_line
from core.constitution.stored import decode, encode
from core.errors import ConstitutionError

A, B, C = (Principle(id=letter * 32, title=letter.upper(), statement=f"Do {letter}.", antithesis=f"Never {letter}.") for letter in "abc")
PLAIN = Constitution(name="N", principles=(A, B, C))
RULED = Constitution(name="N", principles=(replace(A, priority=2), B, replace(C, priority=1)), conflict_rule="Do what harms least.\n\n# Ask *first*. ")
BARE = replace(RULED, principles=tuple(replace(p, id="") for p in RULED.principles))


def test_a_text_without_either_has_the_prompt_hash_and_files_that_it_always_had() -> None:
    """Written out as they were before there were priorities."""
    assert render(PLAIN, (True, False, True), "Q?", (2, 0, 1)).user == "Follow these principles in your reply:\n1. Do c.\n2. Do a.\n3. Never b.\n\nQ?"
    rows = [{"title": p.title, "statement": p.statement, "antithesis": p.antithesis} for p in PLAIN.principles]
    assert content_hash(PLAIN) == hashlib.sha256(json.dumps({"name": "N", "principles": rows}, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    assert list(to_data(PLAIN)) == ["name", "principles"]
    assert encode(PLAIN) == json.dumps({"name": "N", "principles": [{**row, "id": p.id} for row, p in zip(rows, PLAIN.principles, strict=True)]},
                                       sort_keys=True, separators=(",", ":"))  # fmt: skip
    assert dump_markdown(Constitution(name="N", principles=(A,))) == "# N\n\n## 1. A\n\n**Statement.** Do a.\n\n**Antithesis.** Never a.\n"
    assert "priority" not in dump_yaml(PLAIN) and "conflict" not in dump_yaml(PLAIN)


def test_principles_stand_in_order_of_priority_with_a_line_that_says_so_and_the_rule_behind() -> None:
    assert render(RULED, (True,) * 3, "Q?").user == (
        "Follow these principles in your reply:\n1. Do c.\n2. Do a.\n3. Do b.\n"
        "They stand in order of priority: 1 comes first, then 2, then 3.\nDo what harms least.\n\n# Ask *first*.\n\nQ?"
    )
    flipped = render(RULED, asked_stances(3)["flip 3"], "Q?").user  # the same place, line and rule, with the one principle flipped
    assert flipped == render(RULED, (True,) * 3, "Q?").user.replace("Do c.", "Never c.")
    for order in permutations(range(3)):  # the shuffled order of training moves nothing past a priority
        assert render(RULED, (True,) * 3, "Q?", order) == render(RULED, (True,) * 3, "Q?")


def test_within_a_group_the_order_that_is_asked_for_stays() -> None:
    grouped = replace(PLAIN, principles=(replace(A, priority=1), replace(B, priority=1), C))
    head = render(grouped, (True,) * 3, "Q?", (2, 1, 0)).user
    assert head.startswith(
        "Follow these principles in your reply:\n1. Do b.\n2. Do a.\n3. Do c.\nThey stand in order of priority: 1 and 2 come first, then 3.\n"
    )


def test_equal_priorities_and_a_principle_alone_are_put_to_a_model_as_before() -> None:
    equal = replace(PLAIN, principles=tuple(replace(p, priority=3) for p in PLAIN.principles))
    assert render(equal, (True,) * 3, "Q?", (1, 0, 2)) == render(PLAIN, (True,) * 3, "Q?", (1, 0, 2))
    alone = Constitution(name="N", principles=(replace(A, priority=1),), conflict_rule="Ask.")
    assert render(alone, (True,), "Q?").user == "Do a.\n\nQ?"


@pytest.mark.parametrize(
    ("priorities", "line"),
    [
        ((1, 2, 2, 2, 7, None), "They stand in order of priority: 1 comes first, then 2, 3 and 4, then 5, then 6."),
        ((1, 1), None),
        ((None, None), None),
        ((), None),
        ((5, None), "They stand in order of priority: 1 comes first, then 2."),
    ],
)
def test_the_line_says_which_come_first(priorities, line) -> None:
    assert priority_line(priorities) == line


def test_every_format_gives_both_back() -> None:
    for text, name in ((dump_yaml(RULED), "c.yaml"), (json.dumps(to_data(RULED)), "c.json"), (dump_markdown(RULED), "c.md")):
        reading = read_constitution_text(text, name)
        assert reading.constitution == BARE, name
    assert decode(encode(RULED)) == RULED
    assert from_data(to_data(RULED)) == RULED


@pytest.mark.parametrize(
    "rule", [" ", "\n\nlate", "**Statement.** x", "## 1. Not a principle\n\n**Statement.** x\n\n**Antithesis.** y", "1. a\n2. b\n", "`x` *y*"]
)
def test_a_rule_of_any_text_comes_back_from_markdown_word_for_word(rule) -> None:
    for principles in (BARE.principles, ()):
        text = Constitution(name="N", principles=principles, conflict_rule=rule)
        found = read_constitution_text(dump_markdown(text), "c.md")
        assert (found.constitution, found.format) == (text, "Markdown, as the Write page gives it")


def test_markdown_that_was_edited_by_hand_keeps_both() -> None:
    text = dump_markdown(replace(BARE, conflict_rule="Ask.")).replace("## 3. ", "## ").replace("*Priority:* 1", "**Priority**:  7")
    found = read_constitution_text(text, "c.md")
    assert found.format.endswith("edited")
    assert found.constitution == replace(BARE, conflict_rule="Ask.", principles=(*BARE.principles[:2], replace(BARE.principles[2], priority=7)))
    moved = text.replace("**When principles conflict.** Ask.\n", "") + "\n**When principles conflict.** Ask.\n"
    assert read_constitution_text(moved, "c.md").constitution == found.constitution
    with pytest.raises(ConstitutionError, match="stands twice"):
        read_constitution_text(f"{text}\n**When principles conflict.** Again.\n", "c.md")


@pytest.mark.parametrize("value", [1.5, True, "first", [1], "1e3", 10**12])
def test_what_is_no_whole_number_is_refused_with_its_value(value) -> None:
    with pytest.raises(ConstitutionError, match=r"priority of principle 2 must be a whole number from 1 \(first\) to 32, got"):
        priority_from_data(value, "principle 2")


def test_a_stored_priority_that_cannot_be_read_is_named_and_left_out() -> None:
    found = decode(encode(RULED).replace('"priority":2', '"priority":"soon"'))
    assert isinstance(found, Constitution)
    assert (found.principles[0].priority, found.left_out) == (None, ("`priority` of principle 1",))


@pytest.mark.parametrize(
    ("text", "rule", "severity", "field"),
    [
        (replace(PLAIN, principles=(replace(A, priority=0), B)), Rule.PRIORITY_RANGE, Severity.MUST, "priority"),
        (replace(PLAIN, principles=(A, replace(B, priority=33))), Rule.PRIORITY_RANGE, Severity.MUST, "priority"),
        (replace(PLAIN, principles=(replace(A, priority=2), replace(B, priority=2))), Rule.IDLE_PRIORITY, Severity.ADVICE, "priority"),
        (replace(PLAIN, conflict_rule="x" * 501), Rule.LONG_RULE, Severity.MUST, "conflict_rule"),
        (replace(PLAIN, conflict_rule="a\x07"), Rule.UNREADABLE_CHARACTER, Severity.MUST, "conflict_rule"),
        (replace(PLAIN, principles=(A,), conflict_rule="Ask."), Rule.IDLE_RULE, Severity.ADVICE, "conflict_rule"),
    ],
)
def test_what_is_wrong_with_either_is_found(text, rule, severity, field) -> None:
    assert [(f.severity, f.field) for f in find(text) if f.rule is rule] == [(severity, field)]


def test_a_text_in_order_has_no_finding_of_either() -> None:
    assert {f.rule for f in find(replace(RULED, conflict_rule="x" * 500))} == {Rule.NO_CHECK}


def test_versions_differ_in_both() -> None:
    change = changes(PLAIN, RULED)
    assert change.changed and change.conflict_rule.changed
    assert [(p.priority.before, p.priority.after, p.changed) for p in change.principles] == [(None, 2, True), (None, None, False), (None, 1, True)]
    assert content_hash(PLAIN) != content_hash(replace(PLAIN, conflict_rule="Ask.")) != content_hash(replace(PLAIN, principles=(replace(A, priority=1), B, C)))


def test_both_are_merged_like_any_part() -> None:
    mine = replace(PLAIN, conflict_rule="Mine.", principles=(replace(A, priority=1), B, C))
    theirs = replace(PLAIN, principles=(A, replace(B, priority=2), C))
    assert merge(PLAIN, mine, theirs).constitution == replace(mine, principles=(replace(A, priority=1), replace(B, priority=2), C))
    both = merge(PLAIN, mine, replace(theirs, conflict_rule="Theirs.", principles=(replace(A, priority=3), B, C)), "theirs")
    assert (both.constitution.conflict_rule, both.constitution.principles[0].priority) == ("Theirs.", 3)
    assert set(both.clashes) == {Clash(principle="", part="conflict_rule"), Clash(principle=A.id, part="priority")}


def test_a_number_as_priority_needs_no_note() -> None:
    rows = "".join(f"  - {{title: {i}a, statement: Do {i}a., antithesis: Do {i}b., priority: {i}}}\n" for i in (1, 2))
    text = f"name: Two\nprinciples:\n{rows}"
    read = read_constitution_text(text, "two.yaml")
    assert [p.priority for p in read.constitution.principles] == [1, 2] and list(read.notes) == []
