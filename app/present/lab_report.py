"""What the laboratory found, as one HTML file that stands by itself: no script, nothing fetched, light and dark, and made to be printed."""

from app.present.lab_parts import about_html, overview_html, principles_html, probe_html, scatter_html, title_of, verdict_html
from app.present.lab_style import STYLE
from app.present.text import escape
from core.lab.results import LabResult


def lab_html(found: LabResult) -> str:
    """The whole document."""
    title = f"{found.about.constitution.name}: is mutual information sufficient here?"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>{STYLE}</style>'
    probes = enumerate(found.records, 1)
    parts = (
        f'<h1 dir="auto">{escape(title)}</h1>{about_html(found)}',
        verdict_html(found),
        overview_html(found),
        scatter_html(found),
        principles_html(found),
        *(f"<section><h2>Probe {number}: {escape(title_of(record))}</h2>{probe_html(record)}</section>" for number, record in probes),
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>'
