"""Several seeds with one click: how they are queued, and what they come to, on a real database."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.present.panes import source_option
from app.services import previews, quotas, runs
from app.services.series import SeriesView
from app.services.sources import list_sources
from app.services.studio import RefusedError, Studio
from core.errors import ConfigError
from core.measure.statistics import MOST_SEEDS
from db import claims
from db.status import JobStatus
from db.tables import Run
from tests.app.planting import claim, finish, form, get_run, make_studio, measure, queue, queue_series
from tests.app.results import capitals, complying, result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def series(studio: Studio, run_id: int) -> SeriesView:
    view = runs.run_view(studio, run_id).series
    assert view is not None
    return view


def change(studio: Studio, run_id: int, **values: object) -> None:
    """As somebody does who writes to the database behind the studio's back."""
    with studio.sessions.begin() as session:
        for name, value in values.items():
            setattr(session.get(Run, run_id), name, value)


def test_one_click_queues_a_run_for_each_seed_in_order_and_a_second_click_none(studio: Studio) -> None:
    ids = queue_series(studio, seed=5)
    assert queue_series(studio, seed=5) == ids
    assert [get_run(studio, run_id).config["seed"] for run_id in ids] == [5, 6, 7]
    assert [line.seed for line in runs.list_runs(studio)] == [7, 6, 5]
    alone = queue(studio, key="asked-for-alone")
    assert [claim(studio).job_id for _ in range(4)] == [*ids, alone]
    assert runs.run_view(studio, alone).series is None
    assert [(each.run, each.seed, each.status) for each in series(studio, ids[1]).runs] == [(ids[i], 5 + i, JobStatus.RUNNING) for i in range(3)]


def test_the_same_click_with_other_wishes_adds_nothing_to_a_series_or_to_a_run(studio: Studio) -> None:
    ids = queue_series(studio)
    assert queue_series(studio, seeds=5, changes=("passes=4",)) == ids
    assert queue_series(studio, seeds=1) == ids
    alone = queue(studio, key="asked-for-alone")
    assert queue_series(studio, key="asked-for-alone") == [alone]


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"seeds": 0}, f"seeds must be between 1 and {MOST_SEEDS}, got 0."),
        ({"seeds": -1}, "seeds must be between"),
        ({"seeds": MOST_SEEDS + 1}, f"got {MOST_SEEDS + 1}."),
        ({"seeds": 3, "seed": 2**31 - 3 + 1}, "seed must be at most 2,147,483,645 where 3 seeds are asked for, got 2147483646."),
    ],
)
def test_as_many_seeds_as_nobody_can_have_are_refused_and_nothing_is_queued(studio: Studio, wish: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        queue(studio, **wish)
    assert runs.list_runs(studio) == []
    assert len(queue_series(studio, seed=2**31 - 3)) == 3


def test_seeds_that_do_not_fit_the_queue_are_refused_whole_in_words(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_WAITING", 3)
    queue(studio, key="asked-for-alone")
    with pytest.raises(RefusedError, match=r"You have 1 run waiting, and one person may have 3: 3 more do not fit\. Ask for fewer seeds"):
        queue_series(studio)
    assert len(runs.list_runs(studio)) == 1
    ids = queue_series(studio, seeds=2)
    assert queue_series(studio, seeds=2) == ids  # at the limit the same click is answered


def test_the_preview_says_the_sum_of_all_seeds(studio: Studio) -> None:
    measure(studio)
    one, three = (previews.preview(studio, form(studio, seeds=seeds)) for seeds in (1, 3))
    assert three.preset_minutes["quick"] == pytest.approx(3 * one.preset_minutes["quick"])
    assert three.estimate == one.estimate
    assert " --seed 0 --seeds 3 --out " in three.command
    assert "--seeds" not in one.command


def test_what_runs_come_to_is_said_once_two_have_finished_with_the_median_adapter_named(studio: Studio) -> None:
    ids = queue_series(studio)
    assert series(studio, ids[0]).says.startswith("No run of the series has finished")
    finish(studio, claim(studio), complying(0.9))
    only = series(studio, ids[2])
    assert (only.result, only.use, only.pending) == (None, None, True)
    assert only.says == "Only the run with seed 0 has finished: what other seeds give can be said when at least two have."
    finish(studio, claim(studio), complying(0.5, "no effect found"))
    two = series(studio, ids[0])
    assert two.result is not None
    assert (two.result.seeds, two.result.left_out, two.use) == ((0, 1), {2: "queued"}, ids[1])
    finish(studio, claim(studio), complying(0.7))
    three = series(studio, ids[0])
    assert three.result is not None
    assert (three.result.median.seed, three.use, three.pending, three.result.left_out) == (2, ids[2], False, {})
    assert three.result.principles[0].sentence.startswith("“Be brief”: with 2 of 3 seeds (0, 2): followed; with seed 1: no effect found. ")


def test_a_run_that_is_stopped_or_fails_is_left_out_and_the_others_go_on(studio: Studio) -> None:
    ids = queue_series(studio, seeds=4)
    runs.stop(studio, ids[1])
    finish(studio, claim(studio), complying(0.9))
    with studio.sessions.begin() as session:
        claims.fail(session, claims.claim_of(claims.claim_next(session, "planted-trainer", {}, 60.0)), "link", "No link.")  # type: ignore[arg-type]
    finish(studio, claim(studio), complying(0.7))
    view = series(studio, ids[0])
    assert view.result is not None
    assert (view.result.seeds, view.result.left_out, view.pending) == ((0, 3), {1: "stopped", 2: "failed"}, False)
    runs.resume(studio, ids[1])
    finish(studio, claim(studio), complying(0.8))
    again = series(studio, ids[3])
    assert again.result is not None
    assert (again.result.seeds, again.result.median.seed) == ((0, 1, 3), 1)


def test_a_run_of_a_series_is_asked_for_again_alone(studio: Studio) -> None:
    ids = queue_series(studio, seed=5)
    again = runs.form_again(studio, ids[2])
    assert (again.seed, again.seeds) == (7, 1)
    repeated = runs.queue_run(studio, "Ann", again, "asked-for-again")
    assert runs.run_view(studio, repeated).series is None
    assert len(series(studio, ids[0]).runs) == 3


def test_what_was_changed_behind_the_studio_s_back_is_left_out_or_not_pooled_in_words(studio: Studio) -> None:
    ids = queue_series(studio, seeds=4)
    for share in (0.9, 0.5, 0.7):
        finish(studio, claim(studio), complying(share))
    change(studio, ids[1], result={"report": {}})
    view = series(studio, ids[0])
    assert view.result is not None
    assert view.result.left_out == {1: "finished, but its result cannot be read", 3: "queued"}
    finish(studio, claim(studio), result(capitals()))
    assert series(studio, ids[0]).says.startswith("The results cannot be pooled: the runs with seeds 0, 2, 3 are not on the same principles")
    change(studio, ids[3], config={**get_run(studio, ids[3]).config, "passes": 9})
    assert series(studio, ids[0]).says == "The results cannot be pooled: the runs differ in more than their seed."
    change(studio, ids[3], config=get_run(studio, ids[0]).config | {"seed": "three"})
    assert series(studio, ids[0]).runs[3].seed is None
    for run_id, revision in ((ids[0], "aaa"), (ids[2], "bbb")):
        change(studio, run_id, revision=revision)
    assert "the model was another one meanwhile (revisions aaa, bbb)" in series(studio, ids[0]).says
    with studio.sessions.begin() as session:
        session.delete(session.get(Run, ids[1]))
    assert [each.run for each in series(studio, ids[0]).runs] == [ids[0], *ids[2:]]


def test_compare_offers_the_median_run_of_a_series_first_and_says_which_seed_each_is(studio: Studio) -> None:
    older = queue(studio, key="asked-for-alone")
    finish(studio, claim(studio), complying(0.6))
    ids = queue_series(studio)
    for share in (0.7, 0.9, 0.5):
        finish(studio, claim(studio), complying(share))
    offered = [source for source in list_sources(studio) if source.run_id is not None]
    assert [source.run_id for source in offered] == [ids[0], ids[2], ids[1], older]
    labels = [source_option(source).label for source in offered]
    assert labels[0].endswith("version 1, seed 0: the median of 3")
    assert [label.rpartition(", ")[2] for label in labels[1:]] == ["seed 2", "seed 1", "version 1"]
    assert replace(offered[0], median_of=0).series == offered[1].series is not None
