"""Pages that are cited, and redlines as files. They are plain HTML, readable without a script, and stand behind the checks of app/web/security.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.present.citations import Frame, changelog_html, page_html, redline_page_html, version_html
from app.present.redline_files import FORMS, redline_file
from app.services import citations as service
from app.services.addresses import Named, find
from app.services.constitutions import history
from app.services.redlines import RedlineView, redline_of
from app.services.studio import RefusedError, Studio
from app.web.downloads import RowId
from app.web.modules import ASSETS, address
from core.errors import StudioError

STYLES = ("tokens.css", "studio.css", "constitutions.css", "write.css", "endpoints.css", "cited.css")
NOT_KEPT = {"Cache-Control": "no-store"}  # who may read it is asked each time

From = Annotated[str, Query(alias="from")]


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Add the addresses; call it before the pages are mounted, which answer everything else."""

    @app.get("/versions/{version_id}")
    def version(version_id: RowId) -> Response:
        with _in_words():
            cited = service.citation_of(studio, version_id)
        return RedirectResponse(f"../c/{quote(cited.slug)}@{cited.number}", 307, NOT_KEPT)

    @app.get("/c/{cited}")
    def cited(cited: str) -> Response:
        with _in_words():
            citation = service.read_citation(cited)
            of = find(studio, citation.slug)
            if of.slug != citation.slug:  # it was renamed
                return RedirectResponse(f"./{quote(str(service.Citation(of.slug, citation.number)))}", 307, NOT_KEPT)
            if citation.number is None:
                return _page("../", f"{of.name}, changelog", changelog_html(service.changelog(studio, of.id)))
            found = service.cited_version(studio, citation)
            return _page("../", f"{of.name}, version {found.version.summary.number}", version_html(found))

    @app.get("/c/{slug}/redline")
    def redline(slug: str, to: str = "", view: Literal["", "sides"] = "", before: From = "") -> Response:
        with _in_words():
            of, shown = _redline(studio, slug, before, to)
            return _page("../../", shown.title, redline_page_html(shown, history(studio, of.id), view == "sides"))

    @app.get("/c/{slug}/redline.{form}")
    def redline_as_file(slug: str, form: str, to: str = "", before: From = "") -> Response:
        kind = next((known for known in FORMS if known == form), None)
        if kind is None:
            raise HTTPException(404, f"There is no redline as .{form[:10]}. Take one of {', '.join(FORMS)}.")
        with _in_words():
            file = redline_file(_redline(studio, slug, before, to)[1], kind)
        named = f"attachment; filename*=UTF-8''{quote(file.filename)}"
        return Response(file.data, media_type=file.type, headers={"Content-Disposition": named, **NOT_KEPT})


def _redline(studio: Studio, slug: str, before: str, after: str) -> tuple[Named, RedlineView]:
    of = find(studio, slug)
    return of, redline_of(studio, of.id, _number(before), _number(after))


def _number(text: str) -> int | None:
    """The number of a version, as an address names it; None where it names none."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= service.MOST_DIGITS):
        raise RefusedError(f"{text[:40]!r} is no number of a version. Write from=1 and to=2, or leave them out.")
    return int(text)


def _page(up: str, title: str, inner: str) -> HTMLResponse:
    frame = Frame(style=_style(), script=address("cite.js"), up=up)
    return HTMLResponse(page_html(frame, title, inner), headers=NOT_KEPT)


@cache
def _style() -> str:
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise HTTPException(404, str(error)) from error
    except StudioError as error:
        raise HTTPException(400, str(error)) from error
