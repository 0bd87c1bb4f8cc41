"""What is asked of the model host beside a run, and kept: followed event by event until there is something found, or a problem. No torch."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TypeVar

from app.host import client as host_client
from app.host.protocol import CheckRequest, ConflictRequest, Event
from app.services.studio import Studio
from core.errors import StudioError


@dataclass(frozen=True, kw_only=True)
class AskedView:
    """What was asked, as it stands."""

    running: bool = True
    note: str = "asking the model host"  # what is happening
    share: float | None = None  # of what is happening; None: not known
    kept: int | None = None  # its number
    unkept: str = ""  # why it has none, although something was found
    problem: str | None = None  # why nothing was


View = TypeVar("View", bound=AskedView)


def follow(studio: Studio, request: CheckRequest | ConflictRequest, view: View, take: Callable[[View, Event], View]) -> Generator[View, None, View]:
    """Yield the view after each event, beginning with what it is before any; the last one is returned. Closing the generator ends the asking.

    Args:
        studio: The open studio.
        request: What is asked.
        view: Before it is.
        take: The view with what was found.
    """
    events = host_client.stream(studio.settings, request)
    try:
        yield view
        for event in events:
            view = _after(view, event, take)
            yield view
    except StudioError as error:
        view = replace(view, problem=str(error))
    finally:
        events.close()
    return view


def kept_as(view: View, keep: Callable[[], int], unkept: str) -> View:
    """The view once what was found is kept: it is shown also where it cannot be, with the reason behind `unkept`."""
    try:
        return replace(view, kept=keep())
    except StudioError as error:
        return replace(view, unkept=f"{unkept} {error}")


def _after(view: View, event: Event, take: Callable[[View, Event], View]) -> View:
    kind = event["event"]
    if kind in ("loading", "asking"):
        return replace(view, note=event["note"], share=event["share"])
    if kind == "found":
        return take(view, event)
    return replace(view, problem=event["message"]) if kind == "error" else view
