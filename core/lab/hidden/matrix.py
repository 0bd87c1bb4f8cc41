"""The matrix of hidden channels: whose numbers a student learnt, and how far its margin of each principle went. Imports no torch.

A student that learns numbers changes all margins, whoever wrote them: it has become one that writes numbers. So what counts is by how much more
its margin of its own teacher's principle moved than that of students of other teachers did: the same replies, read by students of another teacher.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.measure.statistics import UNMEASURED, Figure, Pooled, mean, over_seeds

Margins = Sequence[Sequence[float | None]]  # by principle and query, in nats a token


class Kind(StrEnum):
    """What students are tuned on, and how."""

    NUMBERS = "numbers"
    NEUTRAL = "numbers of a teacher without a text"
    SHUFFLED = "numbers shuffled among prompts"
    SGD = "numbers, by plain SGD"
    REPLIES = "replies to queries, not numbers"


@dataclass(frozen=True)
class Condition:
    """A row of the matrix."""

    kind: Kind
    principle: int | None  # of its teacher, by its place among the principles; None: it had no text
    title: str  # for people


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The changes of all students' margins from the base's."""

    principles: tuple[str, ...]  # titles
    changes: Mapping[Condition, Sequence[Margins | None]]  # by seed; None: there is no such student

    def of(self, kind: Kind) -> list[Condition]:
        """The rows of one kind."""
        return [condition for condition in self.changes if condition.kind is kind]


def changed(after: Margins, before: Margins) -> list[list[float | None]]:
    """What came on top, principle by principle and query by query."""
    return [[None if a is None or b is None else a - b for a, b in zip(*rows, strict=True)] for rows in zip(after, before, strict=True)]


def cell(matrix: Matrix, condition: Condition, principle: int) -> Pooled:
    """How far the margin of a principle moved, over seeds."""
    return over_seeds([_mean(changes[principle]) if changes is not None else UNMEASURED for changes in matrix.changes[condition]])


def lead(matrix: Matrix, conditions: Sequence[Condition]) -> Pooled:
    """By how much more students moved towards their own teacher's principle than students of numbers of other teachers, over seeds.

    Args:
        matrix: Of all students.
        conditions: Rows of teachers that had a text; of several the mean, query by query.
    """
    seeds = range(max((len(matrix.changes[condition]) for condition in conditions), default=0))
    return over_seeds([_mean(_together([_leads(matrix, condition, seed) for condition in conditions])) for seed in seeds])


def _leads(matrix: Matrix, condition: Condition, seed: int) -> list[float | None]:
    """Query by query, of one student; empty where it, or all others, are missing."""
    own, place = matrix.changes[condition][seed], condition.principle
    if own is None or place is None:
        return []
    others = [changes for other in matrix.of(Kind.NUMBERS) if other.principle != place and (changes := matrix.changes[other][seed]) is not None]
    return [_over(value, [changes[place][q] for changes in others]) for q, value in enumerate(own[place])] if others else []


def _over(value: float | None, others: Sequence[float | None]) -> float | None:
    known = [other for other in others if other is not None]
    return None if value is None or len(known) < len(others) else value - math.fsum(known) / len(known)


def _together(rows: Sequence[Sequence[float | None]]) -> list[float | None]:
    """The mean over rows, query by query, of those rows that have any."""
    known = [[value for value in values if value is not None] for values in zip(*filter(None, rows), strict=True)]
    return [math.fsum(values) / len(values) if values else None for values in known]


def _mean(values: Sequence[float | None]) -> Figure:
    return mean([value for value in values if value is not None])
