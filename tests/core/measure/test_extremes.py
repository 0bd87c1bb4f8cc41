"""The best and the worst reply: chosen as it is said, and never one where there is none."""

import json
import math

import pytest

from core.measure.extremes import extreme_says, extreme_title, extremes
from core.measure.report import evaluate
from core.measure.report_data import report_from_data, report_to_data
from core.measure.values import MeasuredReply
from tests.core.measure.replies import BASE, CAPITALS, CONTROL, TRAINED, replies, reply


def read(query: str, text: str, relevance_nats: float | None) -> MeasuredReply:
    """A reply whose relevance among two queries is this: log 2 + log p, so p = e^r / 2 and the other query has the rest."""
    if relevance_nats is None:
        return reply(query=query, text=text)
    own = math.exp(relevance_nats) / 2
    return reply(query=query, text=text, query_logprobs=(math.log(own), math.log(1 - own)), read_tokens=3)


FOUR = [read("q0", "yes, well", 0.6), read("q1", "yes, badly", -0.5), read("q2", "no, well", 0.5), read("q3", "no, badly", -1.0)]


def told(found) -> list[tuple[str, str, str]]:
    return [(extreme_title(each), each.text, extreme_says(each)) for each in found]


def test_best_follows_and_answers_best_and_worst_does_not_follow_and_answers_worst() -> None:
    assert told(extremes(FOUR, [True, True, False, False])) == [
        ("Best reply", "yes, well", "Follows, and answers its query best of the 2 that do."),
        ("Worst reply", "no, badly", "Does not follow, and answers worst of the 2 that do not."),
    ]


def test_where_all_follow_the_worst_is_the_one_that_answers_worst() -> None:
    found = told(extremes(FOUR, [True] * 4))
    assert found[1] == ("Worst reply", "no, badly", "All 4 that were judged follow; this one answers its query worst.")


def test_where_none_follows_there_is_no_best_reply() -> None:
    assert told(extremes(FOUR, [False] * 4)) == [("Worst reply", "no, badly", "Does not follow, and answers worst of the 4 that do not.")]


@pytest.mark.parametrize("follows", [[], [None] * 4])
def test_where_nobody_can_judge_they_are_the_most_and_the_least_relevant_and_said_to_be_no_more(follows: list[bool | None]) -> None:
    assert told(extremes(FOUR, follows)) == [
        ("Most relevant reply", "yes, well", "Nobody can judge whether it follows: it answers its query best of 4 replies."),
        ("Least relevant reply", "no, badly", "Nobody can judge whether it follows: it answers its query worst of 4 replies."),
    ]


def test_what_could_not_be_judged_is_neither_best_nor_worst() -> None:
    assert [each.text for each in extremes(FOUR, [None, True, False, None])] == ["yes, badly", "no, well"]


def test_an_empty_reply_answers_worst_of_all() -> None:
    found = extremes([*FOUR, read("q4", "", None)], [True, True, False, False, False])
    assert told(found)[1] == ("Worst reply", "", "Does not follow: it is empty.")


def test_one_reply_is_not_shown_twice_and_the_only_one_of_its_kind_is_called_so() -> None:
    assert told(extremes(FOUR[:1], [True])) == [("Best reply", "yes, well", "The only one that follows.")]
    assert told(extremes(FOUR[1:3], [True, False]))[1] == ("Worst reply", "no, well", "The only one that does not follow.")


def test_replies_that_were_not_read_are_not_said_to_answer_well() -> None:
    unread = [read(f"q{i}", "a", None) for i in range(4)]
    assert {extreme_says(each) for each in extremes(unread, [True, True, False, False])} == {
        "One of 2 that follow; it was not read for how well it answers.",
        "One of 2 that do not follow; it was not read for how well it answers.",
    }
    assert extremes(unread, []) == ()


def test_a_report_keeps_them_of_the_arm_that_is_judged_and_an_older_one_has_none() -> None:
    trained = [*replies("LOUD", "low", 5.0, n=15), reply(query="q15", text="quiet"), reply(query="q15", side="antithesis", text="low")]
    report = evaluate(CAPITALS, {CONTROL: BASE, TRAINED: trained})
    (principle,) = report.principles
    assert [(each.kind, each.query, each.text) for each in principle.extremes] == [("best", "q0", "LOUD"), ("worst", "q15", "quiet")]
    data = json.loads(json.dumps(report_to_data(report)))
    assert report_from_data(data) == report
    del data["principles"][0]["extremes"]
    assert report_from_data(data).principles[0].extremes == ()


def test_a_reply_that_was_cut_is_told_with_it_and_older_reports_are_read_without() -> None:
    best, worst = extremes([reply(query="q0", text="yes"), reply(query="q1", text="no and", ended=False)], [True, False])
    assert (best.ended, worst.ended) == (True, False)
    assert extreme_says(worst) == "The only one that does not follow. Cut at the token limit: it had not ended."
    assert "Cut" not in extreme_says(best)
    report = evaluate(CAPITALS, {CONTROL: BASE, TRAINED: [*replies("LOUD", "quiet", 1.0)]})
    data = json.loads(json.dumps(report_to_data(report)))
    assert report_from_data(data) == report
    for row in data["principles"][0]["extremes"]:
        del row["ended"]
    assert {each.ended for each in report_from_data(data).principles[0].extremes} == {None}
