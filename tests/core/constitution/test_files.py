"""Constitution files as people bring them: our YAML and JSON, and SAMI's pair of lists."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.constitution.checks import Check
from core.constitution.files import dump_markdown, dump_yaml, parse_file, parse_yaml
from core.constitution.findings import find, problems, require_valid
from core.constitution.principles import Constitution, Principle, WrittenBy, from_data, to_data
from core.errors import ConstitutionError

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "sami_tldr"
YAML = "name: C\nprinciples: [{title: T, statement: Be brief., antithesis: Be long.}]"
SHORT, LONG = "Replies should be short.", "Replies should be long."
WARM, COLD = "Replies should be warm.", "Replies should be cold."


def sami(positive: object, negative: object, **more: object) -> str:
    return json.dumps({"positive": positive, "negative": negative, **more})


def read(text: str, filename: str = "constitution_7.json") -> Constitution:
    return parse_file(text, filename)


def test_yaml_and_json_of_our_own_shape_say_the_same() -> None:
    data = {"name": "C", "principles": [{"title": "T", "statement": "Be brief.", "antithesis": "Be long."}]}
    assert read(json.dumps(data)) == parse_file(YAML, "c.yaml") == parse_file(YAML, "c") == parse_file(YAML, "C.YML")


def test_two_lists_that_differ_everywhere_are_paired_one_by_one() -> None:
    """The numbers, the trailing space before a line break and the prefixes `pos` and `neg` are those of the published files."""
    names = {"positive": ["pos concise", "pos warm"], "negative": ["neg concise", "neg warm"]}
    read_ = read(sami(f"1. {SHORT} \n2. {WARM}", f"1. {LONG} \n2. {COLD}", identifiers=names))
    assert read_ == Constitution(
        name="Constitution 7",
        principles=(Principle(title="Concise", statement=SHORT, antithesis=LONG), Principle(title="Warm", statement=WARM, antithesis=COLD)),
    )


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ([SHORT, WARM], [LONG, WARM], Principle(title="Concise", statement=f"{SHORT}\n{WARM}", antithesis=f"{LONG}\n{WARM}")),
        ([SHORT, WARM], [SHORT, COLD], Principle(title="Warm", statement=f"{SHORT}\n{WARM}", antithesis=f"{SHORT}\n{COLD}")),
    ],
)
def test_a_principle_that_both_lists_hold_stands_on_both_sides(positive: list[str], negative: list[str], expected: Principle) -> None:
    texts = ["\n".join(f"{i}. {text}" for i, text in enumerate(side, 1)) for side in (positive, negative)]
    assert read(sami(*texts, identifiers={"positive": ["pos concise", "pos warm"], "negative": []})).principles == (expected,)


def test_bullets_and_lines_that_go_on_are_read_and_titles_are_made_where_there_are_none() -> None:
    constitution = read(sami("- Replies should\n  be short.\n* Replies should be warm, kind and full of care.", "1) Be long.\n2) Be cold."))
    assert [p.statement for p in constitution.principles] == ["Replies should be short.", "Replies should be warm, kind and full of care."]
    assert [p.title for p in constitution.principles] == ["Replies should be short", "Replies should be warm, kind and …"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not a JSON file: .* in line 1"),
        ('{"positive": "1. a",\n"negative": }', "in line 2"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "mapping with `name` and `principles`"),
        (sami("1. a", "1. b", positve="x"), "Unknown key 'positve'"),
        (sami("1. a", None), "`negative` must be text"),
        (sami(["a"], "1. b"), "`positive` must be text"),
        (sami("1. a", " \n"), "`negative` holds no principle"),
        (sami("1. a\n2. ", "1. b\n2. c"), "`positive` holds no principle, or an empty one"),
        (sami("1. a\n2. b", "1. c"), "`positive` has 2 principles and `negative` has 1"),
        (sami("1. a\n2. b", "1. A\n2.  b"), "say the same"),
        (sami("1. a", "1. b", identifiers=["pos a"]), "list `positive` with one name for each of the 1"),
        (sami("1. a", "1. b", identifiers={"positive": ["pos a", "pos b"]}), "one name for each of the 1"),
        (sami("1. " + "x" * 5000, "1. b"), "5,000 characters"),
        ('{"positive": "1. \\ud83d", "negative": "1. b"}', "half a character"),
    ],
)
def test_a_bad_file_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        read(text)


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published files are not beside this project")
def test_every_published_file_is_a_constitution_that_can_be_trained_on() -> None:
    """Two of the six flip both principles; the others flip one and hold the other on both sides."""
    read_ = {path.stem: read(path.read_text(encoding="utf-8"), path.name) for path in sorted(PUBLISHED.glob("constitution_*.json"))}
    assert [len(constitution.principles) for constitution in read_.values()] == [1, 1, 2, 1, 1, 2]
    for constitution in read_.values():
        require_valid(constitution)
    assert [p.title for p in read_["constitution_2"].principles] == ["Concise", "Comprehensive"]


GOOD = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20))


def made(**changes: object) -> Constitution:
    return Constitution(name="C", principles=(Principle(**{**GOOD.__dict__, **changes}),))


texts = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(lambda s: s.strip() == s and s)


@given(texts, texts)
@settings(max_examples=60, deadline=None)
def test_a_file_holds_what_was_written(statement, antithesis):
    written = made(statement=statement, antithesis=antithesis)
    if not problems(find(written)):
        assert parse_yaml(dump_yaml(written)) == written
    assert from_data(to_data(written)) == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a", "no antithesis"),
        ("- [a]", "mapping"),
        ("name: [", "not a YAML file"),
        ("name: C\nprinciples: 3", "must be a list"),
        ("name: C\nprinciples:\n - title: T\n   statment: S", "Unknown key 'statment'"),
        ("name: C\nprinciples:\n - title: [3]", "must be text"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: shouting}", "Unknown check 'shouting'"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: {max_words: few}}", "whole number"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: {regex: '('}}", "cannot be read"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: {starts_with: [Yes]}}", "needs one text"),
    ],
)
def test_a_bad_file_is_refused_with_the_place_and_the_remedy(text, words):
    with pytest.raises(ConstitutionError, match=words.replace("(", r"\(")):
        parse_yaml(text)


def test_a_file_that_unfolds_into_millions_is_refused_in_a_few_words():
    """Nine levels of ten aliases each: written out, a thousand million strings."""
    bomb = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)) + "name: *a9\n"
    for text in (bomb, bomb.replace("name: *a9", "principles: [{title: *a9}]"), "[" * 5000):
        with pytest.raises(ConstitutionError) as refused:
            parse_yaml(text)
        assert len(str(refused.value)) < 500


def test_yaml_cannot_run_code():
    with pytest.raises(ConstitutionError):
        parse_yaml("!!python/object/apply:os.system ['true']")


def test_markdown_shows_markup_instead_of_using_it():
    shown = dump_markdown(made(statement="[x](http://y) <b> `c`"))
    assert r"\[x\](http://y) \<b\> \`c\`" in shown


def test_files_say_who_wrote_a_principle() -> None:
    written = made(written_by=WrittenBy(model="a-model", texts=("antithesis",)))
    assert parse_yaml(dump_yaml(written)) == written
    assert "written_by" not in dump_yaml(made())
    assert "*Written by:* a-model (antithesis)" in dump_markdown(written)
    old = dump_yaml(made()) + "  written_by: a-model (antithesis)\n"
    assert parse_yaml(old) == written
