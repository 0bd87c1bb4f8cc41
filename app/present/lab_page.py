"""What a battery of the laboratory found, on its page: as the file that is taken along has it, with each probe in a fold."""

from app.present.lab_parts import about_html, came_out, overview_html, principles_html, probe_html, scatter_html, title_of, verdict_html
from app.present.text import escape
from core.lab.results import LabResult
from core.lab.values import ProbeRecord


def found_html(found: LabResult) -> str:
    """The verdict first, then figures, then probe by probe."""
    probes = "".join(map(_fold, found.records))
    return (
        f"{about_html(found)}{verdict_html(found)}{overview_html(found)}{scatter_html(found)}{principles_html(found)}"
        f"<section><h2>Probe by probe</h2>{probes}</section>"
    )


def _fold(record: ProbeRecord) -> str:
    summary = f'<summary><h3>{escape(title_of(record))}</h3> <span class="quiet">{escape(came_out(record))}</span></summary>'
    return f'<details class="cs-fold" data-fold="probe-{escape(record.key)}">{summary}{probe_html(record)}</details>'
