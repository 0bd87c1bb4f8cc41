"""What is stored can be read, whatever it is."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.constitution.checks import CHECKS, Check, complies
from core.constitution.files import dump_markdown, dump_yaml
from core.constitution.findings import Rule, find, problems
from core.constitution.principles import Constitution, Principle, WrittenBy, from_data, to_data
from core.constitution.stored import ID, Unreadable, decode, encode, read_stored, require_readable
from core.errors import ConstitutionError
from core.measure.judges import judge_of

ROW = {"id": "1" * 32, "title": "T", "statement": "Do.", "antithesis": "Do not."}
DIGITS = 99_999_999_999_999_999_999

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=12) | st.sampled_from(["\ud800", "\x00", *CHECKS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(["name", "id", "check", *CHECKS]), inner, max_size=3),
    max_leaves=8,
)
rows = st.dictionaries(st.sampled_from(["id", "title", "statement", "antithesis", "check", "written_by", "scenarios"]), plain, max_size=6)
contents = plain | st.fixed_dictionaries({"name": plain, "principles": st.lists(rows | plain, max_size=3)})


def stored(**parts: Any) -> str:
    return json.dumps({"name": "N", "principles": [ROW | parts]})


def read(text: str) -> Constitution:
    found = decode(text)
    assert isinstance(found, Constitution)
    return found


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda data: data.decode("utf-8", "replace")))
@settings(max_examples=60, deadline=None)
def test_no_text_at_all_is_an_exception(text: str) -> None:
    found = decode(text)
    assert not isinstance(found, Unreadable) or (found.raw == text and found.reason.endswith("."))


@given(contents)
@settings(max_examples=70, deadline=None)
def test_whatever_is_read_can_be_judged_by_shown_found_faults_with_exported_and_stored_again(content: Any) -> None:
    found = decode(json.dumps(content))
    if isinstance(found, Unreadable):
        return
    assert decode(encode(found)) == found and read(encode(found)).left_out == ()
    assert dump_yaml(found) and dump_markdown(found).encode()
    for principle in found.principles:
        assert principle.id == "" or ID.fullmatch(principle.id)
        if (judge := judge_of(principle)) is not None:
            assert judge.judge(principle, "Why?", "Because. 1 minutes").follows in (True, False, None)
    assert isinstance(find(found), tuple)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"principles": ' + '[{"check": ' * 3_000, "9" * 5_000, "NaN", "", "\x00", '"', "null", "[]", "{}", "\ufeff{}"]
)
def test_what_is_no_constitution_comes_back_with_its_text_and_a_reason(text: str) -> None:
    found = decode(text)
    assert isinstance(found, Unreadable) and found.raw == text and found.reason
    with pytest.raises(ConstitutionError, match=r"Version 3 cannot be read: .* Take it as it is stored"):
        require_readable(found, "Version 3")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"name": "N"}, "no list of principles"),
        ({"name": "N", "principles": "x"}, "no list of principles"),
        ({"name": "N", "principles": ["x"]}, "principle 1 is a text"),
        ({"name": "N", "principles": [ROW | {"statement": 7}]}, "`statement` of principle 1 is a number"),
        ({"name": ["N"], "principles": []}, "`name` of the constitution is a list"),
    ],
)
def test_the_reason_says_what_and_where(content: Any, says: str) -> None:
    found = read_stored(content)
    assert isinstance(found, Unreadable) and says in found.reason


def test_a_changed_byte_is_noticed_by_the_hash() -> None:
    text = stored()
    assert isinstance(decode(text, sha256(text.encode()).hexdigest()), Constitution)
    changed = decode(text.replace("Do.", "Da."), sha256(text.encode()).hexdigest())
    assert isinstance(changed, Unreadable) and "was changed since it was saved" in changed.reason and "Da." in changed.raw


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"max_words": DIGITS}, "up to 1,000,000"),
        ({"regex": "a" * 4_000}, "has 4,000 characters; the limit is 500"),
        ({"regex": "(" * 30 + ")" * 30}, "nests 30 brackets"),
        ({"sentiment": "warm"}, "Unknown check 'sentiment'"),
        ("at_most_three_words", "Unknown check 'at_most_three_words'"),
        ({"max_words": 5, "emoji": None}, "must be one name"),
        ({"max_words": [5]}, "a whole number"),
        ({"emoji": {"more": 1}}, "takes no argument"),
        (7, "must be one name"),
    ],
)
def test_a_check_that_this_studio_cannot_judge_by_is_kept_as_it_was_written_and_says_why(check: Any, says: str) -> None:
    kept = read(stored(check=check))
    (principle,) = kept.principles
    assert principle.check is not None and principle.check.kept is not None and says in principle.check.kept.why
    assert to_data(kept)["principles"][0]["check"] == check
    assert complies(principle.check, "A reply.") is None
    judge = judge_of(principle)
    assert judge is not None and says in judge.judge(principle, "Why?", "A reply.").why
    assert [finding.rule for finding in problems(find(kept))] == [Rule.UNREADABLE_CHECK]
    with pytest.raises(ConstitutionError):  # and what comes in is still refused
        from_data({"name": "N", "principles": [ROW | {"check": check}]})


@pytest.mark.parametrize("pattern", ["?", "*", "(?P<a", "[", "\\"])
def test_a_stored_pattern_that_cannot_be_read_judges_nothing(pattern: str) -> None:
    assert complies(Check("regex", pattern), "A reply.") is None
    assert read(stored(check={"regex": pattern})).principles[0].check == Check("regex", pattern)


def test_keys_of_a_newer_studio_are_named() -> None:
    text = json.dumps({"name": "N", "licence": "CC0", "principles": [ROW | {"situations": []}, ROW | {"id": "2" * 32, "written_by": 5}]})
    assert read(text).left_out == ("`licence`", "`situations` of principle 1", "`written_by` of principle 2")
    assert read(text) == replace(read(text), left_out=())


@pytest.mark.parametrize("odd", ["a", "c3", 7, "G" * 32, "Ä" * 32, "1" * 31, "../1", " "])
def test_an_odd_id_becomes_another_one_that_is_the_same_in_every_version(odd: object) -> None:
    one, other = read(stored(id=odd)), read(stored(id=odd, statement="Else."))
    assert ID.fullmatch(one.principles[0].id) and one.principles[0].id == other.principles[0].id


def test_of_two_principles_with_one_id_the_second_has_another() -> None:
    text = json.dumps({"name": "N", "principles": [ROW, ROW, ROW | {"title": "U"}]})
    ids = [principle.id for principle in read(text).principles]
    assert len(set(ids)) == 3 and ids[0] == ROW["id"] and ids == [principle.id for principle in read(text).principles]


def test_halves_of_characters_become_a_sign_that_can_be_shown() -> None:
    kept = read('{"name":"N\\ud800","principles":[{"title":"T","statement":"\\udc00","antithesis":"b","check":{"regex":"\\ud83d"}}]}')
    assert (kept.name, kept.principles[0].statement, kept.principles[0].check) == ("N\ufffd", "\ufffd", Check("regex", "\ufffd"))


def test_what_is_encoded_is_decoded_the_same() -> None:
    principle = Principle(title="T", statement="a\nb", antithesis="“c”", check=Check("max_words", 5), id="a" * 32, written_by=WrittenBy(model="m"))
    written = Constitution(name="Ä", principles=(principle, replace(principle, id="b" * 32, check=None, written_by=None)))
    assert decode(encode(written)) == written
    assert encode(written) == json.dumps(to_data(written), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
