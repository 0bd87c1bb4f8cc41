"""Whether replies still answer: arithmetic worked by hand."""

import dataclasses
import math

import pytest

from core.constitution.text import echo
from core.measure.sense import answers_own, echo_of, relevance, sense_change, sense_figures, surprise
from tests.core.measure.replies import BASE, CAPITALS, TRAINED, aligned_of, base_of, evaluated, replies, reply


def test_relevance_is_the_bound_with_queries_in_the_constitutions_place():
    """Own query twice as likely as each of three others: p = 2/5, so log 4 + log 0.4 = 0.47."""
    read = reply(query_logprobs=(-10.0, -10 - math.log(2), -10 - math.log(2), -10 - math.log(2)), read_tokens=5)
    assert relevance(read) == pytest.approx(math.log(4) + math.log(2 / 5))
    assert answers_own(read) is True


def test_a_reply_that_fits_every_query_alike_says_nothing_of_any():
    read = reply(query_logprobs=(-3.0,) * 8, read_tokens=5)
    assert relevance(read) == pytest.approx(0)
    assert answers_own(read) is False  # a tie is a miss


def test_what_was_not_read_is_not_zero():
    assert relevance(reply()) is None
    assert answers_own(reply()) is None
    assert surprise(reply(logprobs=())) is None
    assert sense_figures(CAPITALS, [[reply()]])["relevance_nats"].value is None


def test_echo_counts_the_runs_that_stand_in_the_query_or_the_statements():
    """Of its runs (tell me about the, me about the sea, about the sea please) two of three stand in the query."""
    assert echo("“Tell me about the sea” please", ["Tell me about the sea."]) == pytest.approx(2 / 3)
    assert echo("no", ["no"]) == 0
    assert echo_of(CAPITALS, reply(query="Tell me about the sea.", text="Tell me about the sea.")) == 1
    assert echo_of(CAPITALS, reply(text="")) is None


def test_changes_are_paired_by_query():
    """Surprise 1.0 and 2.0 before, 1.5 and 2.5 after: a rise of 0.5 both times, so the interval has no width."""
    before = [[reply(query=q, base_logprobs=(-s, -9.0), query_logprobs=(-1.0, -1.0), read_tokens=4)] for q, s in (("a", 1.0), ("b", 2.0))]
    after = [[reply(query=q, base_logprobs=(-s, -9.0), query_logprobs=(-1.0, -30.0), read_tokens=4, ended=False)] for q, s in (("a", 1.5), ("b", 2.5))]
    found = sense_change("sami", CAPITALS, before, after)
    assert found.surprise_nats.value == pytest.approx(0.5)
    assert found.relevance_nats.value == pytest.approx(math.log(2))
    assert found.cut.value == 1
    assert found.surprise_nats.n == 2


def test_perplexity_is_that_of_the_reply_under_its_query_alone():
    """Log-probability -8 over 4 tokens: 2 nats a token, so e squared."""
    assert sense_figures(None, [[reply(side="none", query_logprobs=(-8.0, -9.0), read_tokens=4)]])["perplexity"].value == pytest.approx(math.exp(2))


def test_a_report_holds_the_change_of_each_arm_against_the_control():
    read = [dataclasses.replace(one, query_logprobs=(-1.0, -3.0), read_tokens=3) if one.side == "statement" else one for one in BASE]
    worse = [dataclasses.replace(one, query_logprobs=(-3.0, -1.0)) if one.side == "statement" else one for one in read]
    report = evaluated(CAPITALS, read, worse)
    assert report.read_among == 2
    assert [change.arm for change in report.sense] == [TRAINED.key]
    assert report.sense[0].relevance_nats.value == pytest.approx(-2)  # log p falls from log(1/(1+e^-2)) by 2
    assert base_of(report).own_query.value == 1
    assert aligned_of(report).own_query.value == 0


def test_cut_is_of_the_replies_under_the_statements():
    cut = [dataclasses.replace(one, ended=one.side != "statement") for one in replies("a b c", "a b c", 0.0)]
    report = evaluated(CAPITALS, BASE, cut)
    assert (base_of(report).cut.value, aligned_of(report).cut.value) == (0, 1)
