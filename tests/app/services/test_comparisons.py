"""Comparisons as the page uses them: a real model host on a tiny model, a real database file."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.host import weights
from app.host.protocol import ModelChoice
from app.services import comparisons as service
from app.services.comparison_views import ComparisonView, after_event
from app.services.comparisons import CompareForm
from app.services.sources import MOST_PANES, ArmWish, list_sources
from app.services.studio import RefusedError, Studio, open_studio
from app.settings import Settings, prepare_data_folder
from core.constitution.principles import SIDES
from core.engine.adapters import adapter_hash, load_adapter
from core.engine.models import Placing, choose_device, load_model
from core.engine.policies import open_policy
from core.errors import ConfigError, QueryError
from core.measure.ask import NO_SIDE, Measuring, ask, reply_seed
from core.settings import ModelReference, SamplingConfig
from db.constitutions import list_constitutions
from tests.app.hosting import SHORT, RunningHost, adapter_of, plant_finished_run
from tests.app.pretending import pretended
from tests.tiny import save_tiny_adapter, save_tiny_model

QUERY = "Why is the sky blue?"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, database_url=f"sqlite:///{data}/studio.db", device="cpu", model=str(data / "models" / "tiny"))
    prepare_data_folder(settings)
    opened = open_studio(settings)
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


def form(run_id: int | None, **changes: object) -> CompareForm:
    sampling = {"max_new_tokens": 24, "temperature": 0.7, "top_p": 1.0}
    values = {"run_id": run_id, "version_id": None, "query": QUERY, "side": "statement", "seed": 0, "sampling": sampling}
    return CompareForm(**(values | changes))  # type: ignore[arg-type]


def finished(studio: Studio, wanted: CompareForm) -> ComparisonView:
    return list(service.start_comparison(studio, "ann", wanted))[-1]


def texts(view: ComparisonView) -> dict[str, str]:
    return {pane.arm.key: pane.text for pane in view.panes}


def version_id(studio: Studio, name: str = "Brevity") -> int:
    with studio.sessions.read() as session:
        return next(card.version_id for card in list_constitutions(session) if card.name == name and card.version_id)


def test_finished_runs_can_be_chosen_with_their_own_seed_and_sampling_and_every_version_without(studio: Studio, run_id: int) -> None:
    first, *others = list_sources(studio)
    assert (first.run_id, first.constitution_name, first.seed, first.sampling) == (run_id, "Brevity", 0, SamplingConfig(max_new_tokens=24))
    assert [arm.key for arm in first.arms] == ["base", "prompt", "sami", "sami-alone"]
    assert first.artifact
    assert {source.constitution_name for source in others} >= {"Brevity", "Warm tone"}
    assert all([arm.key for arm in source.arms] == ["base", "prompt"] for source in others)
    assert {method.key for method in first.methods} >= {"base", "prompt", "sami", "sami-alone", "context"}
    assert not {method.key for source in others for method in source.methods} & {"sami", "sami-alone"}


def test_the_replies_grow_and_are_the_same_when_the_link_is_opened(studio: Studio, run_id: int, host: RunningHost) -> None:
    views = list(service.start_comparison(studio, "ann", form(run_id)))
    assert views[0].running
    assert not views[-1].running
    assert views[-1].problem is None
    assert any(pane.state == "writing" and pane.text for view in views for pane in view.panes)
    last = views[-1]
    assert [pane.state for pane in last.panes] == ["done"] * 4
    again = service.open_comparison(studio, last.id)
    assert texts(again) == texts(last)
    assert again.created_by == "ann"
    assert again.sampling == last.sampling
    assert [(pane.tokens, pane.ended) for pane in again.panes] == [(pane.tokens, pane.ended) for pane in last.panes]
    assert all(pane.tokens for pane in again.panes)
    assert [pane.adapter_sha256 for pane in again.panes] == [pane.adapter_sha256 for pane in last.panes]
    assert [(pane.adapter_sha256 is None) for pane in again.panes] == [True, True, False, False]
    assert again.reply_seed == reply_seed(0, QUERY, "statement")
    assert service.list_recent(studio, run_id)[0].id == last.id


def test_the_panes_say_what_the_run_measures_for_the_same_query(studio: Studio, run_id: int, host: RunningHost) -> None:
    source = list_sources(studio)[0]
    model = load_model(ModelReference(id=source.model), studio.settings.models_folder, Placing(device=choose_device("cpu")))
    assert source.artifact
    model = load_adapter(model, studio.settings.data / source.artifact.place)
    asked = [ArmWish(method=arm.method, settings={}) for arm in source.arms] + [ArmWish(method="sami", settings={"strength": 0.5})]
    for side in SIDES:
        view = finished(studio, form(run_id, side=side, arms=asked))
        queries = [QUERY, "How do I boil an egg?", "What is rain?"]
        for pane in view.panes:
            measured = ask(open_policy(model, pane.arm), view.constitution, queries, Measuring(sampling=view.sampling, seed=0))
            wanted = side if pane.arm.in_prompt else NO_SIDE
            if not pane.arm.in_prompt and side != SIDES[0]:
                continue  # a result holds the reply without a constitution once, with the seed of the statement
            assert pane.text == next(reply.text for reply in measured if (reply.query, reply.side) == (QUERY, wanted))


def test_a_version_without_a_run_is_compared_by_its_prompt_alone(studio: Studio, run_id: int, host: RunningHost) -> None:
    view = finished(studio, form(None, version_id=version_id(studio, "Warm tone")))
    assert [(pane.arm.key, pane.state) for pane in view.panes] == [("base", "done"), ("prompt", "done")]
    assert service.open_comparison(studio, view.id).source.model == studio.settings.model


def test_added_panes_are_stored_and_shown_again_with_their_settings(studio: Studio, run_id: int, host: RunningHost) -> None:
    asked = [ArmWish(method="prompt", settings={}), ArmWish(method="sami", settings={"strength": 0}), ArmWish(method="context", settings={"alpha": 1.0})]
    view = finished(studio, form(run_id, arms=asked))
    assert [(pane.arm.key, pane.state) for pane in view.panes] == [("prompt", "done"), ("sami strength=0", "done"), ("context alpha=1", "done")]
    assert texts(view)["sami strength=0"] == texts(view)["prompt"] != texts(view)["context alpha=1"]
    again = service.open_comparison(studio, view.id)
    assert [pane.arm for pane in again.panes] == [pane.arm for pane in view.panes]
    assert texts(again) == texts(view)
    assert [view.running for view in service.redo(studio, view.id)] == [False]


def test_a_version_alone_has_no_pane_of_an_adapter(studio: Studio, run_id: int) -> None:
    wanted = form(None, version_id=version_id(studio), arms=[ArmWish(method="sami", settings={})])
    with pytest.raises(ConfigError, match="“Aligned with the constitution” needs an adapter"):
        next(service.start_comparison(studio, "ann", wanted))


def test_what_was_finished_when_the_tab_closed_stays_and_the_rest_can_be_finished(studio: Studio, run_id: int, host: RunningHost) -> None:
    sampling = {"max_new_tokens": 400, "temperature": 0.7, "top_p": 1.0}
    views = service.start_comparison(studio, "ann", form(run_id, sampling=sampling))
    left = next(view for view in views if view.panes[0].text)
    views.close()  # type: ignore[attr-defined]
    stored = service.open_comparison(studio, left.id)
    assert stored.panes[0].state == "stopped"
    assert stored.panes[0].text
    assert len(stored.unfinished) == 4
    whole = list(service.redo(studio, left.id))[-1]
    assert [pane.state for pane in whole.panes] == ["done"] * 4
    assert whole.panes[0].text.startswith(stored.panes[0].text)
    assert [view.running for view in service.redo(studio, left.id)] == [False]


def test_a_host_killed_while_it_writes_is_told_and_the_comparison_can_be_finished(studio: Studio, run_id: int, host: RunningHost) -> None:
    sampling = {"max_new_tokens": 3000, "temperature": 0.7, "top_p": 1.0}
    views = service.start_comparison(studio, "ann", form(run_id, sampling=sampling))
    next(view for view in views if view.panes[0].text)
    host.kill()
    last = list(views)[-1]
    assert last.problem is not None
    assert "stopped in the middle" in last.problem
    assert not last.running
    host.start()
    sampling = {"max_new_tokens": 8, "temperature": 0.7, "top_p": 1.0}
    assert not finished(studio, form(run_id, sampling=sampling)).unfinished


def test_another_adapter_than_the_recorded_one_is_refused_and_nothing_is_shown_as_aligned(studio: Studio, run_id: int, host: RunningHost) -> None:
    source = list_sources(studio)[0]
    assert source.artifact
    other = plant_finished_run(studio, Path(source.model), replace(source.artifact, sha256="0" * 64), name="Warm tone")
    view = finished(studio, form(other))
    assert view.problem is not None
    assert "is not the one that the run recorded" in view.problem
    assert all(not pane.text for pane in view.panes)


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"query": "  "}, QueryError, "Type what you would ask"),
        ({"query": None}, QueryError, "Type what you would ask"),
        ({"query": "x" * 8001}, QueryError, "8,001 characters; the limit is 8,000"),
        ({"side": "both"}, ConfigError, "statement or antithesis"),
        ({"seed": -1}, ConfigError, "whole number from 0"),
        ({"seed": 2**53}, ConfigError, "whole number from 0"),
        ({"seed": None}, ConfigError, "it is empty"),
        ({"seed": 1.5}, ConfigError, "whole number from 0"),
        ({"sampling": {"max_new_tokens": 0, "temperature": 0.7, "top_p": 1.0}}, ConfigError, "max_new_tokens must be between 1 and 4096"),
        ({"sampling": {"max_new_tokens": 8.5, "temperature": 0.7, "top_p": 1.0}}, ConfigError, "whole number"),
        ({"sampling": {"max_new_tokens": 8, "temperature": float("nan"), "top_p": 1.0}}, ConfigError, "temperature must be a number"),
        ({"sampling": {"max_new_tokens": 8, "temperature": 9, "top_p": 1.0}}, ConfigError, "temperature must be between 0 and 5"),
        ({"sampling": {"max_new_tokens": 8, "temperature": 1, "top_p": None}}, ConfigError, "top_p must be a number; it is empty"),
        ({"run_id": 999}, RefusedError, "no run 999"),
        ({"run_id": None}, ConfigError, "Choose one"),
        ({"arms": [ArmWish(method="aligned", settings={})]}, ConfigError, "no method 'aligned'; known are base, prompt, sami"),
        ({"arms": [ArmWish(method=None, settings={})]}, ConfigError, "no method"),
        ({"arms": []}, ConfigError, f"from 1 to {MOST_PANES} panes"),
        ({"arms": [ArmWish(method="base", settings={})] * 2}, ConfigError, "Two panes are “Base without the constitution”"),
        ({"arms": [ArmWish(method="sami", settings={"strength": 4})]}, ConfigError, "strength of sami must be between 0 and 3, got 4"),
        ({"arms": [ArmWish(method="sami", settings={"strength": None})]}, ConfigError, "strength must be a number; it is empty"),
        ({"arms": [ArmWish(method="sami", settings={"strength": True})]}, ConfigError, "strength must be a number"),
        ({"arms": [ArmWish(method="base", settings={"strength": 1})]}, ConfigError, "Unknown setting 'strength' of base"),
    ],
)
def test_what_cannot_be_granted_is_refused_in_words_before_anything_is_stored(
    studio: Studio, run_id: int, changes: dict[str, object], error: type[Exception], says: str
) -> None:
    before = len(service.list_recent(studio, limit=1000))
    with pytest.raises(error, match=says):
        next(service.start_comparison(studio, "ann", replace(form(run_id), **changes)))  # type: ignore[arg-type]
    assert len(service.list_recent(studio, limit=1000)) == before


def test_an_unknown_link_is_refused_in_words(studio: Studio) -> None:
    with pytest.raises(RefusedError, match="Check the link"):
        service.open_comparison(studio, "nothing")


def test_an_error_of_one_method_fails_its_pane_and_leaves_the_others(studio: Studio, run_id: int, host: RunningHost) -> None:
    view = finished(studio, form(run_id))
    failed = after_event(view, {"event": "error", "arm": "base", "message": "too long"})
    assert failed.pane("base") == replace(view.panes[0], state="failed", error="too long")
    assert failed.panes[1:] == view.panes[1:]
    assert after_event(view, {"event": "alive"}) == view


def test_the_base_of_a_run_is_held_as_in_its_training(studio: Studio, run_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = studio.settings.runs_folder / "1" / "attempt-1" / "adapter"
    made = adapter_of(studio, adapter, adapter_hash(adapter))
    small = plant_finished_run(studio, studio.settings.models_folder / "tiny", made, config=replace(SHORT, four_bit=True))
    beside = replace(studio, settings=replace(studio.settings, data=tmp_path))  # where no other host is announced
    with pretended() as host:
        host.stand_in(beside.settings, {"event": "end"})
        for number in (run_id, small):
            finished(beside, form(number))
        plain, packed = (ModelChoice(**request["model"]) for request in host.asked)
    assert (plain.four_bit, packed.four_bit) == (False, True)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)  # as if it were not installed: no base in 4 bits can be loaded, any other can
    assert weights.hold(None, plain, weights.NOTHING, studio.settings, lambda _what, _share: None).choice == plain
    with pytest.raises(ConfigError, match="four_bit is true"):
        weights.hold(None, packed, weights.NOTHING, studio.settings, lambda _what, _share: None)
