"""The Compare page: one query answered by several arms, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from app.pages.compare_answers import Compared, CompareOpened, Difference, SourceList, StoredComparison
from app.pages.compare_scenarios import ScenarioList, SourceWish
from app.pages.endpoints import answers, paced, tells
from app.pages.frame import component, header
from app.pages.questions import CompareAddress, ComparisonWish, NoDetails, OneComparison, TwoReplies, id_in
from app.present.compare import diff_html, recent_html
from app.present.panes import arm_option, comparison_state, source_key, source_option
from app.services import comparisons as service
from app.services.comparison_views import ComparisonView
from app.services.comparisons import CompareForm
from app.services.sources import ArmWish, Source, list_sources, own_source, scenarios_to_ask, source_for
from app.services.studio import Studio
from core.errors import ConfigError, StudioError

DRAW_EVERY_S = 0.1  # a model may write a hundred tokens a second; the eye wants fewer
ENDPOINTS = ("opened", "sources", "scenarios", "open", "compare", "redo", "diff")
MOVED = "proxy"  # what the key of a source begins with that is a run moved onto another model
SAMPLING = ("max_new_tokens", "temperature", "top_p")


@dataclass(frozen=True)
class ComparePage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: CompareAddress, editor: str) -> CompareOpened:
        """What the page begins with: runs and versions, and the comparison that its address names."""
        return self._opened(asdict(question), editor)

    def _opened(self, address: Mapping[str, str], editor: str) -> CompareOpened:
        comparison, problem = self._asked_for(address.get("comparison", ""))
        sources = list_sources(self.studio)
        wanted = _wanted(address, sources)
        keys = [source_key(source) for source in sources]
        own = own_source(sources, editor) if wanted is None else None
        chosen = source_key(comparison.source) if comparison else wanted if wanted in keys else source_key(own) if own is not None else None
        if wanted is not None and wanted not in keys and comparison is None:
            problem = f"There is no {'finished ' if wanted.startswith('run') else ''}{wanted.replace(':', ' ')}. Choose another below."
        if comparison is not None and chosen not in keys:
            sources = [comparison.source, *sources]  # an earlier version, compared by its prompt alone
        return CompareOpened(
            sources=tuple(source_option(source) for source in sources),
            chosen=chosen,
            recent=self._recent(),
            problem=problem,
            comparison=_stored(comparison) if comparison else None,
        )

    def _asked_for(self, token: str) -> tuple[ComparisonView | None, str]:
        """The comparison that the address names, and what is wrong with that."""
        try:
            return (service.open_comparison(self.studio, token) if token else None), ""
        except StudioError as error:
            return None, str(error)

    def _recent(self) -> str:
        return recent_html(service.list_recent(self.studio))

    @answers
    def sources(self, question: NoDetails, editor: str) -> SourceList:
        """The runs and versions that can be compared, and the newest comparisons."""
        options = tuple(source_option(source) for source in list_sources(self.studio))
        return SourceList(sources=options, recent=tuple(service.list_recent(self.studio)))

    @answers
    def scenarios(self, question: SourceWish, editor: str) -> ScenarioList:
        """The scenarios of what is compared, to ask one of them."""
        run_id, version_id = _chosen(question.source)
        return ScenarioList(source=question.source, scenarios=tuple(scenarios_to_ask(self.studio, run_id, version_id)))

    @answers
    def open(self, question: OneComparison, editor: str) -> StoredComparison:
        """A comparison as it was left."""
        return _stored(service.open_comparison(self.studio, question.comparison))

    @tells
    def compare(self, question: ComparisonWish, editor: str) -> Iterator[Compared]:
        """Ask all arms; their replies come as they are written."""
        for view in paced(service.start_comparison(self.studio, editor, _form(question)), DRAW_EVERY_S):
            yield self._compared(view)

    @tells
    def redo(self, question: OneComparison, editor: str) -> Iterator[Compared]:
        """Have the replies written that were not finished."""
        for view in paced(service.redo(self.studio, question.comparison), DRAW_EVERY_S):
            yield self._compared(view)

    def _compared(self, view: ComparisonView) -> Compared:
        return Compared(**vars(comparison_state(view)), recent=None if view.running else self._recent())

    @answers
    def diff(self, question: TwoReplies, editor: str) -> Difference:
        """Two replies of a comparison, word by word."""
        return Difference(html=diff_html(service.open_comparison(self.studio, question.comparison), question.first, question.second))


def _wanted(address: Mapping[str, str], sources: Sequence[Source]) -> str | None:
    """The key of what an address names; of a constitution its newest run, and that of the version where one is named too."""
    if not address.get("run") and (constitution := address.get("constitution", "")):
        found = source_for(sources, id_in(constitution), id_in(address.get("version", "")))
        return source_key(found) if found is not None else f"constitution:{constitution[:40]}"
    return next((f"{name}:{value}" for name in ("run", "version") if (value := address.get(name, ""))), None)


def _stored(view: ComparisonView) -> StoredComparison:
    return StoredComparison(
        **vars(comparison_state(view)),
        source=source_key(view.source),
        query=view.query,
        side=view.side,
        seed=view.seed,
        **{name: getattr(view.sampling, name) for name in SAMPLING},
        arms=tuple(arm_option(pane.arm) for pane in view.panes),
        added=tuple(arm_option(pane.arm) for pane in view.panes if not view.source.offers(pane.arm)),
    )


def _chosen(source: str) -> tuple[int | None, int | None]:
    """The run, or the version without one, that the key of a source names."""
    kind, _, number = source.partition(":")
    chosen = id_in(number)
    if kind not in ("run", MOVED, "version") or chosen is None:
        raise ConfigError("No run and no version is chosen. Choose one.")
    return (None, chosen) if kind == "version" else (chosen, None)


def _form(question: ComparisonWish) -> CompareForm:
    run_id, version_id = _chosen(question.source)
    return CompareForm(
        run_id=run_id,
        version_id=version_id,
        moved=question.source.startswith(f"{MOVED}:"),
        query=question.query,
        side=question.side,
        seed=question.seed,
        sampling={name: getattr(question, name) for name in SAMPLING},
        arms=None if question.arms is None else [ArmWish(method=arm.method, settings=arm.settings) for arm in question.arms],
    )


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("compare", studio)
    component('<div class="cs-page cs-compare"></div>', "compare/comparison.js", elem_id="compare")
