"""What a reader of the exported Markdown sees are the author's words, in a real renderer."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.constitution.checks import Check
from core.constitution.files import dump_markdown, read_constitution_text
from core.constitution.normal import normal
from core.constitution.principles import Constitution, Principle
from tests.core.constitution.reading.test_round_trips import PIECES

RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"h1", "h2", "p", "strong", "em", "code", "br"}  # what a document is made of
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "&amp; &lt;b&gt; &#x3c; &nbsp;",
    "`code` ``more`` ```",
    "[x](javascript:alert(3)) ![y](http://e.example/p.png) [z]: http://e.example",
    "<http://e.example> <a@e.example>",
    "a\n===\nb\n---\nc\n***\nd",
    "a\n- b\n+ c\n* d\n1. e\n2) f",
    "a\n\n    indented\n\n\ttabbed",
    "a\n~~~\nfence\n```\nfence",
    "a\n> quoted\n# heading\n<div>\n\n</div>",
    "a | b\n---|---\nc | d",
    "~~gone~~ **bold** _it_ \\* \\",
    "two  \nlines\\\nthree",
    "<!-- hidden -->",
    "<details><summary>s</summary>",
    "a\n\xa0",
]


class _Seen(HTMLParser):
    """The text of a page and the tags in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self.text += "\n" if tag in ("br", "p", "h1", "h2") else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(markdown: str) -> _Seen:
    page = _Seen()
    page.feed(RENDER.render(markdown))
    return page


def words(text: str) -> list[str]:
    """A text as it is laid out: lines stay lines, blanks do not count. A renderer shows NUL as U+FFFD."""
    lines = [" ".join(re.sub("[ \t\xa0\u3000\ufeff]+", " ", line).split()) for line in re.split("[\n\x1c-\x1f]", normal(text))]
    return [line for line in lines if line]


def document(text: str) -> Constitution:
    title = " ".join(normal(text).split())[:100] or "T"
    principle = Principle(title=title, statement=f"x{text}", antithesis=f"y {text}", check=Check("contains", text))
    return Constitution(name=title, principles=(principle,))


def require_seen(written: Constitution) -> None:
    page = seen(dump_markdown(written))
    (principle,) = written.principles
    parts = [written.name, f"1. {principle.title}", f"Statement. {principle.statement}", f"Antithesis. {principle.antithesis}"]
    expected = [line for part in parts for line in words(part)]
    assert page.tags <= OURS
    assert words(page.text)[: len(expected)] == expected


@pytest.mark.parametrize("text", HOSTILE)
def test_the_reader_sees_what_the_author_wrote_and_nothing_runs(text: str) -> None:
    written = document(text)
    require_seen(written)
    assert read_constitution_text(dump_markdown(written), "c.md").constitution == written


@given(st.lists(st.sampled_from([*PIECES, *HOSTILE]), min_size=1, max_size=6).map("".join).map(normal))
@settings(max_examples=60, deadline=None)
def test_so_it_is_whatever_is_put_together(text: str) -> None:
    require_seen(document(text))
