"""Which stored replies a check is tried on: those of the newest finished run that had the principle and whose files can be read."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.processes.protocol import attempt_key
from app.services.studio import Studio
from app.services.trials import Trial, try_on_stored
from core.constitution.checks import Check
from core.constitution.principles import Principle
from tests.app.marking import STATEMENT, finished_run
from tests.app.planting import make_control, make_studio, queue, version_id

GUESS = Check("contains", "guess")
ONLY = Principle(id="c" * 32, title="Only", statement=STATEMENT, antithesis="The other way.")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def ran(found: Trial) -> int:
    assert found.run is not None and found.problem == ""
    return found.run.run


def test_where_nothing_is_stored_what_makes_some_is_said(studio: Studio) -> None:
    queue(studio)
    found = try_on_stored(studio, ONLY, GUESS)
    assert found.run is None and found.tried is None
    assert found.problem.startswith("No replies are stored for this principle. A finished run of a version that has this principle leaves some. Check, on ")


def test_the_newest_run_with_the_principle_is_taken_by_its_identity_and_says_whether_the_texts_are_others(studio: Studio) -> None:
    finished_run(studio, name="Earlier")
    newest = finished_run(studio, name="Newest")
    finished_run(studio, name="Brevity", version_id=version_id(studio))
    found = try_on_stored(studio, ONLY, GUESS)
    assert ran(found) == newest and found.tried is not None and found.run is not None
    assert (found.run.constitution, found.run.version, found.run.principles, found.run.changed) == ("Newest", 1, 1, False)
    base, trained = found.tried.arms
    assert (base.statement.passes, trained.statement.passes, trained.antithesis.passes, trained.antithesis.figure.n) == (0, 8, 0, 8)
    changed = try_on_stored(studio, replace(ONLY, statement="Say something else."), GUESS)
    assert ran(changed) == newest and changed.run is not None and changed.run.changed


def test_without_the_identity_a_run_is_found_by_its_texts(studio: Studio) -> None:
    run = finished_run(studio)
    same = replace(ONLY, id="", statement=f"  {STATEMENT.upper()} ")
    assert ran(try_on_stored(studio, same, GUESS)) == run
    assert ran(try_on_stored(studio, replace(ONLY, id="d" * 32), GUESS)) == run
    assert try_on_stored(studio, replace(same, antithesis="Another."), GUESS).run is None


def test_a_run_whose_files_are_gone_gives_way_to_the_one_before_and_is_told_where_there_is_none(studio: Studio) -> None:
    earlier, newest = finished_run(studio, name="Earlier"), finished_run(studio, name="Newest")
    shutil.rmtree(studio.settings.data / attempt_key(newest, 1))
    assert ran(try_on_stored(studio, ONLY, GUESS)) == earlier
    shutil.rmtree(studio.settings.data / attempt_key(earlier, 1))
    gone = try_on_stored(studio, ONLY, GUESS)
    assert gone.run is None and f"The files of run {newest} are not on this machine." in gone.problem


def test_replies_of_a_control_are_of_no_text_and_nothing_is_tried_on_them(studio: Studio) -> None:
    run = finished_run(studio, name="Text")
    make_control(studio, finished_run(studio, name="Control"), "swapped")
    assert ran(try_on_stored(studio, ONLY, GUESS)) == run
