"""Names and codes of languages: each language that can be told is known by its name, and what is understood can be told."""

import unicodedata

import pytest

from core.constitution.languages import _CODES, KNOWN, language_code
from core.constitution.text import _ONE_CODE


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Marathi", "mr"),
        ("cymraeg", "cy"),
        ("Slovene", "sl"),
        ("繁體中文", "zh"),
        ("cmn-Hant", "zh"),
        ("Cantonese", "zh"),
        ("European Portuguese", "pt"),
        ("Latin American  Spanish", "es"),
        ("Italiano (Svizzera)", "it"),
        ("de (German)", "de"),
        ("Norwegian Nynorsk", "no"),
        ("nn", "no"),
        ("nn-NO", "no"),
        ("ckb", "ku"),
        ("latin", "la"),
    ],
)
def test_a_name_or_a_kind_of_a_language_is_understood(written: str, code: str) -> None:
    assert language_code(written) == code


@pytest.mark.parametrize("written", ["", " ", "-", "()", "(en)", "American", "not English", "en or fr", "en|fr", "English (US) or French", "any", "1", "~"])
def test_what_names_no_one_language_is_none(written: str) -> None:
    assert language_code(written) is None


def test_every_language_that_can_be_told_has_a_name_and_no_name_is_another_ones_code() -> None:
    assert set(_CODES.values()) == KNOWN and not _CODES.keys() & KNOWN


def test_a_code_that_is_told_as_another_is_no_code_of_its_own() -> None:
    assert not KNOWN & _ONE_CODE.keys()
    assert all(language_code(other) == told for other, told in _ONE_CODE.items())


@pytest.mark.parametrize("name", sorted(name for name in _CODES if not unicodedata.is_normalized("NFD", name)))
def test_a_name_counts_however_its_accents_are_written(name: str) -> None:
    assert language_code(unicodedata.normalize("NFD", name).upper()) == _CODES[name] or language_code(unicodedata.normalize("NFD", name)) == _CODES[name]
