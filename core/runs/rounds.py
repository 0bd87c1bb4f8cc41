"""The two rounds in which the base is asked before training: how often in each. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Round:
    """How often the base is asked each query."""

    each: int  # under all statements
    flipped_each: int  # with each principle alone as its antithesis

    def replies(self, queries: int, principles: int) -> int:
        """Of the whole round."""
        return queries * (self.each + principles * self.flipped_each)


FIRST = Round(each=1, flipped_each=1)
CLOSER = Round(each=6, flipped_each=2)  # where the first is not enough for a go; a behaviour of one reply in twenty is then missed once in 140 times
