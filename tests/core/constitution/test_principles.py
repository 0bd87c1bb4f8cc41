"""Constitutions: what is refused and why, files there and back, and texts that are data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.constitution.checks import Check
from core.constitution.principles import (
    Constitution,
    Principle,
    content_hash,
    dump_markdown,
    dump_yaml,
    find_problems,
    from_data,
    parse_yaml,
    render,
    short_title,
    to_data,
)
from core.errors import ConstitutionError

GOOD = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20))


def made(**changes):
    return Constitution(name="C", principles=(Principle(**{**GOOD.__dict__, **changes}),))


@pytest.mark.parametrize(
    ("constitution", "words"),
    [
        (made(statement=" "), "no statement"),
        (made(antithesis=""), "no antithesis"),
        (made(antithesis="  be   BRIEF. "), "same text"),
        (made(statement="x" * 100_000), "100,000 characters"),
        (made(title=""), "no title"),
        (Constitution(name="C", principles=(GOOD, GOOD)), "both titled"),
        (Constitution(name="C", principles=()), "no principle"),
        (Constitution(name="", principles=(GOOD,)), "no name"),
    ],
)
def test_what_cannot_be_saved_is_said_with_its_remedy(constitution, words):
    assert any(words in problem.message for problem in find_problems(constitution))


def test_a_good_one_has_no_problem():
    assert find_problems(made()) == []


texts = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(lambda s: s.strip() == s and s)


@given(texts, texts)
@settings(max_examples=60, deadline=None)
def test_a_file_holds_what_was_written(statement, antithesis):
    written = made(statement=statement, antithesis=antithesis)
    if not find_problems(written):
        assert parse_yaml(dump_yaml(written)) == written
    assert from_data(to_data(written)) == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a", "mapping"),
        ("name: [", "not a YAML file"),
        ("name: C\nprinciples: 3", "must be a list"),
        ("name: C\nprinciples:\n - title: T\n   statment: S", "Unknown key 'statment'"),
        ("name: C\nprinciples:\n - title: 3", "must be text"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: shouting}", "Unknown check 'shouting'"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: {max_words: few}}", "whole number"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: {regex: '('}}", "cannot be read"),
        ("name: C\nprinciples:\n - {title: T, statement: S, antithesis: A, check: {regex: '(a+)+$'}}", "forever"),
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


def test_texts_are_put_to_the_model_verbatim():
    hostile = "{{7*7}} {name} %s <script>"
    assert render(made(statement=hostile), (True,), "Why?").user == f"{hostile}\n\nWhy?"


def test_the_prompt_takes_sides_and_order_as_told():
    two = Constitution(name="C", principles=(GOOD, Principle(title="Warm", statement="Be warm.", antithesis="Be cold.")))
    assert render(two, (True, False), "Why?", (1, 0)).user.splitlines()[1:] == ["1. Be cold.", "2. Be brief.", "", "Why?"]
    assert render(None, (), "Why?").user == "Why?"


def test_markdown_shows_markup_instead_of_using_it():
    shown = dump_markdown(made(statement="[x](http://y) <b> `c`"))
    assert r"\[x\](http://y) \<b\> \`c\`" in shown


def test_the_hash_depends_on_texts_and_not_on_ids():
    assert content_hash(made()) == content_hash(made(id="abc"))
    assert content_hash(made()) != content_hash(made(statement="Be short."))


def test_who_wrote_a_principle_is_kept_in_files_and_never_put_to_a_model():
    written = made(written_by="a-model (antithesis)")
    assert parse_yaml(dump_yaml(written)) == written
    assert "written_by" not in dump_yaml(made())
    assert render(written, (True,), "Why?") == render(made(), (True,), "Why?")
    assert content_hash(written) == content_hash(made())
    assert "*Written by:* a-model (antithesis)" in dump_markdown(written)
    assert any("201 characters" in problem.message for problem in find_problems(made(written_by="x" * 201)))


def test_the_hash_of_what_was_written_before_stays_what_it_was():
    assert content_hash(made()) == "baf93214e09f47c0a1830ed509b969f0b1d6f9ab7eb883e51d7a8bc03cd20a87"


def test_a_title_is_made_of_the_first_words():
    assert short_title("Answer in one short sentence.") == "Answer in one short sentence"
    assert short_title("Answer in one short sentence, as briefly as you can.") == "Answer in one short sentence, as …"
    assert len(short_title("x" * 500)) == 120
