"""The Compare page: one query answered by several arms, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.pages.answers import Compared, Difference
from app.pages.endpoints import answers, endpoints_of, paced, tells
from app.pages.frame import WIRING, component, header, wire
from app.pages.questions import ComparisonWish, OneComparison, TwoReplies
from app.present.compare import arm_choice, comparison_data, diff_html, recent_html, source_key, source_option
from app.services import comparisons as service
from app.services.comparison_views import ComparisonView
from app.services.comparisons import Wish
from app.services.sources import ArmWish, list_sources
from app.services.studio import Studio
from app.web.actors import caller
from core.errors import ConfigError, StudioError

DRAW_EVERY_S = 0.1  # a model may write a hundred tokens a second; the eye wants fewer
EVENTS = ("compare", "redo", "diff")
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
        sources = list_sources(self.studio)
        keys = [source_key(source) for source in sources]
        asked = next((f"{name}:{value}" for name, value in wanted.items() if value), None)
        if asked is not None and asked not in keys and comparison is None:
            problem = f"There is no finished {asked.replace(':', ' ')}. Choose another below."
        chosen = source_key(comparison.source) if comparison else asked if asked in keys else next(iter(keys), None)
        if comparison is not None and chosen not in keys:
            sources = [comparison.source, *sources]  # an earlier version, compared by its prompt alone
        reply = {"kind": "page", "sources": [source_option(source) for source in sources], "chosen": chosen, "problem": problem, "recent": self._recent()}
        return gr.update(reply=reply | {"comparison": self._opened(comparison) if comparison else None})

    def _recent(self) -> str:
        return recent_html(service.list_recent(self.studio))

    def _opened(self, view: ComparisonView) -> dict[str, Any]:
        sampling = {name: getattr(view.sampling, name) for name in SAMPLING}
        added = [arm_choice(pane.arm) for pane in view.panes if not view.source.offers(pane.arm)]
        return {**comparison_data(view), "added": added, "query": view.query, "side": view.side, "seed": view.seed, **sampling}

    @tells
    def compare(self, question: ComparisonWish, editor: str) -> Iterator[Compared]:
        """Ask all arms; their replies come as they are written."""
        for view in paced(service.start_comparison(self.studio, editor, _wish(question)), DRAW_EVERY_S):
            yield self._compared(view)

    @tells
    def redo(self, question: OneComparison, editor: str) -> Iterator[Compared]:
        """Have the replies written that were not finished."""
        for view in paced(service.redo(self.studio, question.comparison), DRAW_EVERY_S):
            yield self._compared(view)

    def _compared(self, view: ComparisonView) -> Compared:
        return Compared(**comparison_data(view), recent=None if view.running else self._recent())

    @answers
    def diff(self, question: TwoReplies, editor: str) -> Difference:
        """Two replies of a comparison, word by word."""
        return Difference(html=diff_html(service.open_comparison(self.studio, question.comparison), question.first, question.second))


def _wish(question: ComparisonWish) -> Wish:
    kind, _, number = question.source.partition(":")
    if kind not in ("run", "version") or not number.isdecimal() or len(number) > 9:
        raise ConfigError("No run and no version is chosen. Choose one.")
    return Wish(
        run_id=int(number) if kind == "run" else None,
        version_id=int(number) if kind == "version" else None,
        query=question.query,
        side=question.side,
        seed=question.seed,
        sampling={name: getattr(question, name) for name in SAMPLING},
        arms=None if question.arms is None else [ArmWish(method=arm.method, settings=arm.settings) for arm in question.arms],
    )


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = ComparePage(studio)
    header("compare", studio)
    comparer = component('<div class="cs-page cs-compare"></div>', "compare/comparison.js", (*EVENTS, "stop"), elem_id="compare")
    wire(comparer, endpoints_of("compare", handlers, EVENTS))
    page.load(handlers.load, None, [comparer], queue=False, **WIRING)
