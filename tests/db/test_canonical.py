"""The canonical text and its hash."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.canonical import canonical_json, plain_json, sha256_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)


def test_the_order_of_keys_does_not_matter() -> None:
    assert (
        canonical_json({"b": 1, "a": [2, {"d": "é", "c": None}]})
        == canonical_json({"a": [2, {"c": None, "d": "é"}], "b": 1})
        == '{"a":[2,{"c":null,"d":"é"}],"b":1}'
    )


def test_the_order_of_principles_matters() -> None:
    assert canonical_json([1, 2]) != canonical_json([2, 1])


def test_the_hash_is_sha256_of_the_utf8_text() -> None:
    assert sha256_of("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()


@given(JSON)
def test_reading_the_canonical_text_and_writing_it_again_gives_the_same_text(value: object) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text
    assert json.loads(text) == value


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert canonical_json({"name": "a\ud800"}) == '{"name":"a?"}'


def test_plain_json_keeps_the_order_of_the_writer() -> None:
    assert plain_json({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'


@pytest.mark.parametrize("write", [canonical_json, plain_json])
def test_nan_is_refused(write: object) -> None:
    assert callable(write)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write({"mi": float("nan")})
