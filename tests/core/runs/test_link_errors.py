"""How often the check before a run errs, over both rounds: simulated replies whose rates vary between queries (beta-binomial), seeded."""

import functools

import numpy as np
import pytest

from core.engine.batching import CHECKED_QUERIES
from core.runs.evidence import QueryCount, chance, link_of
from core.runs.rounds import CLOSER, FIRST, Round

SIMULATED = 1000
ALIKE = 0.3  # correlation of replies to one query
verdict_on = functools.cache(link_of)  # many simulated checks count the same, in another order of queries, which says nothing


def rates(rng, rate):
    scale = (1 - ALIKE) / ALIKE
    return rng.beta(rate * scale, (1 - rate) * scale, size=(SIMULATED, CHECKED_QUERIES, 1))


def said(under_statement, under_antithesis, shared=False):
    """Shares of go, weak and no-go. The first round's replies are among the second's, as in a run; `shared`: one rate a query for both sides."""
    rng = np.random.default_rng(0)
    ours = rates(rng, under_statement)
    theirs = ours if shared else rates(rng, under_antithesis)
    hits = rng.random((SIMULATED, CHECKED_QUERIES, CLOSER.each)) < ours
    opposed = rng.random((SIMULATED, CHECKED_QUERIES, CLOSER.flipped_each)) < theirs
    first, closer = looked(hits, opposed, FIRST), looked(hits, opposed, CLOSER)
    verdicts = ["go" if a == "go" else b for a, b in zip(first, closer, strict=True)]
    return {word: verdicts.count(word) / SIMULATED for word in ("go", "weak", "no-go")}


def looked(hits, opposed, asked: Round):
    pairs = np.stack([hits[..., : asked.each].sum(-1), opposed[..., : asked.flipped_each].sum(-1)], -1).tolist()
    return [verdict_on(tuple(count(a, asked.each, b, asked.flipped_each) for a, b in sorted(map(tuple, pair))), asked.error) for pair in pairs]


@functools.cache
def count(hits, judged, hits_opposed, judged_opposed):
    return QueryCount(hits=hits, judged=judged, hits_opposed=hits_opposed, judged_opposed=judged_opposed)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.8])
def test_where_both_sides_follow_alike_a_go_is_said_in_at_most_five_of_a_hundred_checks(rate, shared):
    found = said(rate, rate, shared)
    assert found["go"] <= 0.05
    assert found["no-go"] >= 0.45  # the rest is weak, which claims no link


@pytest.mark.parametrize(
    ("under_statement", "under_antithesis", "refused", "found_at_least"),
    [(0.25, 0.05, 0.03, 0.6), (0.4, 0.2, 0.08, 0.35), (0.6, 0.4, 0.08, 0.3), (0.45, 0.05, 0.005, 0.95), (0.6, 0.2, 0.005, 0.85), (0.7, 0.3, 0.005, 0.8)],
)
def test_a_real_difference_is_seldom_refused_and_a_large_one_is_found(under_statement, under_antithesis, refused, found_at_least):
    """Differences of 0.2: a no-go in at most 8 of 100 checks, a go in 30 and more; of 0.4: in at most 5 of 1,000, and in 80 of 100 and more."""
    found = said(under_statement, under_antithesis)
    assert found["no-go"] <= refused
    assert found["go"] >= found_at_least


def test_the_errors_of_both_rounds_together_are_those_that_are_stated():
    assert FIRST.error + CLOSER.error == pytest.approx(0.05)


def test_a_chance_is_that_of_swapping_sides_where_each_was_asked_once():
    """Six queries follow under the statement alone, one under the antithesis alone: of 2^7 ways of swapping 1 + 7 are as good or better."""
    paired = [count(1, 1, 0, 1)] * 6 + [count(0, 1, 1, 1)] + [count(1, 1, 1, 1)] * 4
    assert chance(paired) == pytest.approx(8 / 128)


def test_a_chance_is_that_of_dealing_out_replies_where_one_side_was_asked_more():
    """Five queries with one hit in six replies and none in two: all swaps but one are worse (1 / 32), but each hit falls on the six in 6 of 8 deals."""
    assert chance([count(1, 6, 0, 2)] * 5 + [count(0, 6, 0, 2)] * 11) == pytest.approx(0.75**5)


def test_unequal_numbers_of_judged_replies_do_not_tip_a_tie():
    """A third of three against a third of six, in each query: no difference, and so no p below one half."""
    assert link_of([count(1, 3, 2, 6)] * 16, 0.05) == "no-go"
    assert chance([count(1, 3, 2, 6)] * 16) > 0.5
