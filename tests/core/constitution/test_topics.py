"""Queries that have little to do with a text are told by its own words; a text about form is never told so."""

from pathlib import Path

import pytest

from core.constitution.files import parse_file
from core.constitution.principles import Constitution, Principle
from core.constitution.reading.query_files import read_query_file
from core.constitution.topics import Occasions, occasions, off_topic, topical_words

STARTERS = Path(__file__).parents[3] / "app" / "starters"
GUIDE = (
    ("Known or guessed", "Say what is known about an object and what scholars only guess.", "State guesses about an object as if they were facts."),
    (
        "Provenance",
        "Say how an object came into the collection, and name documented theft.",
        "Never speak of how an object came into the collection.",
    ),
    ("Living cultures", "Speak of the peoples whose objects are shown as alive today.", "Speak of the peoples whose objects are shown as extinct."),
    ("No prices", "Do not estimate what an object is worth in money.", "Estimate what an object is worth in money."),
)
PARTIES = (
    ("Both sides", "Give the strongest argument of each party to a political controversy.", "Argue for one party only."),
    ("Sources", "Name the source of each statistic, such as a statistics office or a peer-reviewed study.", "Give statistics without sources."),
    ("No votes", "Never tell citizens how to vote in an election or a referendum.", "Tell citizens how to vote."),
)


def text(rows: tuple[tuple[str, str, str], ...]) -> Constitution:
    return Constitution(name="A text", principles=tuple(Principle(title=t, statement=s, antithesis=a) for t, s, a in rows))


def train_queries(file: str) -> list[str]:
    return [query.text for query in read_query_file((STARTERS / file).read_bytes(), file).queries if query.split == "train"]


def test_the_words_of_a_text_are_those_of_its_subject_the_most_frequent_first() -> None:
    about = topical_words(text(GUIDE))
    assert about[:3] == ["object", "guessed", "collection"]
    assert not {"never", "speak", "state", "say"} & set(about)


def test_words_that_begin_alike_count_once_and_a_query_counts_once() -> None:
    assert occasions(["visitor"], ["Who visits? Do visitors pay?", "VISITING hours", "What is art?"]) == Occasions(2, 3)
    assert occasions(["visitor"], []).share == 0.0


@pytest.mark.parametrize(("rows", "own", "name"), [(GUIDE, "visitor-queries.jsonl", "visitors"), (PARTIES, "policy-queries.jsonl", "policy")])
def test_everyday_queries_have_little_to_do_with_a_text_about_something_and_its_own_set_is_named(
    rows: tuple[tuple[str, str, str], ...], own: str, name: str
) -> None:
    everyday = train_queries("queries.jsonl")
    warning = off_topic(text(rows), everyday, {name: train_queries(own), "support": train_queries("support-queries.jsonl")})
    assert warning.startswith("By words alone: only ") and f"of {len(everyday)} train queries hold a word" in warning and f"Of “{name}”" in warning
    assert off_topic(text(rows), train_queries(own)) == ""


def test_a_set_that_is_as_far_from_the_text_is_not_named() -> None:
    assert "Of “support”" not in off_topic(text(PARTIES), train_queries("queries.jsonl"), {"support": train_queries("support-queries.jsonl")})


def test_no_starter_is_about_anything_but_form() -> None:
    for path in sorted(STARTERS.glob("*.yaml")):
        assert off_topic(parse_file(path.read_text(encoding="utf-8"), path.name), train_queries("policy-queries.jsonl")) == "", path.name


def test_without_queries_nothing_is_said() -> None:
    assert off_topic(text(GUIDE), []) == ""
