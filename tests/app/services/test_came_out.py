"""What Write's margins say: of the newest finished run that can be read, by the identity of principles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.pages.write import WritePage
from app.services import constitutions, runs
from app.services.came_out import newest_run
from app.services.studio import Studio
from core.measure.standings import Standing
from db.runs import get_run
from tests.app.pages.calling import asks
from tests.app.planting import claim, finish, form, make_control, make_studio, version_id
from tests.app.results import capitals, principle, result


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def two_principles(studio: Studio) -> tuple[int, int]:
    """A constitution of two principles, and the id of its first version."""
    made = constitutions.create_constitution(studio, "Two")
    rows = [{"id": letter * 32, "title": letter, "statement": f"Say {letter}.", "antithesis": f"Not {letter}."} for letter in "ab"]
    draft = constitutions.save_draft(studio, made, "Ann", 1, rows)
    saved = constitutions.save_version(studio, made, "Ann", "First.", (draft.revision, None))
    assert saved.head is not None
    return made, saved.head.id


def ran(studio: Studio, version: int, key: str, *found: str, variant: str = "real") -> int:
    run = runs.queue_run(studio, "Ann", form(studio, version_id=version), key)
    make_control(studio, run, variant)
    principles = [principle(f"P{i}", each, "A sentence.") for i, each in enumerate(found)]
    finish(studio, claim(studio), result(*principles))
    return run


def test_nothing_is_said_before_a_run_has_finished(studio: Studio) -> None:
    made, version = two_principles(studio)
    runs.queue_run(studio, "Ann", form(studio, version_id=version), "waiting-run-1")
    assert newest_run(studio, made) is None


def test_the_newest_finished_run_says_what_it_found_by_identity_with_the_text_it_was_given(studio: Studio) -> None:
    made, version = two_principles(studio)
    ran(studio, version, "earlier-run-1", "no effect found", "no effect found")
    newest = ran(studio, version, "newest-run-1", "followed", "no effect found")
    ran(studio, version_id(studio), "foreign-run-1", "followed")
    found = newest_run(studio, made)
    assert found is not None
    assert (found.run, found.version) == (newest, 1)
    assert [(each.principle, each.standing, each.statement) for each in found.principles] == [
        ("a" * 32, Standing.FOLLOWED, "Say a."),
        ("b" * 32, Standing.NO_RISE, "Say b."),
    ]


def test_a_result_that_cannot_be_read_or_has_other_principles_gives_way_to_the_one_before(studio: Studio) -> None:
    made, version = two_principles(studio)
    good = ran(studio, version, "good-run-1", "followed", "followed")
    broken, short = ran(studio, version, "broken-run-1", "followed", "followed"), ran(studio, version, "short-run-1", "followed")
    with studio.sessions.begin() as session:
        get_run(session, broken).result = {"report": {"principles": "?"}}
    found = newest_run(studio, made)
    assert found is not None and found.run == good and short > broken


def test_a_control_is_no_run_of_the_text_however_new_it_is(studio: Studio) -> None:
    made, version = two_principles(studio)
    ran(studio, version, "control-run-1", "followed", "followed", variant="emptied")
    assert newest_run(studio, made) is None
    good = ran(studio, version, "of-the-text-1", "no effect found", "no effect found")
    control = ran(studio, version, "control-run-2", "followed", "followed", variant="random")
    found = newest_run(studio, made)
    assert found is not None and found.run == good and [each.standing for each in found.principles] == [Standing.NO_RISE] * 2
    line = next(line for line in runs.list_runs(studio) if line.id == control)
    assert (line.came_out, line.control) == ((), "a control: replies paired at random")


def test_the_page_is_told_with_the_words_to_show(studio: Studio) -> None:
    made, version = two_principles(studio)
    page = WritePage(studio)
    assert page.opened({"constitution": str(made)}, asks("Ann"))["came_out"] is None
    ran(studio, version, "told-run-1", "followed", capitals().verdict or "")
    told = page.opened({"constitution": str(made)}, asks("Ann"))
    assert [each["standing"] for each in told["came_out"]["principles"]] == ["followed", "not followed"]
    assert "✕" in told["standings"]["not followed"]
