"""The Compare page: one query answered by base and aligned, with and without the constitution, side by side."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.pages.frame import Question, Reply, answers, component, header, wire
from app.present.compare import comparison_data, diff_html, recent_html, source_key, source_option
from app.services import comparisons as service
from app.services.comparison_views import ComparisonView
from app.services.comparisons import Wish
from app.services.studio import Studio
from app.web.actors import caller
from core.errors import ConfigError, StudioError

DRAW_EVERY_S = 0.1  # a model may write a hundred tokens a second; the eye wants fewer
SAMPLING = ("max_new_tokens", "temperature", "top_p")


@dataclass(frozen=True)
class ComparePage:
    """The handlers of this page."""

    studio: Studio

    def load(self, request: gr.Request) -> object:
        """Offer the runs and versions; open the comparison that the address names."""
        caller(request)
        comparison, problem = None, ""
        try:
            if token := request.query_params.get("comparison", ""):
                comparison = service.open_comparison(self.studio, token)
        except StudioError as error:
            problem = str(error)
        wanted = {name: request.query_params.get(name, "") for name in ("run", "version")}
        sources = service.list_sources(self.studio)
        keys = [source_key(source) for source in sources]
        asked = next((f"{name}:{value}" for name, value in wanted.items() if value), None)
        if asked is not None and asked not in keys and comparison is None:
            problem = f"There is no finished {asked.replace(':', ' ')}. Choose another below."
        chosen = source_key(comparison.source) if comparison else asked if asked in keys else next(iter(keys), None)
        if comparison is not None and chosen not in keys:
            sources = [comparison.source, *sources]  # an earlier version, compared by its prompt alone
        reply = {"kind": "page", "sources": [source_option(source) for source in sources], "chosen": chosen, "problem": problem, **self._recent()}
        return gr.update(reply=reply | {"comparison": self._opened(comparison) if comparison else None})

    def _recent(self) -> Reply:
        return {"recent": recent_html(service.list_recent(self.studio))}

    def _opened(self, view: ComparisonView) -> Reply:
        sampling = {name: getattr(view.sampling, name) for name in SAMPLING}
        return {**comparison_data(view), "query": view.query, "side": view.side, "seed": view.seed, **sampling}

    def compare(self, value: object, request: gr.Request) -> Iterator[Any]:
        """Ask all methods; their replies come as they are written."""
        editor = caller(request)
        question = Question(value)
        yield from self._told(question, lambda: service.start_comparison(self.studio, editor, _wish(question)))

    def redo(self, value: object, request: gr.Request) -> Iterator[Any]:
        """Have the replies written that were not finished."""
        caller(request)
        question = Question(value)
        yield from self._told(question, lambda: service.redo(self.studio, _token(question)))

    def _told(self, question: Question, begin: Callable[[], Iterator[ComparisonView]]) -> Iterator[Any]:
        """The first view answers the question; the others follow it unasked."""
        seq, drawn = question.get("seq"), 0.0
        try:
            with closing(begin()) as views:  # type: ignore[type-var]
                for view in views:
                    if view.running and seq is None and time.monotonic() - drawn < DRAW_EVERY_S:
                        continue
                    ended = {} if view.running else self._recent()
                    yield gr.update(reply={**comparison_data(view), **ended, "seq": seq})
                    seq, drawn = None, time.monotonic()
        except StudioError as error:
            yield gr.update(reply={"kind": "problem", "message": str(error), "seq": seq})

    @answers
    def diff(self, question: Question, editor: str) -> Reply:
        """Two replies of a comparison, word by word."""
        view = service.open_comparison(self.studio, _token(question))
        return {"kind": "diff", "html": diff_html(view, str(question.get("first")), str(question.get("second")))}


def _token(question: Question) -> str:
    token = question.get("comparison")
    if not isinstance(token, str):
        raise ConfigError("The page names no comparison. Reload it, then try again.")
    return token


def _wish(question: Question) -> Wish:
    kind, _, number = str(question.get("source")).partition(":")
    if kind not in ("run", "version") or not number.isdecimal() or len(number) > 9:
        raise ConfigError("No run and no version is chosen. Choose one.")
    return Wish(
        run_id=int(number) if kind == "run" else None,
        version_id=int(number) if kind == "version" else None,
        query=question.get("query"),
        side=question.get("side"),
        seed=question.get("seed"),
        sampling={name: question.get(name) for name in SAMPLING},
    )


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = ComparePage(studio)
    header("compare", studio)
    comparer = component('<div class="cs-page cs-compare"></div>', "compare/comparison.js", ("compare", "redo", "stop", "diff"), elem_id="compare")
    # Queued, unlike the other events: only so can a handler answer again and again, and be cancelled by Stop or a closed tab.
    long = {"show_progress": "hidden", "trigger_mode": "multiple"}
    asking = [getattr(comparer, name)(getattr(handlers, name), [comparer], [comparer], api_name=f"compare_{name}", **long) for name in ("compare", "redo")]
    comparer.stop(None, None, None, cancels=asking, api_name="compare_stop")
    wire(comparer, {"diff": handlers.diff}, "compare")
    page.load(handlers.load, None, [comparer], queue=False, show_progress="hidden", api_name="compare_load")
