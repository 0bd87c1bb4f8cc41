"""How often the check before training is wrong, by simulation of its two rounds with the rates that its module states.

Each query has a rate of its own (beta, correlation 0.3 within a query), on one side or the same on both.
"""

import numpy as np
import pytest

from core.measure.statistics import clustered_share
from core.runs.rounds import CLOSER, FIRST
from core.runs.trainability import link_verdict

QUERIES, RESULTS, WITHIN = 16, 1500, 0.3


def rates(rng, mean):
    spread = (1 - WITHIN) / WITHIN
    return rng.beta(mean * spread, (1 - mean) * spread, size=(RESULTS, QUERIES))


def said(statement, antithesis, each):
    """What the rule says of hits by query, of so many replies to each."""
    sides = [[[True] * int(hit) + [False] * int(n - hit) for hit in hits] for hits, n in zip((statement, antithesis), each, strict=True)]
    return link_verdict("x", sides, *map(clustered_share, sides))[0]


def words(mean, opposite, shared):
    """The share of each word over both rounds."""
    rng = np.random.default_rng(7)
    ours = rates(rng, mean)
    theirs = ours if shared else rates(rng, opposite)
    draws = [((r.each, r.flipped_each), rng.binomial(r.each, ours), rng.binomial(r.flipped_each, theirs)) for r in (FIRST, CLOSER)]
    found = []
    for k in range(RESULTS):
        first, closer = (said(a[k], b[k], each) for each, a, b in draws)
        found.append("go" if first == "go" else closer)
    return {word: found.count(word) / RESULTS for word in ("go", "weak", "no-go")}


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("shared", [True, False])
def test_go_is_said_in_few_cases_where_both_sides_are_followed_alike(rate, shared):
    """At most one in thirty, and what chance adds to a count of 1,500."""
    found = words(rate, rate, shared)
    assert found["go"] < 1 / 30 + 0.012
    assert found["weak"] < 0.5


@pytest.mark.parametrize(("rate", "opposite", "missed", "found"), [(0.4, 0.2, 1 / 15, 0.25), (0.6, 0.4, 1 / 15, 0.25), (0.45, 0.05, 0.01, 0.9)])
def test_a_real_difference_is_seldom_refused(rate, opposite, missed, found):
    """A difference of a fifth is a no-go in one case of fifteen and a go in one of four; one of two fifths is a go in nine of ten."""
    told = words(rate, opposite, shared=False)
    assert told["no-go"] < missed + 0.015
    assert told["go"] > found
