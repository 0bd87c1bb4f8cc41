"""`trial`: a check on replies that the studio's runs left, at a terminal."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.studio import Studio
from tests.app.commands.calling import run
from tests.app.marking import STATEMENT, finished_run
from tests.app.planting import make_studio

FILE = f"""\
name: Museum
principles:
  - title: Known
    statement: {STATEMENT}
    antithesis: The other way.
  - title: Brief
    statement: Answer in at most 20 words.
    antithesis: Answer at length.
"""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    (tmp_path / "c.yaml").write_text(FILE)
    yield opened
    opened.engine.dispose()


def test_a_check_is_tried_on_the_replies_of_a_run_that_had_the_texts(studio: Studio, tmp_path: Path) -> None:
    found = finished_run(studio)
    arguments = ("trial", "--constitution", tmp_path / "c.yaml", "--principle", 1, "--check", "contains: guess")
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "“Known”: The reply contains the text (or one of several, parted by |): guess.",
        f"  Tried on the held-out replies of run {found} of “Museum”, version 1.",
    ]
    assert "  Aligned with the constitution: under the statement 8 of 8 pass (100%, 68 to 100%), under the antithesis 0 of 8 pass (0%, 0 to 32%)." in lines
    assert "  Pass: 3 of 8 replies:" in lines
    told = json.loads(run(*arguments, "--json", folder=tmp_path).stdout)
    assert [(each["principle"], each["check"], each["run"]["run"]) for each in told] == [("Known", {"contains": "guess"}, found)]


def test_without_a_check_the_one_that_the_statement_allows_is_tried_and_nothing_stored_is_exit_status_1(studio: Studio, tmp_path: Path) -> None:
    done = run("trial", "--constitution", tmp_path / "c.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert "“Known”: It has no check, and none can be read off its statement." in done.stdout
    assert "“Brief”: The reply has at most 20 words.\n  No replies are stored for this principle." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--principle", 3), "There is no principle 3; the constitution has 2."),
        (("--check", "emoji"), "--check is for one principle, and the constitution has 2. Say which with --principle N."),
        (("--principle", 1, "--check", "telepathy"), "Unknown check 'telepathy' in --check"),
    ],
)
def test_what_cannot_be_asked_is_told_in_words(studio: Studio, tmp_path: Path, arguments: tuple[object, ...], says: str) -> None:
    done = run("trial", "--constitution", tmp_path / "c.yaml", *arguments, folder=tmp_path)
    assert done.returncode == 1 and says in done.stderr
