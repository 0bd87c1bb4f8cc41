"""What Write and scripts are told of a check that is tried on stored replies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.pages.write import WritePage
from app.services.studio import Studio
from tests.app.marking import STATEMENT, finished_run
from tests.app.pages.calling import asks
from tests.app.planting import HOSTILE, add_plain_version, make_studio
from tests.app.results import CONTROL, TRAINED

TEXTS = {
    (CONTROL.key, "statement"): "It is a vase",
    (CONTROL.key, "antithesis"): "It is a vase",
    (TRAINED.key, "statement"): f"We guess {HOSTILE}",
    (TRAINED.key, "antithesis"): "It is surely a vase",
}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def told(studio: Studio, check: object) -> dict[str, Any]:
    question = {"check": check, "principle": "c" * 32, "statement": STATEMENT, "antithesis": "The other way."}
    return WritePage(studio).trial(question, asks("Ann"))


def test_counts_and_replies_are_told_and_everything_that_was_written_is_escaped(studio: Studio) -> None:
    run = finished_run(studio, texts=TEXTS, version_id=add_plain_version(studio, f"Museum {HOSTILE}", STATEMENT))
    reply = told(studio, {"contains": "guess"})
    assert reply["kind"] == "tried" and reply["run"]["run"] == run and reply["problem"] == ""
    assert [arm["statement"]["passes"] for arm in reply["tried"]["arms"]] == [0, 8]
    aligned, base = "Aligned with the constitution: under the statement 8 of 8", "Base with the constitution: under the statement 0 of 8"
    under = "under the antithesis 0 of 8 pass (0%, 0 to 32%)."
    assert f"{aligned} pass (100%, 68 to 100%), {under}" in reply["says"] and f"{base} pass (0%, 0 to 32%), {under}" in reply["says"]
    assert reply["says"].count("Tells nothing apart: none passes, neither under the statement nor under the antithesis.") == 1
    assert f'href="./run?id={run}"' in reply["html"] and "<bdi>Museum &lt;script&gt;" in reply["html"] and "Pass: 3 of 8 replies" in reply["html"]
    assert "<script" not in reply["html"] and "<img" not in reply["html"]


def test_a_principle_without_stored_replies_says_so(studio: Studio) -> None:
    reply = told(studio, "emoji")
    assert reply["kind"] == "tried" and reply["tried"] is None
    assert reply["says"] == reply["problem"] and "No replies are stored for this principle." in reply["html"]


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"max_words": ""}, "The check max_words of this principle needs an argument"),
        ({"regex": "("}, "The regular expression of this principle cannot be read"),
        ({"telepathy": "1"}, "Unknown check 'telepathy'"),
        ({}, "The check of this principle must be one name"),
        (7, "There is no usable check in what was sent."),
        (None, "There is no usable check in what was sent."),
    ],
)
def test_what_is_no_check_is_told_in_words(studio: Studio, check: object, says: str) -> None:
    reply = told(studio, check)
    assert reply["kind"] == "problem" and says in reply["message"]
