"""The Write page's Markdown: word for word as it was written, by its marks after somebody edited it, and refused where nobody can say what is what."""

import pytest

from core.constitution.checks import Check
from core.constitution.files import dump_markdown, read_constitution_text
from core.constitution.principles import Constitution, Principle
from core.errors import ConstitutionError

CALM = Principle(title="Calm", statement="Stay calm.", antithesis="Shout.", check=Check("max_words", 30))
WARM = Principle(title="Warm", statement="Be warm.\n\nAlways *so*.", antithesis="Be cold.", check=Check("excludes", "`no`"))
HOUSE = Constitution(name="House", principles=(CALM, WARM))


@pytest.mark.parametrize("text", ["a\n", "\na", "\n\na\n\nb\n\n", "\\n", "a\\n\n", "\n", "\n\\\n"])
def test_line_ends_at_the_edges_of_a_text_come_back(text: str) -> None:
    written = Constitution(name="N", principles=(Principle(title="T", statement=text, antithesis=text),))
    assert read_constitution_text(dump_markdown(written), "c.md").constitution == written


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## 2. Warm", "## 3. Warm"),
        ("## 2. Warm", "## Warm"),
        ("# House\n", "\n\n# House\n"),
        ("**Statement.** Stay calm.\n\n", "**Statement.** Stay calm.\n"),
        ("**Statement.** Stay", "**Statement:** Stay"),
        ("**Antithesis.** Shout.", "__Antithesis__:\n\nShout.  "),
        ("*Check:* `max_words: 30`", "**Check:** max_words: 30"),
        ("*Check:* `max_words: 30`", "*Check:* `max_words: 30`  "),
        ("## 1. Calm\n\n", "## 1. Calm\n"),
    ],
)
def test_an_edited_document_is_read_by_its_marks(old: str, new: str) -> None:
    text = dump_markdown(HOUSE)
    assert old in text
    reading = read_constitution_text(text.replace(old, new), "c.md")
    assert reading.constitution == HOUSE and reading.format.startswith("Markdown, as the Write page gives it")


def test_a_principle_that_was_cut_out_leaves_the_others_as_they_are() -> None:
    text = dump_markdown(HOUSE)
    begin, end = text.index("## 1."), text.index("## 2.")
    assert read_constitution_text(text[:begin] + text[end:], "c.md").constitution.principles == (WARM,)


def test_what_an_edited_document_says_before_its_principles_is_left_out_and_named() -> None:
    text = dump_markdown(HOUSE).replace("# House\n", "# House\n\nWhat holds at home.\n")
    reading = read_constitution_text(text, "c.md")
    assert reading.constitution == HOUSE and "What holds at home." in reading.ignored[0]


def test_a_text_without_its_opposite_is_a_draft() -> None:
    reading = read_constitution_text("# N\n\n## Calm\n\n**Statement:** Stay calm.\n", "c.md")
    assert reading.constitution.principles == (Principle(title="Calm", statement="Stay calm.", antithesis=""),)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("*Check:* `max_words: 30`\n", "*Check:* `max_words: 30`\n\nTaken from the old rules.\n", "check of principle 1 stands “Taken from the old rules.”"),
        ("## 2. Warm\n\n", "", "statement stands below the heading “Calm” a second time"),
        ("## 2. Warm\n\n", "## 2. Warm\n\nA word before.\n\n", "Principle 2, “Warm”, holds “A word before.”"),
        ("## 2. Warm\n\n", "## Why\n\nBecause.\n\n## 2. Warm\n\n", "Principle 2, “Why”, has no statement"),
        ("# House\n\n## 1. Calm\n\n", "", "statement stands before any heading"),
    ],
)
def test_a_text_that_belongs_to_nothing_is_refused_and_never_becomes_a_part_of_another(old: str, new: str, says: str) -> None:
    text = dump_markdown(HOUSE)
    assert old in text
    with pytest.raises(ConstitutionError, match=says):
        read_constitution_text(text.replace(old, new), "c.md")
