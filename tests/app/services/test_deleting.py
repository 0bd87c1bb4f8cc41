"""Deleting a run: its rows and files go, all else stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services import runs
from app.services.audit import acting
from app.services.cards import MarkWish, Source
from app.services.comparisons import list_recent, open_comparison
from app.services.deleting import FilesLeftError, delete_check, delete_run, marks_to_lose
from app.services.downloads import stored_file
from app.services.kept_checks import check_found, list_kept
from app.services.marking import marking
from app.services.replies import NothingToTakeError
from app.services.stored import unreadable_rows
from app.services.studio import RefusedError, Studio
from core.methods.arms import arm_to_data
from db import claims
from db.audit import list_entries
from db.comparisons import NewComparison, NewReply, add_comparison, save_reply
from db.figures import figures
from db.mark_tables import Mark
from db.tables import Run, RunMetric, RunSample
from tests.app.checked import kept_check, mark_check_whole
from tests.app.marking import finished_run, mark_all
from tests.app.planting import claim, finish, make_studio, queue, queue_series, sample, train_steps, version_id
from tests.app.results import capitals, complying, result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def deleted(studio: Studio, run_id: int) -> None:
    with acting("Ann", "127.0.0.1"):
        delete_run(studio.sessions, studio.store, run_id)


def finished(studio: Studio, key: str = "planted-run-1", **changes: Any) -> int:
    run_id = queue(studio, key=key, **changes)
    held = claim(studio)
    train_steps(studio, held, 3)
    sample(studio, held, 0, [("Why?", "Because.", "So.")])
    finish(studio, held, result(result().report.principles[0], capitals()))
    return run_id


def test_a_run_whose_replies_somebody_marked_goes_with_the_marks(studio: Studio) -> None:
    gone, kept = finished_run(studio, name="Museum"), finished_run(studio, name="Desk")
    for run_id in (gone, kept):
        mark_all(studio, run_id, most=3)
    deleted(studio, gone)
    with studio.sessions.read() as session:
        assert {row.run_id for row in session.query(Mark)} == {kept}


def test_a_finished_run_goes_with_its_rows_and_files_and_the_audit_log_says_who_did_it(studio: Studio) -> None:
    gone, kept = finished(studio), finished(studio, "planted-run-2")
    folder = studio.settings.data / "runs"
    assert (folder / str(gone)).is_dir()
    deleted(studio, gone)
    assert not (folder / str(gone)).exists() and (folder / str(kept)).is_dir()
    assert [line.id for line in runs.list_runs(studio)] == [kept]
    with pytest.raises(RefusedError, match=f"There is no run {gone}"):
        runs.run_view(studio, gone)
    with studio.sessions.read() as session:
        for table in (RunMetric, RunSample):
            assert {row.run_id for row in session.query(table)} == {kept}
        entry = [*list_entries(session)][-1]
        assert (entry.who, entry.what, entry.subject, entry.detail["status"]) == ("Ann", "run.deleted", f"run {gone}", "finished")
        assert sum(figures(session).jobs.values()) == 1
    assert runs.run_view(studio, kept).result is not None


def test_neither_the_number_nor_the_request_of_a_deleted_run_is_given_to_another(studio: Studio) -> None:
    gone = finished(studio)
    deleted(studio, gone)
    with pytest.raises(RefusedError, match="Reload the page"):
        queue(studio)  # the same click once more
    assert queue(studio, key="another-click") > gone
    with pytest.raises(RefusedError, match=f"There is no run {gone}"):
        runs.resume(studio, gone)
    with pytest.raises(RefusedError, match=f"There is no run {gone}"):
        deleted(studio, gone)


def test_what_waits_or_runs_is_not_deleted_and_what_stopped_or_failed_is(studio: Studio) -> None:
    run_id = queue(studio)
    with pytest.raises(RefusedError, match=f"Run {run_id} is queued. Stop it, then delete it"):
        deleted(studio, run_id)
    held = claim(studio)
    with pytest.raises(RefusedError, match="is running"):
        deleted(studio, run_id)
    with studio.sessions.begin() as session:
        claims.fail(session, held, "memory", "Memory ran out.")
    deleted(studio, run_id)
    stopped = queue(studio, key="stopped-run")
    runs.stop(studio, stopped)
    deleted(studio, stopped)  # it never had any files
    assert runs.list_runs(studio) == []


def test_the_other_runs_of_a_series_stay_and_are_pooled_without_it(studio: Studio) -> None:
    first, *others = queue_series(studio)
    for share in (0.9, 0.5, 0.7):
        finish(studio, claim(studio), complying(share))
    deleted(studio, first)
    view = runs.run_view(studio, others[0])
    assert view.series is not None and [each.run for each in view.series.runs] == others
    assert view.series.result is not None and len(view.series.result.seeds) == 2


def test_comparisons_with_it_keep_their_texts(studio: Studio) -> None:
    run_id = finished(studio)
    with studio.sessions.begin() as session:
        run = session.get(Run, run_id)
        assert run is not None
        arms = result().report.arms
        new = NewComparison(
            run_id=run_id,
            version_id=version_id(studio),
            model=run.model,
            revision=None,
            four_bit=False,
            arms=[arm_to_data(figures.arm) for figures in arms],
            query="Why?",
            side="statement",
            seed=0,
            sampling={"max_new_tokens": 8, "temperature": 0.0, "top_p": 1.0},
            created_by="Ann",
        )
        token = add_comparison(session, new).id
        for figures_of in arms:
            save_reply(session, token, NewReply(arm=figures_of.arm.key, text=f"By {figures_of.arm.key}.", seed=0))
    deleted(studio, run_id)
    view = open_comparison(studio, token)
    assert [pane.text for pane in view.panes] == [f"By {figures_of.arm.key}." for figures_of in arms]
    assert view.source.run_id is None and list_recent(studio)[0].run_id is None


def test_files_that_cannot_be_removed_are_named(studio: Studio) -> None:
    run_id = finished(studio)

    class Stuck:
        def remove(self, key: str) -> None:
            raise PermissionError(13, "Permission denied", key)

    store: Any = Stuck()
    with pytest.raises(FilesLeftError, match=rf"Run {run_id} is deleted, but its files could not be removed \(Permission denied\). Remove runs/{run_id} in"):
        delete_run(studio.sessions, store, run_id)
    assert runs.list_runs(studio) == []


def test_a_check_goes_with_everybodys_marks_of_it_and_leaves_all_others(studio: Studio) -> None:
    gone, kept, run_id = kept_check(studio), kept_check(studio, name="Gallery"), finished_run(studio, name="Desk")
    mark_check_whole(studio, gone, "Ada", most=5)
    mark_check_whole(studio, gone, "Ben", most=2)
    mark_check_whole(studio, kept, "Ada", most=3)
    mark_all(studio, run_id, most=4)
    assert marks_to_lose(studio.sessions, gone) == {"Ada": 5, "Ben": 2}
    with acting("Ann", "127.0.0.1"):
        delete_check(studio.sessions, gone)
    with studio.sessions.read() as session:
        assert sorted((row.check_id or 0, row.run_id or 0) for row in session.query(Mark)) == [(0, run_id)] * 4 + [(kept, 0)] * 3
        entry = [*list_entries(session)][-1]
        assert (entry.who, entry.what, entry.subject, entry.detail["marks"]) == ("Ann", "check.deleted", f"check {gone}", 7)
        assert unreadable_rows(session) == []
    assert [each.check for each in list_kept(studio)] == [kept]
    for ask in (lambda: check_found(studio, gone), lambda: marking(studio, "Ada", Source("check", gone), MarkWish())):
        with pytest.raises(RefusedError, match=f"There is no check {gone}"):
            ask()
    with pytest.raises(NothingToTakeError):
        stored_file(studio, "check", gone)
    assert marks_to_lose(studio.sessions, kept) == {"Ada": 3}


def test_neither_the_number_nor_the_request_of_a_deleted_check_is_given_to_another(studio: Studio) -> None:
    version = version_id(studio)
    gone = kept_check(studio, version_id=version)
    delete_check(studio.sessions, gone)
    with pytest.raises(RefusedError, match="used for another check already"):
        kept_check(studio, version_id=version)  # the same click once more
    assert kept_check(studio, name="Gallery") > gone
    for act in (marks_to_lose, delete_check):
        with pytest.raises(RefusedError, match=f"There is no check {gone}"):
            act(studio.sessions, gone)
