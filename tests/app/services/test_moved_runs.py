"""A run that is moved onto the studio's model by proxy-tuning, as Compare has it: a real model host that holds two tiny models."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.present.panes import source_key, source_option
from app.services import comparisons as service
from app.services.comparison_views import ComparisonView
from app.services.comparisons import CompareForm
from app.services.sources import ArmWish, list_sources
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from core.engine.adapters import adapter_hash
from tests.app.hosting import RunningHost, adapter_of, plant_finished_run
from tests.tiny import save_tiny_adapter, save_tiny_model


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, database_url=f"sqlite:///{data}/studio.db", device="cpu", model=str(data / "models" / "larger"))
    prepare_data_folder(settings)
    opened = open_studio(settings)
    save_tiny_model(settings.models_folder / "larger", seed=7, layers=3)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def run_id(studio: Studio) -> int:
    model = save_tiny_model(studio.settings.models_folder / "tiny")
    adapter = save_tiny_adapter(model, studio.settings.runs_folder / "1" / "attempt-1" / "adapter")
    return plant_finished_run(studio, model, adapter_of(studio, adapter, adapter_hash(adapter)))


@pytest.fixture(scope="module")
def host(studio: Studio) -> Iterator[RunningHost]:
    running = RunningHost(studio.settings)
    yield running
    running.kill()


def finished(studio: Studio, run_id: int, *, moved: bool, arms: Mapping[str, Mapping[str, float]] | None = None) -> ComparisonView:
    form = CompareForm(
        run_id=run_id,
        version_id=None,
        query="Why is the sky blue?",
        side="statement",
        seed=0,
        sampling={"max_new_tokens": 12, "temperature": 0.7, "top_p": 1.0},
        arms=None if arms is None else [ArmWish(method=method, settings=settings) for method, settings in arms.items()],
        moved=moved,
    )
    return list(service.start_comparison(studio, "ann", form))[-1]


def texts(view: ComparisonView) -> dict[str, str]:
    assert view.problem is None and [pane.error for pane in view.panes] == [None] * len(view.panes)
    return {pane.arm.key: pane.text for pane in view.panes}


def test_a_run_of_another_model_is_offered_once_more_moved_onto_the_studios(studio: Studio, run_id: int) -> None:
    run, moved, *others = list_sources(studio)
    assert (source_key(run), source_key(moved)) == (f"run:{run_id}", f"proxy:{run_id}")
    assert "proxy" in {method.key for method in run.methods} and run.trained_on == ""
    assert [arm.key for arm in moved.arms] == ["base", "prompt", "proxy"]
    assert not {method.key for method in moved.methods} & {"sami", "sami-alone", "mipo", "mipo-alone"}
    assert (Path(moved.model).name, Path(moved.trained_on).name) == ("larger", "tiny")
    option = source_option(moved)
    assert option.label.startswith(f"Run {run_id} on larger: Brevity") and option.group == "Finished runs, moved onto another model by proxy-tuning"
    assert "Trained on" in option.facts and all(not source.trained_on for source in others)


def test_its_panes_are_of_the_studios_model_and_the_link_opens_the_same(studio: Studio, run_id: int, host: RunningHost) -> None:
    view = finished(studio, run_id, moved=True)
    assert Path(view.source.model).name == "larger" and view.source.trained_on
    assert list(texts(view)) == ["base", "prompt", "proxy"]
    again = service.open_comparison(studio, view.id)
    assert (texts(again), source_key(again.source)) == (texts(view), f"proxy:{run_id}")
    assert view.panes[2].adapter_sha256 and view.panes[2].token_scores
    control = finished(studio, run_id, moved=True, arms={"prompt": {}, "proxy": {"alpha": 0.0}})
    assert texts(control)["proxy alpha=0"] == texts(control)["prompt"] == texts(view)["prompt"]


def test_on_its_own_model_a_pane_of_it_is_the_adapter(studio: Studio, run_id: int, host: RunningHost) -> None:
    view = finished(studio, run_id, moved=False, arms={"sami": {}, "proxy": {}, "prompt": {}})
    assert texts(view)["proxy"] == texts(view)["sami"]
    assert service.open_comparison(studio, view.id).source.trained_on == ""
