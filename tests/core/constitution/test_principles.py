"""Constitutions: texts that are data, who wrote them, and what their hash depends on."""

import pytest

from core.constitution.checks import Check
from core.constitution.principles import (
    Constitution,
    Principle,
    WrittenBy,
    content_hash,
    from_data,
    render,
    short_title,
    to_data,
)
from core.errors import ConstitutionError

GOOD = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20))


def made(**changes):
    return Constitution(name="C", principles=(Principle(**{**GOOD.__dict__, **changes}),))


def test_texts_are_put_to_the_model_verbatim():
    hostile = "{{7*7}} {name} %s <script>"
    assert render(made(statement=hostile), (True,), "Why?").user == f"{hostile}\n\nWhy?"


def test_the_prompt_takes_sides_and_order_as_told():
    two = Constitution(name="C", principles=(GOOD, Principle(title="Warm", statement="Be warm.", antithesis="Be cold.")))
    assert render(two, (True, False), "Why?", (1, 0)).user.splitlines()[1:] == ["1. Be cold.", "2. Be brief.", "", "Why?"]
    assert render(None, (), "Why?").user == "Why?"


def test_the_hash_depends_on_texts_and_not_on_ids():
    assert content_hash(made()) == content_hash(made(id="abc"))
    assert content_hash(made()) != content_hash(made(statement="Be short."))


def test_who_wrote_a_principle_is_data_and_never_put_to_a_model():
    written = made(written_by=WrittenBy(model="a-model", texts=("antithesis",)))
    assert to_data(written)["principles"][0]["written_by"] == {"model": "a-model", "texts": ["antithesis"]}
    assert from_data(to_data(written)) == written
    assert render(written, (True,), "Why?") == render(made(), (True,), "Why?")
    assert content_hash(written) == content_hash(made())


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("a-model (antithesis)", WrittenBy(model="a-model", texts=("antithesis",))),
        ("org/a-model (7B) (statement)", WrittenBy(model="org/a-model (7B)", texts=("statement",))),
        ("a-model", WrittenBy(model="a-model")),
        ({"model": "a-model", "texts": ["antithesis", "statement"]}, WrittenBy(model="a-model")),
        ({"model": "a-model"}, WrittenBy(model="a-model")),
        ("", None),
        (None, None),
    ],
)
def test_who_wrote_a_principle_is_also_read_from_a_sentence_as_stored_versions_hold_it(stored, read):
    data = to_data(made())
    data["principles"][0]["written_by"] = stored
    assert from_data(data) == made(written_by=read)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (7, "must be a mapping"),
        ({"model": "m", "text": []}, "Unknown key 'text'"),
        ({"model": "m", "texts": ["title"]}, "must be a list of statement and antithesis"),
        ({"model": "m", "texts": []}, "none of its texts"),
        ({"texts": ["statement"]}, "names no model"),
    ],
)
def test_a_writer_that_says_nothing_is_refused(given, words):
    data = to_data(made())
    data["principles"][0]["written_by"] = given
    with pytest.raises(ConstitutionError, match=words):
        from_data(data)


def test_the_hash_of_what_was_written_before_stays_what_it_was():
    assert content_hash(made()) == "baf93214e09f47c0a1830ed509b969f0b1d6f9ab7eb883e51d7a8bc03cd20a87"


def test_a_title_is_made_of_the_first_words():
    assert short_title("Answer in one short sentence.") == "Answer in one short sentence"
    assert short_title("Answer in one short sentence, as briefly as you can.") == "Answer in one short sentence, as …"
    assert len(short_title("x" * 500)) == 120
