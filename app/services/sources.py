"""What can be compared: a finished run, or a version alone, which is then only put in the prompt; and the arms that each allows."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.services.marked import count_marked, read_marked, results_of
from app.services.series import SeriesView, series_view
from app.services.stored import config_of, constitution_of, control_of, problem_of
from app.services.studio import Studio, in_words
from core.constitution.stored import Unreadable
from core.errors import ConfigError
from core.methods.arms import ADAPTER_NEEDED, METHODS, Arm, Artifact, Method, a_kind, arm_title, arms_for, make_arm
from core.methods.settings import TrainConfig
from core.runs.phases import artifact_of
from core.settings import SamplingConfig
from db.constitutions import get_version_by_id, list_constitutions, named_constitution
from db.runs import RunSummary, get_run, list_runs, runs_by_series
from db.status import JobStatus

MOST_PANES = 12  # more than anybody can read side by side


@dataclass(frozen=True, kw_only=True)
class Source:
    """What takes part in a comparison."""

    run_id: int | None
    version_id: int
    constitution_id: int
    constitution_name: str
    version_number: int
    model: str
    revision: str | None
    recipe: str | None  # which trained the artifact; None without a run
    artifact: Artifact | None
    seed: int  # the run's, with which the replies are those that its result table counts
    sampling: SamplingConfig
    finished_at: datetime | None
    four_bit: bool = False  # the base is held as it was in training
    series: str | None = None  # names the runs that differ from it in their seed alone
    median_of: int = 0  # how many of those it is the median of; 0: it is not
    by: str = ""  # who asked for the run, or wrote the version
    starter: bool = False  # a version that came with the studio, and is nobody's
    problem: str = ""  # why it cannot be compared; empty when it can
    control: str = ""  # what was trained in the place of the text: nobody means such a run who names none
    trained_on: str = ""  # the model that the artifact was trained on, where that is another one than `model`

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms that stand side by side when nobody chooses."""
        if self.trained_on:
            return (*arms_for(None, None), *(make_arm(method.key, artifact=self.artifact) for method in METHODS.values() if method.elsewhere))
        return arms_for(self.recipe, self.artifact) if self.artifact is not None else arms_for(None, None)

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods that a pane may be of: those that wear something need what their own recipe made, on the model that is compared."""
        if self.trained_on:
            return tuple(method for method in METHODS.values() if method.artifact is None or method.elsewhere)
        kind = self.artifact.kind if self.artifact is not None else None
        return tuple(method for method in METHODS.values() if method.artifact is None or (method.artifact == kind and method.recipe in (None, self.recipe)))

    def offers(self, arm: Arm) -> bool:
        """Whether the arm stands there when nobody chooses; the same adapter may have moved meanwhile."""
        return arm.key in {offered.key for offered in self.arms}


@dataclass(frozen=True, kw_only=True)
class ArmWish:
    """A pane that a person asks for, as it came from the page."""

    method: object
    settings: Mapping[str, object]  # those that are missing take their defaults


@dataclass(frozen=True, kw_only=True)
class ScenarioToAsk:
    """A scenario, as a query that can be asked."""

    principle: str  # its title
    query: str
    use: str  # test or train


def scenarios_to_ask(studio: Studio, run_id: int | None, version_id: int | None) -> list[ScenarioToAsk]:
    """The scenarios of the version that a run was trained on, or of a version, in the author's order; none where it cannot be read.

    Raises:
        StudioError: There is no such run or version.
    """
    with in_words(), studio.sessions.read() as session:
        version = get_run(session, run_id).version_id if run_id is not None else version_id
        constitution = constitution_of(get_version_by_id(session, version or 0))
    principles = () if isinstance(constitution, Unreadable) else constitution.principles
    return [ScenarioToAsk(principle=p.title, query=each.query, use=each.use) for p in principles for each in p.scenarios]


def list_sources(studio: Studio) -> list[Source]:
    """Finished runs, newest first, but of a series the median one; those of another model than the studio's once more, moved onto that one; then
    the newest version of every constitution in use, for its prompt alone.
    """
    with in_words(), studio.sessions.read() as session:
        runs = [source_of_run(studio, summary) for summary in list_runs(session, status=JobStatus.FINISHED)]
        series = runs_by_series(session, {source.series for source in runs if source.series is not None})
        read = read_marked(session, [run for members in series.values() for run in members])
        cards = list_constitutions(session)
        of_version = [(source_of_version(session, card.version_id, studio.settings.model), card.starter) for card in cards if card.version_id is not None]
        versions = [replace(source, starter=starter) for source, starter in of_version]
    results = results_of(count_marked(studio.store, read))
    trained = _median_first(runs, {name: series_view(members, results) for name, members in series.items()})
    adapters = [run for run in trained if run.artifact is not None and run.artifact.kind == ADAPTER_NEEDED]
    moved = [moved_onto(run, studio.settings.model) for run in adapters if not _is_same(run.model, studio.settings.model)]
    return trained + moved + versions


def moved_onto(run: Source, model: str) -> Source:
    """What a run's adapter changed, on another model: only methods that hold the adapter's own model beside that one can use it."""
    return replace(run, model=model, revision=None, four_bit=False, trained_on=run.model)


def _is_same(one: str, other: str) -> bool:
    """Whether two names are of one model; a folder has as many as there are ways to it."""
    places = [os.path.realpath(os.path.expanduser(name)) for name in (one, other)]
    return one == other or (os.path.isdir(places[0]) and places[0] == places[1])


def own_source(sources: Sequence[Source], editor: str) -> Source | None:
    """What the page opens with where its address names nothing: one's own newest run or version, else a starter, never another person's."""
    usable = [source for source in sources if not source.problem and not source.control]
    return next((source for source in usable if source.by == editor), next((source for source in usable if source.starter), None))


def source_for(sources: Sequence[Source], constitution_id: int | None, version_id: int | None) -> Source | None:
    """The newest run of a version, else of its constitution, else the version, or the newest one, in the prompt alone."""
    usable = [source for source in sources if source.constitution_id == constitution_id and not source.problem and not source.control]
    of_version = [source for source in usable if source.version_id == version_id]
    runs = [source for source in (*of_version, *usable) if source.run_id is not None]
    return next(iter((*runs, *of_version, *usable)), None)


def _median_first(runs: Sequence[Source], views: Mapping[str, SeriesView | None]) -> list[Source]:
    """Runs with those of a series together, where the newest of them stood, and the median one of them first."""
    places: dict[str | int | None, int] = {}
    for place, run in enumerate(runs):
        places.setdefault(run.series or run.run_id, place)
    marked = [replace(run, median_of=_median_of(run, views.get(run.series or ""))) for run in runs]
    return sorted(marked, key=lambda run: (places[run.series or run.run_id], run.median_of == 0))


def _median_of(run: Source, view: SeriesView | None) -> int:
    return len(view.result.seeds) if view is not None and view.result is not None and view.use == run.run_id else 0


def source_of_run(studio: Studio, summary: RunSummary) -> Source:
    """A run with its adapter, its seed and its sampling, or with what keeps them from being read."""
    run = summary.run
    found = config_of(run)
    config, problem = (TrainConfig(), f"its settings cannot be read: {found.reason}") if isinstance(found, Unreadable) else (found, "")
    trained = not problem and run.adapter is not None and run.adapter_sha256 is not None
    return Source(
        run_id=run.id,
        version_id=run.version_id,
        constitution_id=summary.constitution_id,
        constitution_name=summary.constitution_name,
        version_number=summary.version_number,
        model=studio.store.model_of_row(run.model),
        revision=run.revision,
        four_bit=config.four_bit,
        recipe=config.method,
        artifact=replace(artifact_of(config, str(run.adapter_sha256)), place=str(run.adapter)) if trained else None,
        seed=config.seed,
        sampling=config.sampling,
        finished_at=run.job.finished_at,
        series=run.series,
        by=run.job.requested_by,
        problem=problem,
        control=control_of(run),
    )


def source_of_version(session: Session, version_id: int, model: str) -> Source:
    """A version that is put in the prompt of a model."""
    version = get_version_by_id(session, version_id)
    return Source(
        run_id=None,
        version_id=version.id,
        constitution_id=version.constitution_id,
        constitution_name=named_constitution(session, version.constitution_id),
        version_number=version.number,
        model=model,
        revision=None,
        recipe=None,
        artifact=None,
        seed=0,
        sampling=SamplingConfig(),
        finished_at=None,
        problem=problem_of(version),
        by=version.author,
    )


def chosen_arms(source: Source, wished: Sequence[ArmWish] | None) -> tuple[Arm, ...]:
    """The arms that a person asks of a source; without a wish those that it offers.

    Raises:
        ConfigError: None or too many, a method that the source does not allow, a setting outside its range, or one arm twice.
    """
    if wished is None:
        return source.arms
    if not 1 <= len(wished) <= MOST_PANES:
        raise ConfigError(f"A comparison has from 1 to {MOST_PANES} panes; {len(wished)} were asked for. Add or take away some.")
    arms = tuple(_chosen_arm(source, each) for each in wished)
    for i, arm in enumerate(arms):
        if arm.key in {earlier.key for earlier in arms[:i]}:
            raise ConfigError(f"Two panes are “{arm_title(arm)}”. Give one of them other settings, or take it away.")
    return arms


def _chosen_arm(source: Source, wish: ArmWish) -> Arm:
    method = METHODS.get(wish.method) if isinstance(wish.method, str) else None
    if method is not None and method not in source.methods:
        worn = a_kind(method.artifact) if method.artifact is not None else "a run"
        raise ConfigError(f"“{method.title}” needs {worn} that this comparison has not got. Choose a finished run, or another pane.")
    settings = {}
    for name, value in wish.settings.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ConfigError(f"{name} must be a number; it is {'empty' if value is None else repr(value)}.")
        settings[name] = float(value)
    needs = method is not None and method.artifact is not None
    return make_arm(str(wish.method), artifact=source.artifact if needs else None, settings=settings)
