"""What counted replies show of a link: go, weak or no-go, at a stated rate of errors. Imports no torch.

Queries are the units: replies to one query are alike. Two exact tests ask whether the base follows more often under the statement than under
the antithesis, and a go needs both. Swapping the sides of whole queries holds whatever varies between queries, but leans where one side
was asked more often than the other; dealing out the replies of each query anew holds at any numbers, but only where replies of a query differ by
chance alone. `tests/core/runs/test_link_errors.py` holds the rates of both together, over both rounds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.runs.links import Link

HIT_QUERIES = 2  # different queries with a reply that follows, at least: one may be an accident of the check
JUDGED_QUERIES = 8  # with judged replies, at least (or all that were asked): fewer are no sample of what was asked


@dataclass(frozen=True, kw_only=True)
class QueryCount:
    """Replies to one query that could be judged, and how many of them follow the statement."""

    hits: int  # under the statement
    judged: int
    hits_opposed: int  # under the antithesis
    judged_opposed: int

    @property
    def paired(self) -> bool:
        """Whether both sides were judged."""
        return self.judged > 0 and self.judged_opposed > 0


def enough(judged_queries: int, asked: int) -> bool:
    """Whether replies to enough queries could be judged to say anything."""
    return judged_queries >= min(JUDGED_QUERIES, asked)


def link_of(counts: Sequence[QueryCount], error: float) -> Link:
    """The verdict on one principle.

    Args:
        counts: By query that was asked.
        error: How often a go may be said where both sides follow equally often.

    Returns:
        no-go: hits in fewer than two queries, or no more of them than under the antithesis. go: more, and no chance. weak: neither is shown.
    """
    paired = [count for count in counts if count.paired]
    if not enough(sum(count.judged > 0 for count in counts), len(counts)):
        return "weak"
    if sum(count.hits > 0 for count in counts) < HIT_QUERIES:
        return "no-go"
    if not enough(len(paired), len(counts)):
        return "weak"
    if mean_difference(paired) <= 0:
        return "no-go"
    return "go" if chance(paired) <= error else "weak"


def overall(links: Sequence[Link]) -> Link:
    """The word for a constitution: what cannot be judged yet neither hides a no-go nor lends itself to a go."""
    judged = {link for link in links if link != "unjudged"}
    if not judged:
        return "unjudged"
    if judged == {"no-go"}:
        return "no-go"
    return "go" if set(links) == {"go"} else "weak"


def mean_difference(paired: Sequence[QueryCount]) -> float:
    """Mean over queries of the share under the statement less that under the antithesis."""
    scale, differences = _differences(paired)
    return sum(differences) / (scale * len(paired))


def chance(paired: Sequence[QueryCount]) -> float:
    """How likely so large a difference, or a larger, would be if both sides followed equally often: the larger p-value of the two tests."""
    return max(_swapped(paired), _dealt(paired))


def few_hits(counts: Sequence[QueryCount], rate: float) -> float:
    """How often fewer than `HIT_QUERIES` queries have a hit where every reply follows at this rate, each by itself, as often as they were judged."""
    ways = np.ones(1)
    for count in counts:
        missed = (1 - rate) ** count.judged
        ways = np.convolve(ways, [missed, 1 - missed])
    return float(ways[:HIT_QUERIES].sum())


def _differences(paired: Sequence[QueryCount]) -> tuple[int, list[int]]:
    """Of the shares of each query, as integers in units of 1 / scale: sums that must be equal then are."""
    scale = math.lcm(*(count.judged * count.judged_opposed for count in paired))
    return scale, [scale * count.hits // count.judged - scale * count.hits_opposed // count.judged_opposed for count in paired]


def _swapped(paired: Sequence[QueryCount]) -> float:
    """Fisher's sign-flip test: the two sides of each query change places or not, all 2^n ways."""
    differences = [d for d in _differences(paired)[1] if d]
    unit = math.gcd(*differences) or 1
    ways = np.ones(1)
    for d in differences:
        ways = np.convolve(ways, np.bincount([0, 2 * abs(d) // unit], minlength=1) / 2)
    from_below = (sum(differences) + sum(map(abs, differences))) // unit
    return float(ways[from_below:].sum())


def _dealt(paired: Sequence[QueryCount]) -> float:
    """The exact stratified (Mantel-Haenszel) test: of each query, the replies that follow are dealt out anew between the sides."""
    ways = np.ones(1)
    for count in paired:
        ways = np.convolve(ways, _hypergeometric(count.judged, count.judged_opposed, count.hits + count.hits_opposed))
    return float(ways[sum(count.hits for count in paired) :].sum())


def _hypergeometric(ours: int, theirs: int, hits: int) -> np.ndarray:
    """Chances of 0, 1, … of the hits to fall on our side."""
    return np.array([math.comb(ours, i) * (math.comb(theirs, hits - i) if i <= hits else 0) for i in range(ours + 1)]) / math.comb(ours + theirs, hits)
