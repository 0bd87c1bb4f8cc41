"""What stands around every handler of the pages: it is timed, and what nobody below has put into words reaches the page as words."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prometheus_client import Histogram

from app.web.metrics import Metrics
from core.errors import StudioError
from db.errors import StoreError

if TYPE_CHECKING:
    import gradio as gr


def watch_over(metrics: Metrics, blocks: "gr.Blocks") -> None:
    """Put it around every handler of the pages."""
    for event in blocks.fns.values():
        if event.fn is not None:
            event.fn = _watched(event.fn, metrics.handler_s.labels(getattr(event.fn, "__qualname__", "other")))


def _watched(handler: Callable[..., Any], histogram: Histogram) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(handler):

        def watched(*given: Any) -> Any:  # until its last word
            with histogram.time(), _in_words():
                yield from handler(*given)
    elif inspect.iscoroutinefunction(handler) or inspect.isasyncgenfunction(handler):
        return handler  # Gradio tells them apart by their kind, and there is none here
    else:

        def watched(*given: Any) -> Any:
            with histogram.time(), _in_words():
                return handler(*given)

    wrapped = functools.wraps(handler)(watched)
    wrapped.__signature__ = inspect.signature(handler)  # type: ignore[attr-defined]  # of a method, as it is called: without self
    return wrapped


@contextmanager
def _in_words() -> Iterator[None]:
    """Only a `gr.Error` is shown with its text."""
    import gradio as gr

    try:
        yield
    except (StudioError, StoreError) as error:
        raise gr.Error(str(error)) from error
