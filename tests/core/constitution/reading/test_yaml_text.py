"""YAML as people write it by hand: each value is the text that stands there, or the file is refused with the line."""

import time

import pytest

from core.constitution.reading.json_text import read_json
from core.constitution.reading.yaml_text import read_yaml
from core.errors import ConstitutionError


@pytest.mark.parametrize("written", ["Yes", "no", "on", "007", "1e3", "0x10", "2026-11-26", "12:30:45", "~", "null", "True", "1_000", ".5", ".inf", "="])
def test_a_value_without_quotes_is_the_text_that_stands_there(written: str) -> None:
    assert read_yaml(f"starts_with: {written}\n").data == {"starts_with": written}


@pytest.mark.parametrize("written", ["Yes", "010", "~", "2026-11-26"])
def test_where_other_programs_would_read_another_thing_that_is_said(written: str) -> None:
    (note,) = read_yaml(f"a: b\nstarts_with: {written}\n").notes
    assert written in note and "line 2" in note
    assert read_yaml(f"starts_with: '{written}'\n").notes == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("statement: Name C# and #tags.\n", 1),
        ("a: b\nstatement: Use the C#\n  #region mark.\n", 3),
        ("principles:\n- Answer #1 first\n", 2),
        ("principles: [Be kind #always\n]\n", 1),
        ("statement: # 5 of them\n", 1),
        ("title: Brief  # for now\n", 1),
        ("a: Write\n  C# and\n  F #too\n", 3),
    ],
)
def test_a_comment_that_would_cut_a_text_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ConstitutionError, match=rf"In line {line} YAML takes `#.* for a comment.*quotes"):
        read_yaml(text)


def test_other_comments_are_left_out_and_said() -> None:
    text = '# head\nname: "N"  # mine\nprinciples: # two\n  # the first\n  - title: a\n    # what follows\n    check:\n      max_words: 20 # short\n'
    read = read_yaml(text)
    assert read.data == {"name": "N", "principles": [{"title": "a", "check": {"max_words": "20"}}]}
    assert read.notes == ("Comments are left out, in line 1, 2, 3, 4, 6, 8.",)


def test_hashes_that_are_no_comments_stay() -> None:
    assert read_yaml("a: C#\nb: a#b\nc: \"x # y\"\nd: |\n  x # y\n  # z\ne: 'it # is'\n") == (
        read_yaml("a: 'C#'\nb: 'a#b'\nc: 'x # y'\nd: \"x # y\\n# z\\n\"\ne: \"it # is\"\n")
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- title: a\n  statement: b\n  title: c\n", r"`title` in line 3 stands in line 1 already.*put `- `"),
        ("name: a\nname: b\n", "`name` in line 2 stands in line 1 already"),
        ("check: {max_words: 1, max_words: 2}", "`max_words` in line 1"),
        ("a: *b\n", "alias.*quotes"),
        ("a: &b c\n", "anchor.*quotes"),
        ("a: !important now\n", "tag.*quotes"),
        ("a: !!int 3\n", "tag"),
        ("<<: {a: b}\n", "merges"),
        ("? [a]\n: b\n", "key in line 1"),
        ("a: b\n---\nc: d\n", "second document begins in line 2"),
        ("a:\n\t- b\n", "a tab stands in line 2.*Indent with blanks"),
        ("a: note: b\n", "needs quotes"),
        ('a: "\\uD83D"\n', "Line 1 holds half a character"),
        ('a: "\\uDE00\\uD83D"\n', "half a character"),
        ("[" + "1," * 30_000 + "]", "more than 20,000 values"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
    ],
)
def test_what_would_be_dropped_or_changed_is_refused_with_the_place(text: str, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        read_yaml(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: b\nc: d\x1be\n", r"Line 2 holds U\+001B, a character that cannot be read. Remove it"),
        ("a: b\t\n", "a tab stands in line 1.*no tab at the end of a line"),
        ("a: *calm* voices\n", "in line 1. Put texts with signs in quotes"),
        ("a: @home be calm\n", "in line 1. Put texts with signs in quotes"),
        ("a: > calm\n", "in line 1. Put texts with signs in quotes"),
    ],
)
def test_what_is_no_yaml_is_refused_with_the_line_and_what_to_do(text: str, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        read_yaml(text)


def test_a_file_full_of_comments_is_read_at_once_and_not_each_of_them_is_named() -> None:
    began = time.monotonic()
    read = read_yaml("a: b\n" + "# a line\n" * 30_000)
    assert time.monotonic() - began < 5 and read.data == {"a": "b"}
    assert read.notes[0].endswith("20, 21 and 29,980 more.")


@pytest.mark.parametrize("c", ["\x85", "\u2028", "\u2029"])
def test_line_ends_that_yaml_folds_away_stay_in_the_text(c: str) -> None:
    assert read_yaml(f"a: one{c}two\nb: |\n  one{c}two\nc: 'one{c}two'\n").data == {"a": f"one{c}two", "b": f"one{c}two\n", "c": f"one{c}two"}


def test_two_halves_of_a_character_become_one_and_old_line_ends_are_read() -> None:
    assert read_yaml('\ufeffa: "\\uD83D\\uDE00"\rb: c\r').data == {"a": "😀", "b": "c"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"name": "N", "name": "M"}', "'name'.*stands twice"),
        ('{"principles": [{"title": "A", "statement": "a", "statement": "b"}]}', "'statement' of the object with 'A' stands twice"),
        ('{"a": NaN}', "`NaN` is no number"),
        ('{"a": -Infinity}', "`-Infinity` is no number"),
        ('{"a": ' + "9" * 5000 + "}", "cannot be read|can be read"),
        ('["\\udc00"]', "half a character"),
    ],
)
def test_json_that_says_two_things_or_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        read_json(text)
