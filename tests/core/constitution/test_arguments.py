"""Arguments of checks: what is written is what is judged by, or it is refused with the place and the value."""

import pytest

from core.constitution.checks import Check, check_from_data
from core.constitution.files import parse_yaml
from core.errors import ConstitutionError


@pytest.mark.parametrize(
    ("written", "check"),
    [
        ("starts_with: No", Check("starts_with", "No")),
        ("contains: 1e3", Check("contains", "1e3")),
        ("contains: 08", Check("contains", "08")),
        ("excludes: null", Check("excludes", "null")),
        ("contains: 2026-11-26", Check("contains", "2026-11-26")),
        ("contains: [please, kindly]", Check("contains", "please|kindly")),
        ("excludes:\n      - sorry\n      - off", Check("excludes", "sorry|off")),
        ("max_words: 20", Check("max_words", 20)),
        ("max_words: '20'", Check("max_words", 20)),
        ("language: pt_BR", Check("language", "pt")),
        ("language: zh-Hant-TW", Check("language", "zh")),
        ("language: Spanish", Check("language", "es")),
        ("language: 日本語", Check("language", "ja")),
        ("language: FR", Check("language", "fr")),
        ("capital_letters: true", Check("capital_letters")),
    ],
)
def test_an_argument_is_read_as_it_stands(written: str, check: Check) -> None:
    text = f"name: N\nprinciples:\n- title: T\n  statement: S\n  antithesis: A\n  check:\n    {written}\n"
    assert parse_yaml(text).principles[0].check == check


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("max_words", "1e3"),
        ("max_words", "0x10"),
        ("max_words", "010"),
        ("max_words", "1_000"),
        ("max_words", "+5"),
        ("max_words", "٢٠"),
        ("max_words", "twenty"),
        ("max_words", 20.0),
        ("max_words", True),
        ("max_words", [20]),
        ("min_words", 0),
        ("min_words", "-3"),
        ("max_sentences", 10**7),
        ("max_sentences", "9" * 5000),
        ("starts_with", True),
        ("starts_with", 7),
        ("starts_with", ["Yes", "No"]),
        ("regex", ["a"]),
        ("language", {"code": "fr"}),
        ("contains", ["a", 7]),
        ("contains", ["a", ["b"]]),
        ("contains", ["a|b", "c"]),
        ("contains", ["a", " "]),
        ("excludes", {"a": "b"}),
        ("capital_letters", False),
        ("capital_letters", "false"),
        ("emoji", 1),
        ("json", 0),
        ("bulleted_list", "3"),
    ],
)
def test_another_type_is_refused_with_the_place_and_the_value(name: str, argument: object) -> None:
    with pytest.raises(ConstitutionError, match=f"{name} of principle 4") as refused:
        check_from_data({name: argument}, "principle 4")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("name", ["starts_with", "regex", "language"])
def test_a_list_where_one_text_is_taken_is_refused_with_the_checks_that_take_one(name: str) -> None:
    with pytest.raises(ConstitutionError, match="Write one text; only contains and excludes take several"):
        check_from_data({name: ["en", "de"]}, "principle 1")


@pytest.mark.parametrize("written", ["klingon", "xx", "fr-", "english please", "zz-ZZ"])
def test_a_language_that_cannot_be_told_is_refused_with_the_code_to_write(written: str) -> None:
    with pytest.raises(ConstitutionError, match=r"can never be met.*ISO 639-1"):
        parse_yaml(f"name: N\nprinciples: [{{title: T, statement: S, antithesis: A, check: {{language: '{written}'}}}}]")
