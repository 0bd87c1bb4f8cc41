"""What is cited, as pages that stand by themselves: a version to read, a changelog, two versions held against each other. Links are relative."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from app.present.constitutions import changes_html, document_html, unreadable_html
from app.present.redline import redline_html, side_by_side_html
from app.present.text import count, escape, time_html
from app.services.citations import Changelog, CitedVersion, Entry
from app.services.redlines import RedlineView
from core.constitution.stored import Unreadable
from db.constitutions import VersionSummary

SCHEME = '<script>document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches)</script>'
LINKS = (("", "Constitutions"), ("write", "Write"), ("train", "Train"), ("judge", "Judge"), ("compare", "Compare"), ("lab", "Laboratory"))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What every such page has."""

    style: str
    script: str  # address of the module that copies citations, from the root
    up: str  # from the page to the root: ../ or ../../


def page_html(frame: Frame, title: str, inner: str) -> str:
    """A whole page."""
    head = (
        f'<meta charset="utf-8"><base href="{frame.up}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><link rel="icon" href="./favicon.ico"><title>{escape(title)} · Constitution Studio</title><style>{frame.style}</style>{SCHEME}'
        f'<script type="module" src="{frame.script}"></script>'
    )
    links = "".join(f'<a href="./{path}">{name}</a>' for path, name in LINKS)
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body><div class="cs-header"><div class="cs-header-in"><a class="cs-wordmark" href="./">'
        f'Constitution Studio</a><nav class="cs-nav" aria-label="Pages">{links}</nav></div></div><main class="cs-page cs-cited" id="content">{inner}</main>'
        "</body></html>"
    )


def place(slug: str, number: int | None = None, principle: int | None = None) -> str:
    """Where a citation leads, from the root."""
    at = "" if number is None else f"@{number}"
    return f"./c/{quote(slug)}{at}{f'#{principle}' if principle is not None else ''}"


def version_html(cited: CitedVersion) -> str:
    """A version to read, each principle with its own citation."""
    version, text, slug = cited.version.summary, cited.version.constitution, cited.of.slug
    said = unreadable_html(version.id, version.number, text.reason) if isinstance(text, Unreadable) else _clauses(cited)
    newer = f'This is not the newest version: <a href="{place(slug, cited.newest)}">version {cited.newest}</a> is.' if version.number != cited.newest else ""
    files = f'<a href="./versions/{version.id}.yaml">YAML</a>' if not isinstance(text, Unreadable) else ""
    return (
        f'<h1 dir="auto">{escape(cited.of.name)}, version {version.number}</h1>{_by(version)}'
        f'{f"""<p class="cs-notice">{newer}</p>""" if newer else ""}<p class="cs-actions">{_copy(slug, version.number, None)}'
        f'<a href="{_redline(slug, None, version.number)}">What it changed</a><a href="{place(slug)}">Changelog</a>'
        f'{files}</p>{said}<p class="cs-sr" role="status"></p>'
    )


def _clauses(cited: CitedVersion) -> str:
    text = cited.version.constitution
    assert not isinstance(text, Unreadable)
    slug, number = cited.of.slug, cited.version.summary.number
    head, *parts = document_html(text).split('<li class="cs-principle">')
    marked = []
    for i, part in enumerate(parts, 1):
        inner, end, after = part.rpartition("</li>")
        marked.append(f'<li class="cs-principle" id="{i}">{inner}{_copy(slug, number, i)}{end}{after}')
    return head + "".join(marked)


def _copy(slug: str, number: int, principle: int | None) -> str:
    """A citation as a link to itself, and a button that copies its address."""
    words = f"{slug}@{number}{f'#{principle}' if principle is not None else ''}"
    return (
        f'<span class="cs-cite"><a href="{place(slug, number, principle)}">{escape(words)}</a> '
        f'<button type="button" class="cs-link" data-copy aria-label="Copy link to {escape(words)}">Copy link</button></span>'
    )


def _by(version: VersionSummary) -> str:
    return (
        f'<p class="cs-quiet"><bdi>{escape(version.author)}</bdi> · {time_html(version.created_at)}</p>'
        f'<p class="cs-text" dir="auto">{escape(version.message)}</p>'
    )


def changelog_html(log: Changelog) -> str:
    """Every version: who, when, why, and what it changed."""
    entries = "".join(_entry(log, entry) for entry in log.entries)
    none = "" if log.entries else '<p class="cs-quiet">No version was saved yet.</p>'
    links = f'<a href="./write?constitution={log.of.id}">Write</a><a href="./amend?constitution={log.of.id}">Amendments</a>'
    return (
        f'<h1 dir="auto">Changelog of {escape(log.of.name)}</h1><p class="cs-quiet">{count(len(log.entries), "version")}, newest first.</p>'
        f'<p class="cs-actions">{links}</p>{none}{entries}<p class="cs-sr" role="status"></p>'
    )


def _entry(log: Changelog, entry: Entry) -> str:
    version, slug = entry.version, log.of.slug
    told = changes_html(entry.change) if entry.change is not None else f'<p class="cs-quiet">{escape(entry.why_not)}</p>'
    return (
        f'<section class="cs-entry" aria-labelledby="version-{version.number}"><h2 id="version-{version.number}">'
        f'<a href="{place(slug, version.number)}">Version '
        f"{version.number}</a></h2>{_by(version)}<details><summary>What it changed</summary>{told}</details>"
        f'<p class="cs-actions"><a href="{_redline(slug, None, version.number)}">Redline</a></p></section>'
    )


def redline_page_html(view: RedlineView, versions: Sequence[VersionSummary], beside: bool) -> str:
    """Two versions as one document, or beside each other; which two can be chosen."""
    slug, after = view.of.slug, view.after.number
    before = view.before.number if view.before is not None else None
    shown = side_by_side_html(view.paragraphs, f"Version {before}" if before else "Nothing", f"Version {after}") if beside else redline_html(view.paragraphs)
    other = _redline(slug, before, after, "" if beside else "sides")
    files = "".join(f'<a href="{_redline(slug, before, after, "", form)}" download>{name}</a>' for form, name in FILES.items())
    return (
        f'<h1 dir="auto">{escape(view.title)}</h1>{_by(view.after)}{_choice(view, versions, beside)}<p class="cs-actions">'
        f'<a href="{other}">{"One text" if beside else "Side by side"}</a>{files}<a href="{place(slug)}">Changelog</a></p>{shown}'
    )


FILES = {"docx": "Word (DOCX, tracked changes)", "md": "Markdown", "html": "HTML"}


def _choice(view: RedlineView, versions: Sequence[VersionSummary], beside: bool) -> str:
    def options(chosen: int | None) -> str:
        return "".join(f'<option value="{each.number}"{" selected" if each.number == chosen else ""}>Version {each.number}</option>' for each in versions)

    view_field = '<input type="hidden" name="view" value="sides">' if beside else ""
    before = view.before.number if view.before is not None else None
    return (
        f'<form class="cs-two" action="./c/{quote(view.of.slug)}/redline"><div class="cs-field"><label for="redline-from">From</label>'
        f'<select class="cs-input" id="redline-from" name="from">{options(before)}</select></div><div class="cs-field"><label for="redline-to">To</label>'
        f'<select class="cs-input" id="redline-to" name="to">{options(view.after.number)}</select></div>{view_field}'
        '<button class="cs-button">Compare</button></form>'
    )


def _redline(slug: str, before: int | None, after: int, view: str = "", form: str = "") -> str:
    named = "&amp;".join([*([f"from={before}"] if before is not None else []), f"to={after}", *([f"view={view}"] if view else [])])
    return f"./c/{quote(slug)}/redline{f'.{form}' if form else ''}?{named}"
