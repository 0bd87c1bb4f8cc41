"""Constitutions as prose and lists: each principle is one, its text is the text, and what is no principle is none."""

import time

import pytest

from core.constitution.files import ConstitutionReading, read_constitution_text
from core.errors import ConstitutionError


def read(text: str, filename: str = "house.txt") -> ConstitutionReading:
    return read_constitution_text(text, filename)


def statements(text: str, filename: str = "house.txt") -> list[str]:
    return [p.statement for p in read(text, filename).constitution.principles]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("1. ", "2. "),
        ("1) ", "2) "),
        ("(1) ", "(2) "),
        ("[1] ", "[2] "),
        ("1 - ", "2 - "),
        ("1.1 ", "1.2 "),
        ("2.1.1. ", "2.1.2. "),
        ("a) ", "b) "),
        ("A. ", "B. "),
        ("(i) ", "(ii) "),
        ("IV. ", "V. "),
        ("Article 1: ", "Article 2: "),
        ("Principle I. ", "Principle II. "),
        ("•\t", "•\t"),
        ("· ", "· "),
        ("– ", "– "),
        ("- [ ] ", "- [x] "),
        ("一、", "二、"),
        ("（1）", "（2）"),
        ("①", "②"),
        ("●", "●"),
    ],
)
def test_whatever_marks_the_items_each_is_a_principle(one: str, two: str) -> None:
    assert statements(f"{one}Hum low.\n{two}Sing high.\n") == ["Hum low.", "Sing high."]
    assert statements(f"Our choir:\n\n{one}Hum low.\n\n{two}Sing\n   high.\n") == ["Hum low.", "Sing\nhigh."]


@pytest.mark.parametrize(
    "text",
    ["A. Lincoln said so, and we hold with it.", "3 - 5 songs are enough.", "I. e. hum.", "In the year\n12. we sang,\nand\n14. we hummed.", "1.5 is too loud."],
)
def test_what_only_looks_like_a_mark_stays_in_its_text(text: str) -> None:
    assert statements(text + "\n") == [text]
    assert statements(f"Hum.\n\n{text}\n") == ["Hum.", text]


def test_a_text_that_leads_to_a_list_is_left_out_and_named_and_others_stay() -> None:
    reading = read("# Choir\n\nWe agreed on this:\n- Hum low.\n- Sing high,\nvery high.\n\nBoth hold at night.\n", "c.md")
    assert [p.statement for p in reading.constitution.principles] == ["Hum low.", "Sing high,\nvery high.", "Both hold at night."]
    assert reading.constitution.name == "Choir" and reading.ignored == ("the text before a list, “We agreed on this:”",)


@pytest.mark.parametrize("rest", ["\n- Hum low.\n- Sing high.\n", "\n1.\tHum low.\n2.\tSing high.\n", "\nHum low.\nSing high.\n"])
def test_a_line_above_the_list_names_the_whole(rest: str) -> None:
    reading = read(f"The choir's rules\n{rest}")
    assert reading.constitution.name == "The choir's rules" and len(reading.constitution.principles) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hum low.\nSing high!\nRest.\n", ["Hum low.", "Sing high!", "Rest."]),
        ("Hum low\nSing high\n", ["Hum low", "Sing high"]),
        ("低声哼。\n高声唱。\n", ["低声哼。", "高声唱。"]),
        ("We hum low whenever\nthe moon is up.\n", ["We hum low whenever\nthe moon is up."]),
        ("We hum low, and\nMary sings.\n", ["We hum low, and\nMary sings."]),
    ],
)
def test_lines_are_principles_where_each_is_a_sentence_and_one_where_they_go_on(text: str, expected: list[str]) -> None:
    reading = read(text)
    assert [p.statement for p in reading.constitution.principles] == expected
    assert any("each is a principle" in note for note in reading.notes) == (len(expected) > 1)


@pytest.mark.parametrize("rule", ["---", "***", "* * *", "___"])
def test_lines_across_the_page_are_no_text(rule: str) -> None:
    text = f"## Noise\n\nHum low.\n\n{rule}\n\n## Song\n\nSing high.\n\n{rule}\n"
    assert statements(text, "c.md") == ["Hum low.", "Sing high."]
    assert statements(f"Hum low.\n\n{rule}\n\nSing high.\n") == ["Hum low.", "Sing high."]


def test_comments_are_left_out_and_said_but_for_those_in_code() -> None:
    text = "## Noise\n<!-- of\nlast year -->\n\nHum <!-- very --> low.\n\n## Song\n\nUse `<!-- x -->`:\n\n```\n<!-- y -->\n```\n"
    reading = read(text, "c.md")
    assert [p.statement for p in reading.constitution.principles] == ["Hum  low.", "Use `<!-- x -->`:\n\n```\n<!-- y -->\n```"]
    assert any("Comments" in note for note in reading.notes)
    assert statements("Hum <!-- low.\n") == ["Hum <!-- low."]


def test_lines_in_bold_are_headings_where_there_are_no_others() -> None:
    reading = read("**Noise**\n\nHum low.\n\n__Song:__\n\nSing high.\n")
    assert [(p.title, p.statement) for p in reading.constitution.principles] == [("Noise", "Hum low."), ("Song:", "Sing high.")]


@pytest.mark.parametrize("item", ["**Noise** – Hum low.", "**Noise:** Hum low.", "__Noise__. Hum low.", "**Noise**\nHum low."])
def test_an_item_has_its_title_in_itself(item: str) -> None:
    reading = read(f"- {item}\n- Sing.\n")
    assert (reading.constitution.principles[0].title, reading.constitution.principles[0].statement) == ("Noise", "Hum low.")


def test_one_text_has_the_heading_as_its_title_and_one_item_loses_its_mark() -> None:
    assert [(p.title, p.statement) for p in read("# Noise\n\nHum low.\n").constitution.principles] == [("Noise", "Hum low.")]
    assert [(p.title, p.statement) for p in read("## Noise\n\n- Hum low.\n\n## Song\n\nSing.\n").constitution.principles] == [
        ("Noise", "Hum low."),
        ("Song", "Sing."),
    ]


def test_a_table_is_refused() -> None:
    with pytest.raises(ConstitutionError, match="table is not read as principles"):
        read("# Choir\n\n| Do | Not |\n|---|:--|\n| Hum | Shout |\n", "c.md")


@pytest.mark.parametrize(
    "text", ["\n" * 100_000 + "Hum.", "# a" + " " * 100_000 + "x\n\nHum.\n\n# b\n\nHum.", "## " + "{" * 100_000 + "\n\nHum.", "<!--" * 50_000]
)
def test_long_and_odd_texts_are_read_at_once(text: str) -> None:
    began = time.monotonic()
    assert read(text).constitution.principles and time.monotonic() - began < 5
