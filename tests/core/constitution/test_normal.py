"""What can be seen of a text, and what turns it around."""

import pytest

from core.constitution.findings import Rule, find, problems
from core.constitution.normal import closed, is_unseen, repaired_data, turn_in
from core.constitution.principles import Constitution, Principle

UNSEEN = [
    "",
    " ",
    "\u200b",
    "\u200b\u200d\ufeff",
    "\u202e",
    "\u2066\u2069",
    "\x07",
    "\u3164",
    "\u115f\u1160",
    "\u2800",
    "\ufe0f",
    "\u034f",
    "\u00ad",
    "\U000e0041",
    "\u061c \u200f",
]


@pytest.mark.parametrize("text", UNSEEN)
def test_a_name_or_a_title_of_nothing_that_can_be_seen_is_none(text: str) -> None:
    assert is_unseen(text)
    found = problems(find(Constitution(name=text, principles=(Principle(title=text, statement="a", antithesis="b"),))))
    assert {Rule.NO_NAME, Rule.NO_TITLE} <= {finding.rule for finding in found}


@pytest.mark.parametrize("text", ["a", "\u200ba", "é", "😀", "👩‍👩‍👧", "漢", "\u05d0", "\ue000", "\ufffd", ".", "0\ufe0f\u20e3"])
def test_what_can_be_seen_is_a_name(text: str) -> None:
    assert not is_unseen(text)


@pytest.mark.parametrize("c", ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068"])
def test_a_name_or_title_that_turns_what_follows_has_to_be_put_right(c: str) -> None:
    found = problems(find(Constitution(name=f"N{c}x", principles=(Principle(title=f"T{c}x", statement=f"a{c}", antithesis="b"),))))
    assert [(f.field, f.rule) for f in found] == [("name", Rule.UNREADABLE_CHARACTER), ("title", Rule.UNREADABLE_CHARACTER)]
    assert all(f"U+{ord(c):04X}, which turns the direction" in f.message for f in found)


@pytest.mark.parametrize("name", ["\u200fعربي", "\u05d0\u200e (1)", "עברית", "\u061cب"])
def test_letters_and_marks_of_either_direction_are_no_such_turn(name: str) -> None:
    assert turn_in(name) is None and closed(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\u202eb\u202c"),
        ("a\u202eb\u202cc", "a\u202eb\u202cc"),
        ("\u2067a\u202eb", "\u2067a\u202eb\u202c\u2069"),
        ("\u2067a\u202eb\u2069c", "\u2067a\u202eb\u2069c"),
        ("a\u202c\u2069b", "a\u202c\u2069b"),
        ("\u202ea\nb", "\u202ea\u202c\nb"),
    ],
)
def test_what_turns_the_direction_is_closed_where_its_text_ends(text: str, shown: str) -> None:
    assert closed(text) == shown


def test_halves_of_characters_are_repaired_in_keys_and_lists_too() -> None:
    assert repaired_data({"a\ud800": ["\ud83d\ude00", 1, None]}) == {"a\ufffd": ["😀", 1, None]}
