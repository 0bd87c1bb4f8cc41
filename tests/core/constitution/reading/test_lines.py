"""Lines of text: what is left out of them, and what is no list of lines."""

import time

import pytest

from core.constitution.reading.lines import read_lines
from core.errors import FileError


def lines(text, name="a.txt"):
    return [line for _, line in read_lines(text, name)[0]]


@pytest.mark.parametrize("marks", ["- [ ] |- [x] ", "+ |+ ", "– |– ", "(1) |(2) ", "a) |b) ", "1\t|2\t", "1、|2、", "① |② "])
def test_list_marks_of_every_kind_are_left_out(marks):
    first, second = marks.split("|")
    assert lines(f"{first}Why so?\n{second}How so?\n") == ["Why so?", "How so?"]


def test_a_header_and_a_byte_order_mark_are_no_queries():
    found, notes = read_lines("Question\nWhy so?\n\ufeff\nHow so?", "a.txt")
    assert ([line for _, line in found], notes) == (["Why so?", "How so?"], ("the first line, `Question`, is a header and was left out",))


@pytest.mark.parametrize("text", ["Translate: bread\n\nSum up: the text\n", "-5 + 3?\n-4 + 2?", "train\nWhy so?"])
def test_what_is_asked_is_left_as_it_is(text):
    assert lines(text) == [line for line in text.split("\n") if line]


def test_remarks_are_asked_and_said():
    assert read_lines("# Food\nWhy so?", "a.txt")[1] == ("1 of 2 lines begin with `#` or `//`; they are asked like the others",)


@pytest.mark.parametrize("text", ['asked = [\n  "Why so?",\n]', "['Why so?', 'How so?']", '"Why so?",\n"How so?"\n', "[\n  {query: 'Why so?'}\n]"])
def test_a_list_of_a_program_is_refused(text):
    with pytest.raises(FileError, match="looks like a list"):
        read_lines(text, "a.txt")


def test_long_lines_of_blanks_take_no_time():
    began = time.monotonic()
    assert len(lines((" " * 20_000 + "x\n") * 20)) == 20
    assert time.monotonic() - began < 2
