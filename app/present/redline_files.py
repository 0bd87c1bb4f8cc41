"""A redline as a file: HTML that stands by itself, Markdown, or a Word document with tracked changes."""

from dataclasses import dataclass
from typing import Literal, get_args

from app.present.docx import MEDIA_TYPE, docx
from app.present.redline import redline_html, redline_markdown
from app.present.text import escape, time_html
from app.services.redlines import RedlineView

Form = Literal["html", "md", "docx"]
FORMS: tuple[Form, ...] = get_args(Form)
TYPES: dict[Form, str] = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "docx": MEDIA_TYPE}
STYLE = """
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.6 Georgia, serif; color: #211d18; background: #fff; }
h4 { margin-bottom: 0; } p { white-space: pre-wrap; margin-top: 0.25rem; overflow-wrap: anywhere; }
ins { color: #1f5a30; background: #dff0df; text-decoration: none; } del { color: #8d2a1c; background: #f8e2dc; }
ins::before { content: "+"; } del::before { content: "\\2212"; }
"""


@dataclass(frozen=True, kw_only=True)
class FileOfBytes:
    """A file to take away."""

    filename: str
    data: bytes
    type: str


def redline_file(view: RedlineView, form: Form) -> FileOfBytes:
    """The file.

    Raises:
        ConfigError: It is too large for a Word document.
    """
    stem = f"{view.of.slug}-v{view.before.number if view.before else 0}-v{view.after.number}-redline"
    if form == "docx":
        data = docx(view.paragraphs, view.after.author, view.after.created_at)
    elif form == "md":
        data = redline_markdown(view.paragraphs, f"{view.title}, {view.after.author}, {view.after.created_at:%Y-%m-%d}").encode()
    else:
        data = _html(view).encode()
    return FileOfBytes(filename=f"{stem}.{form}", data=data, type=TYPES[form])


def _html(view: RedlineView) -> str:
    who = f"<bdi>{escape(view.after.author)}</bdi> · {time_html(view.after.created_at)} · {escape(view.after.message)}"
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(view.title)}</title><style>{STYLE}</style>'
    )
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body><main><h1 dir="auto">{escape(view.title)}</h1><p>{who}</p>'
        f"{redline_html(view.paragraphs)}</main></body></html>"
    )
