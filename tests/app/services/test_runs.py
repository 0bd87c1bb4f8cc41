"""Asking for runs and watching them, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import InvalidRequestError

from app.services import previews, runs
from app.services.studio import RefusedError, Studio
from core.errors import ConfigError, ModelError, QueryError, StudioError
from core.measure.standings import Standing
from core.methods.recipes import PROPOSED_RECIPE
from core.methods.settings import config_from_data, preset
from core.runs.phases import ASKED_ALREADY
from db import claims, jobs
from db.runs import get_run as get_row
from db.runs import list_runs as list_rows
from db.session import clock
from db.status import JobStatus
from tests.app.planting import (
    add_plain_version,
    claim,
    finish,
    form,
    get_run,
    make_studio,
    measure,
    progress,
    queue,
    sample,
    train_steps,
    version_id,
)
from tests.app.results import capitals, result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def test_a_run_stored_before_there_were_probes_is_asked_for_again_without_them(studio: Studio) -> None:
    run_id = runs.queue_run(studio, "Ann", form(studio, preset="standard"), "some-key")
    with studio.sessions.begin() as session:
        row = get_row(session, run_id)
        row.config = {name: value for name, value in row.config.items() if name not in ("probe_every", "probe_queries", "patience", "max_repetition_rise")}
    assert config_from_data(get_run(studio, run_id).config).probe_every == 0
    assert runs.form_again(studio, run_id).changes == ("probe_every=0",)
    assert runs.run_view(studio, run_id).config is not None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"preset": "huge"}, ConfigError),
        ({"seed": -1}, ConfigError),
        ({"changes": ("passes=0",)}, ConfigError),
        ({"changes": ("passes=two",)}, ConfigError),
        ({"changes": ("kl_weight=inf",)}, ConfigError),
        ({"changes": ("learning_rate=nan",)}, ConfigError),
        ({"changes": ("passes=" + "9" * 5000,)}, ConfigError),
        ({"changes": ("colour=1",)}, ConfigError),
        ({"model": "not a model"}, ModelError),
        ({"query_set_id": 999}, QueryError),
        ({"version_id": 999}, RefusedError),
    ],
)
def test_an_unusable_form_is_refused_in_words_and_queues_nothing(studio: Studio, changes: dict[str, object], error: type[StudioError]) -> None:
    with pytest.raises(error):
        runs.queue_run(studio, "Ann", form(studio, **changes), "request-key-1")
    assert runs.list_runs(studio) == []


def test_a_double_click_makes_one_run_and_keeps_who_asked(studio: Studio) -> None:
    first, second = (queue(studio, key="same-click", caller="Zoë") for _ in range(2))
    assert first == second
    (line,) = runs.list_runs(studio)
    assert (line.requested_by, line.constitution, line.preset, line.status) == ("Zoë", "Brevity", "quick", JobStatus.QUEUED)
    assert config_from_data(get_run(studio, first).config) == preset("quick", method=PROPOSED_RECIPE)


@pytest.mark.parametrize("key", [None, "", "short", "x" * 65, "under_score!", 5])
def test_a_request_without_a_usable_key_is_refused(studio: Studio, key: object) -> None:
    with pytest.raises(ConfigError, match="request key"):
        runs.queue_run(studio, "Ann", form(studio), key)


def test_a_run_waits_then_moves_through_its_phases_then_ends(studio: Studio) -> None:
    first, second = queue(studio, key="first-key"), queue(studio, "Warm tone", key="second-key")
    assert (runs.run_view(studio, first).ahead, runs.run_view(studio, second).ahead) == (0, 1)
    held = claim(studio)
    shares = [runs.run_view(studio, first).line.share]
    for phase, done, total in (
        ("preparing", 50, 100),
        ("sampling", 1, 1),
        ("training", 6, 12),
        ("measuring prompt", 1, 1),
        ("measuring mipo", 1, 1),
        ("measuring mipo-alone", 0, 1),
    ):
        progress(studio, held, phase, done, total)
        shares.append(runs.run_view(studio, first).line.share)
    assert shares == sorted(shares)
    finish(studio, held, result())
    view = runs.run_view(studio, first)
    assert (view.line.status, view.line.share, view.ended) == (JobStatus.FINISHED, 1.0, True)
    assert view.result == result()
    assert runs.run_view(studio, second).ahead == 0


def test_list_and_page_tell_the_same_share_of_a_run_that_is_under_way(studio: Studio) -> None:
    run_id = queue(studio, version_id=add_plain_version(studio, "Long", "word " * 300, "lowercase"))
    held = claim(studio)
    for phase, done, total in (("preparing", 100, 100), ("training", 6, 12), ("measuring prompt", 1, 2)):
        progress(studio, held, phase, done, total)
        assert runs.list_runs(studio)[0].share == runs.run_view(studio, run_id).line.share > 0


def test_where_a_check_was_used_preparing_is_not_taken_for_asking_the_base(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    progress(studio, held, "preparing", 100, 100)
    asked = runs.run_view(studio, run_id).line.share
    progress(studio, held, "preparing", 100, 100, notice=ASKED_ALREADY)
    used = runs.run_view(studio, run_id).line.share
    assert used is not None and asked is not None and 0 < used < asked
    assert runs.list_runs(studio)[0].share == used


def test_the_time_left_is_what_the_attempt_says(studio: Studio) -> None:
    run_id = queue(studio)
    held = claim(studio)
    progress(studio, held, "training", 6, 12, eta_s=95.0)
    assert runs.run_view(studio, run_id).eta_s == 95.0
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, held)
    assert runs.run_view(studio, run_id).eta_s is None


def test_without_a_pace_the_time_left_is_the_estimate_or_unknown(studio: Studio) -> None:
    run_id = queue(studio)
    progress(studio, claim(studio), "sampling", 0, 1)
    assert runs.run_view(studio, run_id).eta_s is None
    measure(studio)
    assert runs.run_view(studio, run_id).eta_s == pytest.approx(previews.preview(studio, form(studio)).estimate.total_s, rel=0.2)  # type: ignore[union-attr]


def test_metrics_and_samples_of_a_run_are_its_own(studio: Studio) -> None:
    first, second = queue(studio, key="first-key"), queue(studio, key="second-key")
    held = claim(studio)
    train_steps(studio, held, 3)
    sample(studio, held, 2, [("Why?", "So.", "Because.")])
    view = runs.run_view(studio, first)
    assert [point.step for point in view.metrics["loss_nats"]] == [1, 2, 3]
    assert [(s.step, s.side, s.text) for s in view.samples] == [(2, "statement", "So."), (2, "antithesis", "Because.")]
    assert runs.run_view(studio, second).metrics == {}


def test_stop_and_resume(studio: Studio) -> None:
    waiting = queue(studio, key="waiting-key")
    assert runs.stop(studio, waiting) == JobStatus.STOPPED
    runs.resume(studio, waiting)
    held = claim(studio)
    assert runs.stop(studio, waiting) == JobStatus.RUNNING
    assert runs.run_view(studio, waiting).line.stopping
    progress(studio, held, "training", 3, 12, checkpoint="runs/1/attempt-1/checkpoint-000003")
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, held)
    view = runs.run_view(studio, waiting)
    assert (view.line.status, view.resumable_from) == (JobStatus.STOPPED, "checkpoint-000003")
    runs.resume(studio, waiting)
    with pytest.raises(RefusedError, match="only a stopped or failed run"):
        runs.resume(studio, waiting)


def test_a_run_that_does_not_exist_is_refused_in_words(studio: Studio) -> None:
    for act in (runs.run_view, runs.stop, runs.resume, runs.form_again):
        with pytest.raises(RefusedError, match="There is no run 7"):
            act(studio, 7)


def test_a_silent_trainer_is_noticed(studio: Studio) -> None:
    run_id = queue(studio)
    claim(studio)
    assert runs.run_view(studio, run_id).silent_s is None
    with studio.sessions.begin() as session:
        jobs.get_job(session, run_id).heartbeat_at = clock(session) - timedelta(minutes=3)
    assert runs.run_view(studio, run_id).silent_s == pytest.approx(180, abs=20)


def test_a_run_written_by_another_version_of_the_studio_is_still_shown(studio: Studio) -> None:
    run_id = queue(studio)
    with studio.sessions.begin() as session:
        get_row(session, run_id).config = {"preset": "quick", "unheard_of": 1}
    assert runs.run_view(studio, run_id).config is None
    with pytest.raises(ConfigError):
        runs.form_again(studio, run_id)


def test_a_run_gives_back_the_form_that_asked_for_it(studio: Studio) -> None:
    asked = form(studio, "Warm tone", preset="standard", seed=3, changes=("passes=2", "sampling.temperature=0.9"))
    run_id = runs.queue_run(studio, "Ann", asked, "request-key")
    assert runs.form_again(studio, run_id) == asked
    assert asked.version_id == version_id(studio, "Warm tone")


def test_the_list_says_what_came_out_and_reads_no_more_of_a_result_than_that(studio: Studio) -> None:
    good, failed, odd, waiting = (queue(studio, key=f"listed-run-{i}") for i in range(4))
    finish(studio, claim(studio), result(result().report.principles[0], capitals(), replace(capitals(), judge=None)))
    held = claim(studio)
    with studio.sessions.begin() as session:
        claims.fail(session, held, "memory", "Memory ran out.")
    finish(studio, claim(studio), result())
    with studio.sessions.begin() as session:
        get_row(session, odd).result = {"report": {"principles": [{"verdict": "splendid", "judge": "check"}]}}
    lines = {line.id: line for line in runs.list_runs(studio)}
    assert lines[good].came_out == (Standing.FOLLOWED, Standing.NOT_FOLLOWED, Standing.NOT_JUDGED)
    assert (lines[failed].error_kind, lines[failed].came_out) == ("memory", ())
    assert lines[odd].came_out == lines[waiting].came_out == ()
    with studio.sessions.read() as session:
        row = list_rows(session, results=False)[0].run
        with pytest.raises(InvalidRequestError):  # nobody reads a whole result for a line
            _ = row.result
