"""What a page or a script is told about amendments."""

from dataclasses import dataclass
from typing import Literal

from app.services.amendment_views import AmendmentLine


@dataclass(frozen=True, kw_only=True)
class AmendOpened:
    """The amendments of a constitution, or one of them."""

    kind: Literal["page"] = "page"
    title: str
    href: str  # the address that opens it again
    constitution: int
    amendment: int | None
    amendments: tuple[AmendmentLine, ...]  # newest first; none where one is open
    status: str  # of the open one
    revision: int | None  # of its wording, to be named by what is asked next
    version: int | None  # number of the version that it became
    message: str  # what was done
    html: str


@dataclass(frozen=True, kw_only=True)
class EvidenceForecast:
    """What training both wordings would be."""

    kind: Literal["forecast"] = "forecast"
    seconds: float | None  # of both runs; None: not known
    memory_bytes: int | None  # at the peak
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    html: str
