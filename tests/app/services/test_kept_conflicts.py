"""Conflicts that are kept on a real database: found again, deleted, and told where they cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import quotas
from app.services.audit import acting
from app.services.deleting import delete_conflict, require_conflict
from app.services.downloads import stored_file
from app.services.kept_asked import open_asked
from app.services.kept_conflicts import conflict_form, conflict_found, kept_of
from app.services.replies import NothingToTakeError
from app.services.stored import unreadable_rows
from app.services.studio import RefusedError, Studio, open_studio
from core.errors import StudioError
from db.audit import list_entries
from tests.app.checked import kept_check
from tests.app.conflicting import ASKING, BRIEF, add_ruled_version, kept_conflict
from tests.app.damaging import damage
from tests.app.planting import make_studio, settings_for


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def test_it_is_found_again_by_another_process_with_its_form_and_figures(studio: Studio) -> None:
    kept = kept_conflict(studio, queries=12, seed=3)
    again = open_studio(settings_for(studio.settings.data))
    told = conflict_found(again, kept)
    assert told == conflict_found(studio, kept) and told.conflict == kept
    first, second = told.found.orders
    assert (first.order, first.written, first.n, first.winner, second.winner) == ("second", True, 12, "second", "first")
    assert first.sentence.startswith("With “Asking” first, “Asking” wins by 100 points (95% interval 63 to 100)")
    form = conflict_form(again, kept)
    assert (form.first, form.second, form.queries, form.train.seed) == (1, 2, 12, 3)
    again.engine.dispose()


def test_the_same_request_is_kept_once_and_the_log_says_who_made_and_deleted_it(studio: Studio) -> None:
    version_id = add_ruled_version(studio, "Two", BRIEF, ASKING)
    with acting("Ann", "here"):
        first = kept_conflict(studio, version_id=version_id, key="the-same-click")
        assert kept_conflict(studio, version_id=version_id, key="the-same-click") == first
        for changed in ({"queries": 3}, {"seed": 1}, {"who": "Bob"}):
            with pytest.raises(StudioError, match="used for another conflict already"):
                kept_conflict(studio, version_id=version_id, key="the-same-click", **changed)
        delete_conflict(studio.sessions, first)
    with studio.sessions.read() as session:
        told = [(row.who, row.what, row.subject) for row in list_entries(session)]
    assert told == [("Ann", "conflict.made", f"conflict {first}"), ("Ann", "conflict.deleted", f"conflict {first}")]


def test_neither_the_number_nor_the_request_of_a_deleted_one_is_given_to_another(studio: Studio) -> None:
    version_id = add_ruled_version(studio, "Two", BRIEF, ASKING)
    gone = kept_conflict(studio, version_id=version_id, key="the-same-click")
    delete_conflict(studio.sessions, gone)
    for act in (delete_conflict, require_conflict):
        with pytest.raises(RefusedError, match=f"There is no conflict {gone}"):
            act(studio.sessions, gone)
    with pytest.raises(RefusedError, match=f"There is no conflict {gone}"):
        conflict_found(studio, gone)
    with pytest.raises(NothingToTakeError):
        stored_file(studio, "conflict", gone)
    with pytest.raises(RefusedError, match="used for another conflict already"):
        kept_conflict(studio, version_id=version_id, key="the-same-click")
    other = kept_conflict(studio, version_id=version_id)
    assert other > gone and [each.conflict for each in kept_of(studio, version_id)] == [other]
    assert "Is it that the rain falls?" in stored_file(studio, "conflict", other).text
    with studio.engine.connect() as connection:
        left = connection.exec_driver_sql(f"SELECT model, config, replies FROM conflicts WHERE id = {gone}").one()
    assert tuple(left) == ("", "{}", "{}")
    with studio.sessions.read() as session:
        assert unreadable_rows(session) == []


def test_those_of_a_version_are_listed_newest_first(studio: Studio) -> None:
    version_id = add_ruled_version(studio, "Two", BRIEF, ASKING)
    kept_conflict(studio, "Another")
    ids = [kept_conflict(studio, version_id=version_id, seed=seed) for seed in range(12)]
    listed = kept_of(studio, version_id)
    assert [each.conflict for each in listed] == ids[:-11:-1]
    assert {(each.first, each.second, each.requested_by) for each in listed} == {("Brief", "Asking", "Ann")}


def test_nobody_fills_the_database_with_conflicts(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quotas.MOST_A_DAY, "conflict.made", (1, "conflicts"))
    with acting("Ann", "here"):
        kept_conflict(studio)
        with pytest.raises(RefusedError, match="You have made 1 conflicts within a day"):
            kept_conflict(studio, "Another")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE conflicts SET replies = '{}'",
        "UPDATE conflicts SET replies = 'nonsense'",
        "UPDATE conflicts SET config = '{\"unheard\": 1}'",
        "UPDATE conflicts SET second = 9",
    ],
)
def test_one_that_cannot_be_read_says_so_and_hinders_no_other(studio: Studio, statement: str) -> None:
    kept = kept_conflict(studio)
    damage(studio, (statement, None))
    asked = open_asked(studio, "", str(kept))
    assert asked.conflict is None and asked.form is None and asked.message
    with studio.sessions.read() as session:
        assert f"conflict {kept}" in unreadable_rows(session)
    other = kept_conflict(studio, "Another")
    assert open_asked(studio, "", str(other)).conflict is not None
    delete_conflict(studio.sessions, kept)
    with studio.sessions.read() as session:
        assert unreadable_rows(session) == []


def test_of_a_check_and_a_conflict_the_form_is_of_the_one_that_was_asked_last(studio: Studio) -> None:
    version_id = add_ruled_version(studio, "Two", BRIEF, ASKING)
    check = kept_check(studio, version_id=version_id, seed=1)
    conflict = kept_conflict(studio, version_id=version_id, seed=2)
    both = open_asked(studio, str(check), str(conflict))
    assert both.form is not None and (both.form.seed, both.message) == (2, "")
    assert both.check is not None and both.check.form.seed == 1
    damage(studio, ("UPDATE conflicts SET made_at = '2020-01-01'", None))
    older = open_asked(studio, str(check), str(conflict))
    assert older.form is not None and older.form.seed == 1
    odd = open_asked(studio, "<b>", "99")
    assert (odd.form, odd.message) == (None, "“<b>” is not the number of a check. There is no conflict 99.")
    half = open_asked(studio, str(check), "99")
    assert half.form is not None and (half.form.seed, half.message) == (1, "There is no conflict 99.")
