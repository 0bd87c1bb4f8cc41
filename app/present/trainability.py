"""The verdict on trainability as lines for a terminal and as HTML for the pages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.present.text import escape

if TYPE_CHECKING:  # its module loads torch, which the web process never does
    from core.trainability import Trainability

WORDS = {"go": "go", "weak": "a weak link", "no-go": "no-go"}
MARKS = {"go": "✓", "weak": "~", "no-go": "✕"}


def trainability_lines(found: "Trainability") -> list[str]:
    """The verdict, the reason for each principle, and what to mind."""
    return [f"Before training: {WORDS[found.verdict]}.", *(link.reason for link in found.principles), *found.notes]


def trainability_html(found: Mapping[str, Any]) -> str:
    """The same for a page, from plain data as a run's row keeps it."""
    verdict = str(found["verdict"])
    reasons = "".join(f"<li>{escape(str(link['reason']))}</li>" for link in found["principles"])
    notes = "".join(f"<li>{escape(str(note))}</li>" for note in found["notes"])
    return (
        f'<div class="cs-link" data-verdict="{escape(verdict)}"><p><span aria-hidden="true">{MARKS[verdict]}</span> '
        f"Before training: {WORDS[verdict]}.</p><ul>{reasons}{notes}</ul></div>"
    )
