"""A redline as HTML, as a page of two columns, and as Markdown. The Word document is made in `docx.py`."""

import re
from collections.abc import Iterable, Sequence

from app.present.text import escape, pieces_html
from core.constitution.changes import Piece
from core.constitution.redline import Paragraph

TAGS = {"name": "h2", "heading": "h3", "label": "h4", "text": "p"}
MARKS = {"name": "# ", "heading": "## ", "label": "### ", "text": ""}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#&~|])")
LEGEND = "Marked − and struck out is what only the earlier text says, marked + what only the later one says."


def redline_html(paragraphs: Sequence[Paragraph]) -> str:
    """The whole document, each change marked where it stands."""
    shown = "".join(_element(each, pieces_html(each.pieces)) for each in paragraphs)
    return f'<p class="cs-quiet">{LEGEND}</p><div class="cs-diff cs-redline">{shown}</div>'


def side_by_side_html(paragraphs: Sequence[Paragraph], before: str, after: str) -> str:
    """The two texts beside each other, paragraph by paragraph; what only one of them has is marked there."""
    rows = "".join(f"<tr>{_cell(each, later=False)}{_cell(each, later=True)}</tr>" for each in paragraphs)
    head = f'<thead><tr><th scope="col">{escape(before)}</th><th scope="col">{escape(after)}</th></tr></thead>'
    return f'<p class="cs-quiet">{LEGEND}</p><table class="cs-diff cs-sides">{head}<tbody>{rows}</tbody></table>'


def _cell(paragraph: Paragraph, later: bool) -> str:
    pieces = paragraph.side(later)
    return f"<td>{_element(paragraph, pieces_html(pieces)) if pieces else ''}</td>"


def _element(paragraph: Paragraph, inner: str) -> str:
    tag = TAGS[paragraph.style]
    return f'<{tag} class="cs-redline-{paragraph.style}{" cs-text" if paragraph.style == "text" else ""}" dir="auto">{inner}</{tag}>'


def redline_markdown(paragraphs: Iterable[Paragraph], title: str) -> str:
    """The document as Markdown with `<ins>` and `<del>`, which viewers of Markdown show; what was written is escaped."""
    blocks = [f"{MARKS[each.style]}{''.join(_marked(piece, each.style == 'text') for piece in each.pieces)}" for each in paragraphs]
    return "\n\n".join([f"*{_plain(title)}*", *blocks]) + "\n"


def _marked(piece: Piece, has_lines: bool) -> str:
    text = _plain(piece.text).replace("\n", "<br>\n" if has_lines else " ")
    tag = {"inserted": "ins", "deleted": "del"}.get(piece.kind)
    return f"<{tag}>{text}</{tag}>" if tag else text


def _plain(text: str) -> str:
    """A text that Markdown shows as it was written."""
    escaped = _MARKDOWN.sub(lambda sign: {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign[0], f"\\{sign[0]}"), text)
    return re.sub(r"(?m)^(\s*)([-+]|\d+(?=[.)]))", lambda at: f"{at[1]}\\{at[2]}" if not at[2].isdigit() else at[0], escaped)
