"""A redline as a Word document: WordprocessingML (ECMA-376) with tracked changes, so that another program can take or refuse each of them.

It is a small part of that format, written by hand: no library that is at home here writes tracked changes.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape as escape_html

from core.constitution.changes import Piece
from core.constitution.redline import Kind, Paragraph
from core.errors import ConfigError

MOST_CHARS = 1_000_000  # of a document: a full constitution has a third of that, with its scenarios; more opens slowly or not at all
STYLES = {"name": "Title", "heading": "Heading1", "label": "Heading2", "text": "Normal"}
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DOCUMENTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
MEDIA_TYPE = f"{TYPE}.document"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # that a file in an archive can have


@dataclass
class _Marks:
    """Who changed it, and when; each change has a number of its own."""

    author: str
    at: datetime
    used: int = field(default=0)

    def attributes(self) -> str:
        self.used += 1
        return f'w:id="{self.used}" w:author="{_xml(self.author)}" w:date="{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'


def docx(paragraphs: Sequence[Paragraph], author: str, at: datetime) -> bytes:
    """The document as a file.

    Args:
        paragraphs: Of the redline.
        author: Of the changes.
        at: When they were made.

    Raises:
        ConfigError: It is too large.
    """
    chars = sum(paragraph.chars for paragraph in paragraphs)
    if chars > MOST_CHARS:
        raise ConfigError(
            f"The redline has {chars:,} characters, and a DOCX holds {MOST_CHARS:,} at most. Take it as HTML or Markdown; nothing is left out there."
        )
    marks = _Marks(author or "unknown", at)
    body = "".join(_paragraph(each, marks) for each in paragraphs)
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations({"word/document.xml": f"{DOCUMENTS}/officeDocument"}),
        "word/_rels/document.xml.rels": _relations({"styles.xml": f"{DOCUMENTS}/styles", "settings.xml": f"{DOCUMENTS}/settings"}),
        "word/document.xml": f'{_HEAD}<w:document xmlns:w="{WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>',
        "word/styles.xml": _styles(),
        "word/settings.xml": f'{_HEAD}<w:settings xmlns:w="{WORD}"><w:trackRevisions/></w:settings>',
    }
    file = io.BytesIO()
    when = max(at.astimezone(UTC), EARLIEST)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, when.timetuple()[:6]), text.encode(), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _paragraph(paragraph: Paragraph, marks: _Marks) -> str:
    turned = _is_right_to_left(paragraph.pieces)
    of_mark = _of_mark(paragraph.kind, marks)
    properties = f'<w:pStyle w:val="{STYLES[paragraph.style]}"/>{"<w:bidi/>" if turned else ""}{f"<w:rPr>{of_mark}</w:rPr>" if of_mark else ""}'
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(_runs(paragraph.pieces, turned, marks))}</w:p>"


def _of_mark(kind: Kind | None, marks: _Marks) -> str:
    """A paragraph that is new, or gone, as a whole takes its end along."""
    return {"inserted": f"<w:ins {marks.attributes()}/>", "deleted": f"<w:del {marks.attributes()}/>"}.get(kind or "same", "")


def _runs(pieces: Sequence[Piece], turned: bool, marks: _Marks) -> Iterator[str]:
    for piece in pieces:
        run = _run(piece.text, "delText" if piece.kind == "deleted" else "t", turned)
        tag = {"inserted": "w:ins", "deleted": "w:del"}.get(piece.kind)
        yield f"<{tag} {marks.attributes()}>{run}</{tag}>" if tag else run


def _run(text: str, tag: str, turned: bool) -> str:
    lines = [f'<w:{tag} xml:space="preserve">{_xml(line)}</w:{tag}>' if line else "" for line in text.split("\n")]
    return f"<w:r>{'<w:rPr><w:rtl/></w:rPr>' if turned else ''}{'<w:br/>'.join(lines)}</w:r>"


def _is_right_to_left(pieces: Sequence[Piece]) -> bool:
    """Whether the first letter of the text that has a direction is of a script from right to left."""
    kinds = (unicodedata.bidirectional(sign) for piece in pieces for sign in piece.text)
    return next((kind in ("R", "AL") for kind in kinds if kind in ("L", "R", "AL")), False)


def _xml(text: str) -> str:
    """A text as XML holds it, also in an attribute; what XML cannot hold is replaced."""
    return escape_html(_NOT_XML.sub("\ufffd", text), quote=True)


def _content_types() -> str:
    parts = {"document": f"{TYPE}.document.main+xml", "styles": f"{TYPE}.styles+xml", "settings": f"{TYPE}.settings+xml"}
    named = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{kind}"/>' for name, kind in parts.items())
    relations = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'{_HEAD}<Types xmlns="{PACKAGE}/content-types">{relations}<Default Extension="xml" ContentType="application/xml"/>{named}</Types>'


def _relations(targets: dict[str, str]) -> str:
    named = "".join(f'<Relationship Id="r{i}" Type="{kind}" Target="{target}"/>' for i, (target, kind) in enumerate(targets.items(), 1))
    return f'{_HEAD}<Relationships xmlns="{PACKAGE}/relationships">{named}</Relationships>'


def _styles() -> str:
    def style(key: str, name: str, inner: str, default: str = "") -> str:
        based = "" if default else '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
        return f'<w:style w:type="paragraph"{default} w:styleId="{key}"><w:name w:val="{name}"/>{based}{inner}</w:style>'

    def headed(before: int, size: int, level: int) -> str:
        return (
            f'<w:pPr><w:keepNext/><w:spacing w:before="{before}" w:after="60"/><w:outlineLvl w:val="{level}"/></w:pPr>'
            f'<w:rPr><w:b/><w:bCs/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
        )

    normal = '<w:pPr><w:spacing w:after="120"/></w:pPr><w:rPr><w:sz w:val="22"/><w:szCs w:val="22"/></w:rPr>'
    title = '<w:rPr><w:b/><w:bCs/><w:sz w:val="40"/><w:szCs w:val="40"/></w:rPr>'
    return (
        f'{_HEAD}<w:styles xmlns:w="{WORD}">{style("Normal", "Normal", normal, default=" w:default=" + chr(34) + "1" + chr(34))}'
        f"{style('Title', 'Title', title)}"
        f"{style('Heading1', 'heading 1', headed(320, 28, 0))}{style('Heading2', 'heading 2', headed(120, 20, 1))}</w:styles>"
    )
