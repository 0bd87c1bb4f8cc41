"""Queries that have little to do with a text are told by its words: how often, of pairs that a person judged, and never where they do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.constitution.files import parse_file
from core.constitution.principles import Constitution, Principle
from core.constitution.reading.query_files import read_query_file
from core.constitution.topics import Topic, occasions, off_topic, topic_of
from tests.rounds.sitting import PRINCIPLES

STARTERS = Path(__file__).parents[3] / "app" / "starters"
OWN = {
    "Everyday queries": "queries.jsonl",
    "Visitors of a museum": "visitor-queries.jsonl",
    "Customers who need support": "support-queries.jsonl",
    "Questions of policy": "policy-queries.jsonl",
}
TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("topics.yaml").read_text(encoding="utf-8"))


def train_queries(file: str) -> list[str]:
    return [query.text for query in read_query_file((STARTERS / file).read_bytes(), file).queries if query.split == "train"]


SETS = {name: train_queries(file) for name, file in OWN.items()} | TABLE["sets"]


def text(name: str) -> Constitution:
    rows = (TABLE["fitted"] | TABLE["fresh"])[name]["principles"]
    parts = [row.split(" | ") for row in rows]
    return Constitution(name="A text", principles=tuple(Principle(title=t, statement=s, antithesis=a) for t, s, a in parts))


def language_of(name: str) -> str:
    return next((code for end, code in {"German": "de", "Chinese": "zh", "Russian": "ru"}.items() if name.endswith(end)), "en")


def pairs(part: str) -> Iterator[tuple[str, str, bool | None, bool]]:
    """Each text with each set in its language: whether a person would warn (None: people may differ), and whether it is warned."""
    for name, said in TABLE[part].items():
        topic = topic_of(text(name))
        for chosen, queries in SETS.items():
            warned = off_topic(topic, queries) != ""
            if language_of(chosen) != said.get("in", "en"):
                assert not warned, f"{name} with {chosen}: across languages nothing can be told by words"
                continue
            fits = said.get("fits") == "any" or chosen in said.get("fits", [])
            yield name, chosen, None if chosen in said.get("either", []) else not fits, warned


@pytest.mark.parametrize(("part", "missed", "of"), [("fitted", 9, 38), ("fresh", 9, 36)])
def test_no_set_that_serves_a_text_is_warned_of_and_what_is_missed_is_counted(part: str, missed: int, of: int) -> None:
    """A change that misses fewer lowers the number here; one that warns where a person would not fails."""
    judged = [(name, chosen, meant, warned) for name, chosen, meant, warned in pairs(part) if meant is not None]
    assert [(name, chosen) for name, chosen, meant, warned in judged if warned and not meant] == []
    assert (sum(meant and not warned for *_, meant, warned in judged), sum(meant for *_, meant, _ in judged)) == (missed, of)


def test_the_six_principles_of_a_museum_guide_are_those_that_a_sitting_writes() -> None:
    assert [principle.statement for principle in text("museum of six").principles] == [statement for _, statement, _ in PRINCIPLES]


def test_what_a_text_is_about_is_told_by_its_own_words_with_the_set_that_has_more() -> None:
    topic = topic_of(text("museum of six"))
    assert topic is not None and topic.subject == "a museum" and topic.words == ("object", "collection", "visitor")
    warning = off_topic(topic, SETS["Everyday queries"], {name: SETS[name] for name in ("Visitors of a museum", "Questions of policy")})
    assert warning.startswith(
        "By words alone: this text seems to be about a museum (“object”, “collection”, “visitor”), and only 16 of 208 train queries hold a word of it."
    )
    assert "Of “Visitors of a museum” 21 of 64 do." in warning
    assert "Of “" not in off_topic(topic, SETS["Everyday queries"], {"policy": SETS["Questions of policy"]}), "one that is as far from it is not named"


def test_a_text_in_a_script_without_spaces_is_held_against_queries_in_it() -> None:
    topic = topic_of(text("客服"))
    assert topic is not None and topic.code == "zh" and "退款" in topic.words
    assert "“退款”" in off_topic(topic, SETS["museum, Chinese"]) and off_topic(topic, SETS["support, Chinese"]) == ""


def test_words_that_begin_alike_are_one_and_a_query_counts_once() -> None:
    found = occasions(Topic("en", ("visitor",), frozenset({"visit"}), 0.1), ["Who visits? Do visitors pay?", "VISITING hours", "What is art?"])
    assert (found.found, found.of) == (2, 3)


def test_no_starter_is_about_anything_but_form() -> None:
    assert [path.name for path in STARTERS.glob("*.yaml") if topic_of(parse_file(path.read_text(encoding="utf-8"), path.name)) is not None] == []


def test_of_few_queries_nothing_is_said() -> None:
    topic = topic_of(text("museum of six"))
    assert off_topic(topic, []) == off_topic(topic, SETS["kitchen"][:19]) == "" != off_topic(topic, SETS["kitchen"][:20])
