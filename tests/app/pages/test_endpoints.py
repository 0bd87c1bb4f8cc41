"""Questions and answers as types: what is refused before any handler runs, and how all of it is described."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from app.pages import constitutions, questions, site
from app.pages.answers import Left
from app.pages.endpoints import answers, described, endpoints_of, paced, read_question, tells
from app.pages.questions import ComparisonWish, DraftTexts, NewName, OneRun, ProposalWish, Question, RunWish
from app.present.endpoints import page_html
from app.services.constitutions import create_constitution, list_constitutions
from app.services.proposals import Proposals
from app.services.studio import Studio
from app.web.actors import Actor, KnownBy
from core.errors import ConfigError
from tests.app.planting import make_studio

CALLER = SimpleNamespace(state=SimpleNamespace(actor=Actor("ann", KnownBy.BROWSER)), query_params={})


@pytest.fixture
def studio(tmp_path: Any) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (2**31, "2147483648"),
        (2**63, "9223372036854775808"),
        (-1, "-1"),
        (10**30, "10000000000000000000… (31 digits)"),
        (-(10**40), "-1000000000000000000… (41 digits)"),
    ],
)
def test_a_number_that_no_row_can_have_is_the_number_of_nothing_and_never_told_as_another(number: int, told: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'There is no constitution {told}.')}$"):
        read_question(questions.NewName, {"constitution": number, "name": "x"})


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, "question"),
        ("text", "question"),
        ({}, "constitution"),
        ({"constitution": "1", "name": "x"}, "constitution"),
        ({"constitution": True, "name": "x"}, "constitution"),
        ({"constitution": 1.0, "name": "x"}, "constitution"),
        ({"constitution": 1, "name": 7}, "name"),
        ({"constitution": 1, "name": None}, "name"),
        ({"constitution": 1, "name": "x" * (questions.LONGEST_TEXT + 1)}, "name"),
        ({"constitution": 1, "name": "x", "nmae": "y"}, "nmae"),
    ],
)
def test_what_is_no_such_question_is_refused_by_the_name_of_the_field(value: object, names: str) -> None:
    with pytest.raises(ConfigError, match=f"no usable {names} in what was sent"):
        read_question(NewName, value)


def test_what_is_nested_without_end_is_no_question() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ConfigError, match="no usable"):
        read_question(DraftTexts, {"constitution": 1, "revision": 1, "principles": deep})


def test_what_may_be_left_out_has_its_default() -> None:
    wish = read_question(ComparisonWish, {"source": "run:1", "query": "q", "seed": None})
    assert (wish.side, wish.seed, wish.arms) == ("statement", None, None)
    assert read_question(ProposalWish, {"wish": "short", "try": 3}).try_ == 3
    assert read_question(RunWish, {"version": 1, "query_set": 1, "model": "m", "preset": "quick", "seed": 0}).settings == {}


def test_a_whole_number_stays_one_and_a_list_is_bounded() -> None:
    wish = read_question(ComparisonWish, {"source": "run:1", "query": "q", "seed": 7, "temperature": 1, "arms": [{"method": "base"}]})
    assert (type(wish.seed), type(wish.temperature), wish.arms[0].method) == (int, int, "base")
    with pytest.raises(ConfigError, match="no usable principles"):
        read_question(DraftTexts, {"constitution": 1, "revision": 1, "principles": [{}] * (questions.MOST_ITEMS + 1)})


@dataclass(frozen=True)
class View:
    """Something that is told of again and again."""

    number: int
    running: bool = True


@dataclass(frozen=True)
class Teller:
    views: list[View]

    @answers
    def refuse(self, question: OneRun, editor: str) -> Left:
        raise ConfigError(f"{editor} may not ask for run {question.run}.")

    @answers
    def stumble(self, question: OneRun, editor: str) -> Left:
        raise RuntimeError("a secret of the studio")

    @tells
    def tell(self, question: OneRun, editor: str) -> Iterator[View]:
        yield from paced(iter_views(self.views), 60.0)
        raise ConfigError("It broke.")


def iter_views(views: list[View]) -> Iterator[View]:
    yield from views


def test_a_problem_is_the_answer_to_the_question_that_caused_it() -> None:
    reply = Teller([]).refuse({"run": 3}, CALLER)
    assert reply == {"kind": "problem", "message": "ann may not ask for run 3."}


def test_the_first_word_answers_and_the_others_follow_unasked_also_a_problem() -> None:
    told = list(Teller([View(1), View(2), View(3, running=False)]).tell({"run": 1}, CALLER))
    assert [reply.get("number") for reply in told] == [1, 3, None]
    assert (told[-1]["kind"], told[-1]["message"]) == ("problem", "It broke.")


def test_what_nobody_foresaw_is_told_by_a_number_of_the_log_and_by_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    reply = Teller([]).stumble({"run": 1}, CALLER)
    assert reply["kind"] == "fault" and reply["log"] in reply["message"] and "secret" not in str(reply)
    assert f"fault {reply['log']}" in caplog.text and "a secret of the studio" in caplog.text


@dataclass(frozen=True)
class Told:
    text: str
    number: float


@dataclass(frozen=True)
class Keeper:
    """Writes first, and then has something to tell that cannot be sent."""

    studio: Studio

    @answers
    def keep(self, question: NewName, editor: str) -> Told:
        create_constitution(self.studio, "First")
        create_constitution(self.studio, "Second")
        return {0: Told("whole", 0.0), 1: Told("not a number", float("nan")), 2: Told("half \ud83d", 0.0)}[question.constitution]


@pytest.mark.parametrize("which", [1, 2])
def test_what_cannot_be_told_is_not_kept_either(studio: Studio, which: int) -> None:
    before = len(list_constitutions(studio))
    assert Keeper(studio).keep({"constitution": which, "name": "x"}, CALLER)["kind"] == "fault"
    assert len(list_constitutions(studio)) == before
    assert Keeper(studio).keep({"constitution": 0, "name": "x"}, CALLER) == {"text": "whole", "number": 0.0}
    assert len(list_constitutions(studio)) == before + 2


def test_views_are_paced_and_the_last_one_is_always_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.05, 0.2, 0.2, 0.21, 0.3])  # read after a view is told, and before the next one might be
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    assert [view.number for view in paced(iter_views([View(1), View(2), View(3), View(4), View(5, running=False)]), 0.1)] == [1, 3, 5]


def test_closing_what_is_paced_closes_what_it_comes_from() -> None:
    closed = []

    def views() -> Iterator[View]:
        try:
            while True:
                yield View(1)
        finally:
            closed.append(True)

    told = paced(views(), 0.0)
    next(told)
    told.close()  # type: ignore[attr-defined]
    assert closed == [True]


def test_every_endpoint_says_what_it_does_and_takes_one_typed_question(studio: Studio) -> None:
    endpoints = site.endpoints(studio, Proposals())
    assert len({(each.page, each.name) for each in endpoints}) == len(endpoints)
    for each in endpoints:
        assert each.does, each
        assert issubclass(each.question, Question)
    assert {each.name for each in endpoints if each.streams} == {"check", "conflict", "compare", "redo"}


def test_the_description_is_a_schema_whose_references_are_there(studio: Studio) -> None:
    schema = described(site.endpoints(studio, Proposals()))
    assert schema["endpoints"]["write/save"]["question"] == {"$ref": "#/$defs/DraftTexts"}
    assert schema["$defs"]["DraftTexts"]["required"] == ["constitution", "revision", "principles"]
    named = set(_references(schema))
    assert named and {name.rpartition("/")[2] for name in named} <= set(schema["$defs"])


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)


def test_the_list_for_people_names_every_endpoint_and_type(studio: Studio) -> None:
    schema = described(site.endpoints(studio, Proposals()))
    html = page_html(schema, "")
    for name in schema["endpoints"]:
        assert f"POST /api/{name}" in html
    for anchor in set(html.split('href="#')[1:]):
        assert f'id="{anchor.partition(chr(34))[0]}"' in html


def test_no_page_has_an_event_of_gradio_whose_answers_would_be_kept(studio: Studio) -> None:
    import asyncio

    async def events() -> Any:
        return site.build(studio).fns

    assert asyncio.run(events()) == {}


def test_endpoints_are_those_of_the_page(studio: Studio) -> None:
    (one,) = endpoints_of("constitutions", constitutions.ConstitutionsPage(studio), ("create",))
    assert one.handler({"name": "Mine"}, CALLER)["kind"] == "go"
