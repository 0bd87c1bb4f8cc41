"""The two rounds in which the base is asked before training: how often in each, and how often each may err. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Round:
    """How often the base is asked each query."""

    each: int  # under all statements
    flipped_each: int  # with each principle alone as its antithesis
    error: float  # how often a go may be said where both sides follow equally often

    def replies(self, queries: int, principles: int) -> int:
        """Of the whole round."""
        return queries * (self.each + principles * self.flipped_each)


# Two looks at one question: the second is taken where the first is no go, so their errors add up, to 5 in 100. Most of it is spent where most is seen.
FIRST = Round(each=1, flipped_each=1, error=0.01)
CLOSER = Round(each=6, flipped_each=2, error=0.04)  # a behaviour of one reply in twenty has then fewer than two queries with a hit once in 20 times
