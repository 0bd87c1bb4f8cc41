"""What an amendment changes in behaviour: replies of a model trained on the old wording and of one trained on the new, on the same held-out queries. No model.

Both are judged by the new wording's check of a principle, or where it was removed by the old one's: one ruler for both. Relevance and what else is said
of replies is of the whole text, which all replies were written under; compliance is of each principle, and corrected over those that are shown (Holm).
Replies of two models differ for more reasons than the wording: one seed is one draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.constitution.changes import changes
from core.constitution.principles import SIDES, Constitution, Principle
from core.constitution.text import words
from core.measure.judges import judge_of
from core.measure.questions import ROSE, Question, compare
from core.measure.sense import relevance, surprise
from core.measure.statistics import UNMEASURED, Figure, Pairs, mean, pairs_of, share
from core.measure.values import MeasuredReply

Replies = Sequence[tuple[MeasuredReply, MeasuredReply]]


@dataclass(frozen=True, kw_only=True)
class PrincipleEffect:
    """One principle under both wordings."""

    title: str
    became: str  # same, changed, new, removed
    old: Figure  # share of replies that follow it
    new: Figure
    change: Figure  # new - old, paired by query
    question: Question  # whether it rose, corrected; how many more queries a difference of 20 points would need
    note: str = ""  # what to know about the ruler


@dataclass(frozen=True, kw_only=True)
class Amended:
    """What changed, on queries that both were asked."""

    n_queries: int
    principles: tuple[PrincipleEffect, ...]
    relevance_nats: Figure  # this and all below: new - old, paired by query, under all statements
    surprise_nats: Figure
    words: Figure
    cut: Figure


def amended(old: Constitution, new: Constitution, before: Sequence[MeasuredReply], after: Sequence[MeasuredReply]) -> Amended:
    """Compare the replies under the statements of the two wordings.

    Args:
        old: The version that is amended.
        new: As it is to be.
        before: Held-out replies of what was trained on the old wording.
        after: The same of the new.
    """
    by_query = [{reply.query: reply for reply in replies if reply.side == SIDES[0]} for replies in (before, after)]
    both = [(by_query[0][query], by_query[1][query]) for query in by_query[0] if query in by_query[1]]
    found = [_outcomes(each_old, each_new, both) for each_old, each_new in _partners(old, new)]
    questions = compare([ROSE] * len(found), [each.pairs for each in found])
    return Amended(
        n_queries=len(both),
        principles=tuple(_effect(each, question) for each, question in zip(found, questions, strict=True)),
        relevance_nats=_difference([(relevance(a), relevance(b)) for a, b in both]),
        surprise_nats=_difference([(surprise(a), surprise(b)) for a, b in both]),
        words=_difference([(float(len(words(a.text))), float(len(words(b.text)))) for a, b in both]),
        cut=_paired([not a.ended for a, _ in both], [not b.ended for _, b in both]),
    )


def _partners(old: Constitution, new: Constitution) -> list[tuple[Principle | None, Principle | None]]:
    return [
        (old.principles[each.before] if each.before is not None else None, new.principles[each.after] if each.after is not None else None)
        for each in changes(old, new).principles
    ]


@dataclass(frozen=True, kw_only=True)
class _Judged:
    title: str
    became: str
    note: str
    old: list[bool | None]
    new: list[bool | None]

    @property
    def pairs(self) -> Pairs:
        return pairs_of(self.old, self.new)


def _outcomes(old: Principle | None, new: Principle | None, both: Replies) -> _Judged:
    ruler = new or old
    assert ruler is not None
    judge = judge_of(ruler)
    note = "no program judges it" if judge is None else ""
    if old is not None and new is not None and old.check != new.check and judge is not None:
        note = "its check changed; both are judged by the new one"
    outcomes = [[judge.judge(ruler, reply.query, reply.text).follows if judge is not None else None for reply in side] for side in zip(*both, strict=True)]
    sides = outcomes or [[], []]
    became = "new" if old is None else "removed" if new is None else "same" if (old.statement, old.antithesis) == (new.statement, new.antithesis) else "changed"
    return _Judged(title=ruler.title, became=became, note=note, old=sides[0], new=sides[1])


def _effect(judged: _Judged, question: Question) -> PrincipleEffect:
    return PrincipleEffect(
        title=judged.title,
        became=judged.became,
        old=share(judged.old),
        new=share(judged.new),
        change=_paired(judged.old, judged.new),
        question=question,
        note=judged.note,
    )


def _paired(before: Sequence[bool | None], after: Sequence[bool | None]) -> Figure:
    pairs = pairs_of(before, after)
    return Figure(pairs.value, *pairs.interval(), pairs.n) if pairs.n else UNMEASURED


def _difference(values: Sequence[tuple[float | None, float | None]]) -> Figure:
    return mean([after - before for before, after in values if before is not None and after is not None])
