"""A redline as a Word document: its XML, what stands in it, and what it refuses."""

import io
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from app.present import docx as module
from app.present.docx import WORD, docx
from app.present.redline import redline_markdown, side_by_side_html
from core.constitution.principles import Constitution, Principle
from core.constitution.redline import Paragraph, redline
from core.errors import ConfigError

W = f"{{{WORD}}}"
AT = datetime(2026, 11, 28, 3, 4, 5, tzinfo=UTC)
HOSTILE = "Say <w:t>&amp; \x01\ud800 “no”\nto 你好 and שלום."


def texts() -> tuple[Paragraph, ...]:
    old = Principle(id="a" * 32, title="Be brief", statement="Answer in one sentence.", antithesis=HOSTILE)
    new = Principle(id="a" * 32, title="Be brief", statement="Answer in one short sentence.", antithesis=HOSTILE)
    gone = Principle(id="b" * 32, title="Gone", statement="שלום לכולם", antithesis="Never.")
    return redline(Constitution(name="Brevity", principles=(old, gone)), Constitution(name="Brevity", principles=(new,)))


def body_of(data: bytes) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))  # each part is whole XML
        return ElementTree.fromstring(archive.read("word/document.xml"))


def text_of(body: ElementTree.Element, rejected: bool) -> str:
    """The text as a program leaves it that takes every change, or refuses every one."""
    gone = f"{W}ins" if rejected else f"{W}del"
    for parent in list(body.iter()):
        for child in [each for each in parent if each.tag == gone]:
            parent.remove(child)
    return "".join(each.text or "" for each in body.iter() if each.tag in (f"{W}t", f"{W}delText"))


def test_every_change_says_who_made_it_and_when_and_has_a_number_of_its_own():
    body = body_of(docx(texts(), 'Ann "A" <&>', AT))
    changes = [each for each in body.iter() if each.tag in (f"{W}ins", f"{W}del")]
    assert {each.get(f"{W}author") for each in changes} == {'Ann "A" <&>'}
    assert {each.get(f"{W}date") for each in changes} == {"2026-11-28T03:04:05Z"}
    assert len({each.get(f"{W}id") for each in changes}) == len(changes) > 5


def test_taking_every_change_gives_the_later_text_and_refusing_every_one_the_earlier():
    data = docx(texts(), "Ann", AT)
    later, earlier = text_of(body_of(data), rejected=False), text_of(body_of(data), rejected=True)
    assert "Answer in one short sentence." in later and "Gone" not in later and "שלום לכולם" not in later
    assert "Answer in one sentence." in earlier and "2. Gone" in earlier
    assert "Say <w:t>&amp; \ufffd\ufffd “no”to 你好 and שלום." in later


def test_what_is_written_from_right_to_left_is_set_so():
    body = body_of(docx(texts(), "Ann", AT))
    turned = [each for each in body.iter(f"{W}p") if each.find(f"{W}pPr/{W}bidi") is not None]
    assert ["".join(run.text or "" for run in each.iter(f"{W}delText")) for each in turned] == ["שלום לכולם"]


def test_one_that_is_too_large_is_refused_with_the_ways_on(monkeypatch):
    monkeypatch.setattr(module, "MOST_CHARS", 50)
    with pytest.raises(ConfigError, match=r"a DOCX holds 50 at most\. Take it as HTML or Markdown"):
        docx(texts(), "Ann", AT)


def test_markdown_and_columns_escape_what_was_written():
    markdown = redline_markdown(texts(), "Brevity: version 1 to version 2")
    assert "Answer in one <ins>short </ins>sentence." in markdown and "<del>2. </del>" in markdown and "Say &lt;w:t&gt;&amp;amp;" in markdown
    assert "<w:t>" not in side_by_side_html(texts(), "Version 1", "Version 2")
