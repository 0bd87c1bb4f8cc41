"""Constitutions in the shapes that others publish, written anew (docs/formats.md lists their origin): each becomes a draft that says what is missing."""

import json

import pytest

from core.constitution.files import ConstitutionReading, read_constitution, read_constitution_text
from core.constitution.findings import Rule, problems
from core.errors import ConstitutionError

SPEC = """# The house rules

## Say what is so {#say_so authority=user}

Name doubts.

**Example**: a doubt

~~~xml
# no heading
~~~

## Mind the guest {#guest authority=root}

Guests come first.
"""
ANCHOR = {
    "schema_version": "1.2",
    "id": "calm",
    "title": "Calm",
    "criteria": [{"comparative": "Prefer the calmer reply.", "reasoning": "Calm helps.", "scenarios": ["I shout. And now?"]}],
    "guidelines": [{"comparative": "Never answer noise with noise.", "reasoning": "It grows."}],
}
CORPUS = [
    ("list.json", '["Be the kinder one.", "Be the calmer one."]', ["Be the kinder one.", "Be the calmer one."], []),
    (
        "pairs.json",
        '{"constitutions": [{"critic": "Is it loud?", "revision": "Make it quiet."}], "system_chat": [["a"]]}',
        ["Make it quiet."],
        ["system_chat", "critic"],
    ),
    ("chain.json", '[{"name": "Quiet", "critique_request": "Is it loud?", "revision_request": "Make it quiet."}]', ["Make it quiet."], ["critique_request"]),
    ("edits.json", '{"loud0": {"critique": "Is it loud?", "edit_request": "Make it quiet."}}', ["Make it quiet."], ["critique"]),
    ("traits.json", '[{"trait": "I hum.", "questions": ["Do you hum?"]}]', ["I hum."], ["questions"]),
    ("traits.jsonl", '{"trait": "I hum.", "questions": ["Do you?"]}\n\n{"trait": "I sing.", "questions": []}\n', ["I hum.", "I sing."], ["questions"]),
    ("anchor.json", json.dumps(ANCHOR), ["Prefer the calmer reply.", "Never answer noise with noise."], ["schema_version", "id", "reasoning", "scenarios"]),
    ("rows.json", '[{"principle": "Hum.", "title": "H", "source": "me"}]', ["Hum."], ["source"]),
    ("keys.json", '{"humming": "Hum low.", "singing": "Sing high."}', ["Hum low.", "Sing high."], []),
    ("rules.yaml", "title: Choir\nrules:\n- Hum low.\n- Sing high.\n", ["Hum low.", "Sing high."], []),
    ("texts.yaml", "principles:\n- Hum low.\n- Sing high.\n", ["Hum low.", "Sing high."], []),
    ("bare.yaml", "- Hum low.\n- Sing high.\n", ["Hum low.", "Sing high."], []),
    ("half.yaml", "name: N\nprinciples:\n- title: H\n  statement: Hum low.\n", ["Hum low."], []),
    ("spec.md", SPEC, ["Name doubts.\n\n**Example**: a doubt\n\n~~~xml\n# no heading\n~~~", "Guests come first."], []),
    ("prose.md", "# Us\n\n## On noise\n\nWe hum.\n\nMostly.\n\n## On song\n\nWe sing.\n", ["We hum.\n\nMostly.", "We sing."], []),
    ("old.md", "Noise\n=====\n\nWe hum.\n\nSong\n----\n\nWe sing.\n", ["We hum.", "We sing."], []),
    (
        "groups.md",
        "## On noise\n\n- Hum.\n- Hum low,\n  very low.\n\n## On song\n\n1. Sing.\n2. Sing high.\n",
        ["Hum.", "Hum low,\nvery low.", "Sing.", "Sing high."],
        [],
    ),
    ("items.txt", "* Hum.\n* Sing.\n", ["Hum.", "Sing."], []),
    ("lines.txt", "Hum low at night.\n\nSing high at noon.\n", ["Hum low at night.", "Sing high at noon."], []),
    ("bold.md", "- **Noise.** Hum low.\n- **Song**: Sing high.\n", ["Hum low.", "Sing high."], []),
]


def read(filename: str, text: str) -> ConstitutionReading:
    return read_constitution_text(text, filename)


@pytest.mark.parametrize(("filename", "text", "statements", "left_out"), CORPUS, ids=[row[0] for row in CORPUS])
def test_a_published_shape_becomes_a_draft_in_its_order_and_what_is_left_out_is_named(
    filename: str, text: str, statements: list[str], left_out: list[str]
) -> None:
    reading = read(filename, text)
    assert [p.statement for p in reading.constitution.principles] == statements
    assert all(p.title and p.antithesis == "" for p in reading.constitution.principles) and reading.constitution.name
    assert [(finding.rule, finding.field) for finding in problems(reading.findings)] == [(Rule.NO_TEXT, "antithesis")] * len(statements)
    assert all(any(ignored.split(" of ")[0] == name for ignored in reading.ignored) for name in left_out)


def test_what_became_what_is_said() -> None:
    reading = read("pairs.json", '{"constitutions": [{"critic": "Is it loud?", "revision": "Make it quiet."}]}')
    assert reading.used == {"statement": "revision"} and any("critic is left out" in note for note in reading.notes)
    spec = read("spec.md", SPEC)
    assert [p.title for p in spec.constitution.principles] == ["Say what is so", "Mind the guest"] and spec.constitution.name == "The house rules"
    assert any("1 user, 1 root" in note for note in spec.notes)
    assert read("keys.json", '{"humming": "Hum.", "singing": "Sing."}').used == {"title": "the key", "statement": "the text"}


def test_titles_that_are_made_differ() -> None:
    titles = [p.title for p in read("list.json", '["Be kind.", "Be kind!", "be KIND"]').constitution.principles]
    assert titles == ["Be kind", "Be kind (2)", "be KIND (3)"]


def test_more_principles_than_a_version_takes_are_kept_in_the_draft_and_found() -> None:
    reading = read("list.json", json.dumps([f"Rule {i}." for i in range(60)]))
    assert len(reading.constitution.principles) == 60 and reading.findings[0].rule is Rule.MANY_PRINCIPLES and "60" in reading.findings[0].message


def test_a_list_of_principles_of_our_own_keeps_their_checks() -> None:
    reading = read("ours.yaml", "- title: T\n  statement: a\n  antithesis: b\n  check: emoji\n  id: 3\n")
    assert str(reading.constitution.principles[0].check) == "emoji" and reading.ignored == ("id of 1 principle: ids belong to one database",)


@pytest.mark.parametrize(
    ("filename", "text", "says"),
    [
        ("a.csv", "title,statement\na,b\n", "a table"),
        ("a.txt", "<!DOCTYPE html><p>a</p>", "a web page"),
        ("a.json", "[1, 2]", "mapping with `name`"),
        ("a.json", '["a", 7]', "mapping with `name`"),
        ("a.json", '{"principles": ["a", {"title": "b"}, 7]}', "Principle 1 must be a mapping"),
        ("a.yaml", "name: N\nprinciples:\n- title: T\n  statment: S\n", "Unknown key 'statment'"),
        ("a.yaml", "principles:\n- title: A\n  statement: s\n  text: t\n", "Unknown key 'text'"),
        ("a.yaml", "rules:\n- a\n- b: c\n", "Unknown key 'rules'"),
        ("a.md", "# Only a title\n", "no principle"),
        ("a.jsonl", '{"trait": "a"}\n{"trait"}\n', "Line 2"),
        ("a.json", '["Hum.", "", "Sing."]', "item 2 of this list is blank"),
        ("a.json", '[{"rule": "Hum."}, {"sound": "Sing.", "loud": 1}]', "item 2 of this list is a mapping with `sound` and `loud`, none"),
        ("a.json", '[{"sound": "Hum."}, {"sound": "Sing."}]', "item 1 of this list is a mapping with `sound`"),
        ("a.json", "[]", "but this is a list"),
        ("a.json", "3", "but this is a number"),
        ("a.yaml", "# nothing\n", "but this is blank"),
        ("a.yaml", "- Hum\n- Sing: high, and low\n", "item 2 of this list is a mapping with `Sing`.*needs quotes"),
        ("a.yaml", "name: N\nprinciples:\n  title: T\n  statement: S\n", "`principles` must be a list, but it is a mapping. Write one item"),
        ("a.yaml", "Name: N\nprinciples: []\n", "Unknown key 'Name'.*Did you mean `name`"),
        ("a.yaml", "name: N\nprinciples:\n- title: T\n  anti-thesis: S\n", "Did you mean `antithesis`"),
    ],
)
def test_what_is_none_of_these_is_refused_with_the_reason(filename: str, text: str, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        read(filename, text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends_of_other_systems_are_read(encoding: str) -> None:
    text = "name: Ä\r\nprinciples:\r\n- title: T\r\n  statement: |\r\n    a\r\n    b\r\n  antithesis: c\r\n"
    reading = read_constitution(text.encode(encoding), "c.yaml")
    assert reading.constitution.name == "Ä" and reading.constitution.principles[0].statement == "a\nb\n"
    assert read_constitution(text.replace("\r\n", "\r").encode(encoding), "c.yaml").constitution == reading.constitution


@pytest.mark.parametrize(
    ("written", "kept"), [("{language: pt_BR}", "“pt”"), ("{language: Deutsch}", "“de”"), ("{contains: [please, kindly]}", "“please|kindly”")]
)
def test_a_check_that_is_kept_in_other_words_is_said(written: str, kept: str) -> None:
    reading = read("c.yaml", f"name: N\nprinciples: [{{title: T, statement: S, antithesis: A, check: {written}}}]")
    (note,) = reading.notes
    assert "principle 1" in note and note.endswith(f"is kept as {kept}")
    assert read("c.yaml", "name: N\nprinciples: [{title: T, statement: S, antithesis: A, check: {language: de}}]").notes == ()


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("Note: what follows holds.\n\n1. Hum low.\n2. Sing high.\n", ["Note: what follows holds.", "Hum low.", "Sing high."]),
        ("Do: Hum low.\nDo: Sing high.\n", ["Do: Hum low.", "Do: Sing high."]),
        ("[1] Hum low.\n[2] Sing high.\n", ["Hum low.", "Sing high."]),
        ("{You} hum low.\n", ["{You} hum low."]),
        ("- Noise: hum low.\n- Song: sing high.\n", ["Noise: hum low.", "Song: sing high."]),
        ("Hum *low*: @night.\n", ["Hum *low*: @night."]),
    ],
)
@pytest.mark.parametrize("name", ["c.txt", "c"])
def test_prose_that_begins_as_yaml_or_json_may_begin_is_prose_where_the_name_does_not_say_otherwise(name: str, text: str, statements: list[str]) -> None:
    assert [p.statement for p in read(name, text).constitution.principles] == statements


@pytest.mark.parametrize(
    "text", ['{"kind": "Hum low."', '["Hum low." "Sing."]', "name: N\nprinciples:\n- title: T\n  statement: a: b\n", "title: A\ntitle: B\n"]
)
def test_a_broken_file_of_data_is_no_prose_whatever_its_name(text: str) -> None:
    with pytest.raises(ConstitutionError):
        read("c.txt", text)


def test_json_lines_with_one_whole_constitution_are_that() -> None:
    line = json.dumps({"name": "Choir", "principles": [{"title": "T", "statement": "Hum.", "antithesis": "Shout."}]})
    assert read("c.jsonl", f"{line}\n").constitution.name == "Choir"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("c.txt", b"<ul>\n<li>Hum low.</li>\n</ul>\n", "a web page"),
        ("c.docx", b"PK\x03\x04abc", "a word processor"),
        ("c.txt", b"PK\x03\x04abc", "ZIP archive"),
        ("c.yaml", "name: N".encode("utf-16-le"), "zero bytes"),
    ],
)
def test_what_is_no_text_is_to_be_saved_as_a_constitution_and_not_as_a_table(name: str, data: bytes, says: str) -> None:
    with pytest.raises(ConstitutionError, match=rf"{says}.*Save the constitution as YAML, JSON or Markdown"):
        read_constitution(data, name)


def test_markdown_may_begin_with_a_tag() -> None:
    assert read("c.md", '<p align="center">Us</p>\n\n## Noise\n\nHum low.\n').constitution.principles[-1].statement == "Hum low."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"principles": {"Noise": "Hum.", "Song": "Sing."}}', [("Noise", "Hum.", ""), ("Song", "Sing.", "")]),
        ('{"name": "N", "principles": {"Noise": {"statement": "Hum.", "antithesis": "Shout.", "check": "emoji"}}}', [("Noise", "Hum.", "Shout.")]),
        ('{"constitution": {"name": "N", "principles": ["Hum."]}}', [("Hum", "Hum.", "")]),
        ('[{"Noise": "Hum."}, {"Song": "Sing."}]', [("Noise", "Noise: Hum.", ""), ("Song", "Song: Sing.", "")]),
        ('{"noise": ["Hum.", "Hush."], "song": ["Sing."]}', [("Hum", "Hum.", ""), ("Hush", "Hush.", ""), ("Sing", "Sing.", "")]),
        (
            '{"sections": [{"title": "Noise", "rules": ["Hum."]}, {"title": "Song", "rules": [{"rule": "Sing.", "name": "S"}]}]}',
            [("Hum", "Hum.", ""), ("S", "Sing.", "")],
        ),
    ],
)
def test_principles_below_their_titles_or_below_headings_are_all_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    for name in ("c.json", "c.yaml"):
        assert [(p.title, p.statement, p.antithesis) for p in read(name, text).constitution.principles] == expected


def test_headings_over_lists_are_named_as_left_out() -> None:
    assert any("`noise` and `song`" in note for note in read("c.json", '{"noise": ["Hum."], "song": ["Sing."]}').notes)
    assert read("c.json", '{"sections": [{"title": "Noise", "rules": ["Hum."]}]}').ignored == ("title of a section",)


def test_a_check_in_another_shape_is_kept_and_what_is_no_check_is_named_as_left_out() -> None:
    reading = read("c.json", '[{"rule": "Hum.", "check": {"max_words": 9}}, {"rule": "Sing.", "check": "by ear"}]')
    assert [str(p.check) for p in reading.constitution.principles] == ["max_words: 9", "None"] and reading.ignored == ("check of 1 principle",)


@pytest.mark.parametrize("empty", ["", " []", " ''"])
def test_a_list_of_principles_that_is_empty_is_a_finding(empty: str) -> None:
    assert read("c.yaml", f"name: N\nprinciples:{empty}\n").findings[0].rule is Rule.NO_PRINCIPLES
