"""What an amendment changes in behaviour: replies of a model trained on the old wording and of one trained on the new, on the same held-out queries. No model.

Both are judged by the new wording of a principle, or where it was removed by the old one: one ruler for both (core.measure.rulers). Compliance is of each
principle, and corrected over those that are shown (Holm). Relevance and what else is said of replies is of the replies under all statements, on which every
principle's change rests: it is a figure of a principle only where that rests on a part of them, or on replies to the principle's own test scenarios.
Replies of two models differ for more reasons than the wording: one seed is one draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.constitution.changes import PrincipleChange, changes
from core.constitution.principles import Principle
from core.constitution.text import same_question, words
from core.measure.asked_models import ModelOf
from core.measure.judges import CheckJudge
from core.measure.marked import MarksOf
from core.measure.questions import ROSE, Question, compare
from core.measure.rulers import Ruler, Trained, ruler_of
from core.measure.sense import relevance, surprise
from core.measure.statistics import UNMEASURED, Figure, mean, paired_change, pairs_of, share
from core.measure.values import MeasuredReply, stated

Replies = Sequence[tuple[MeasuredReply, MeasuredReply]]  # to the same queries: of the old wording, and of the new


@dataclass(frozen=True, kw_only=True)
class OwnEffect:
    """One principle on its own test scenarios, as far as both runs were asked them. Nothing rests on it, and it is corrected with nothing."""

    n_queries: int
    change: Figure  # of the share that follows: new - old, paired by query
    relevance_nats: Figure  # the same; unmeasured of runs whose replies to scenarios nobody read


@dataclass(frozen=True, kw_only=True)
class PrincipleEffect:
    """One principle under both wordings."""

    title: str
    became: str  # same, changed, new, removed
    number: int  # from 1 on, in the text by which both are judged: the new one, or the old where it was removed
    old_number: int | None  # where its wording is that of the old run, its number there: what is marked there counts here
    new_number: int | None  # the same of the new run
    old: Figure  # share of replies that follow it
    new: Figure
    change: Figure  # new - old, paired by query
    question: Question  # whether it rose, corrected; how many more queries a difference of 20 points would need
    check: str | None
    judge: str | None  # who says whether a reply follows it; None: nobody can, so far
    marks: MarksOf | None = None  # what people said of its cards
    models: tuple[ModelOf, ...] = ()  # what models said of them
    relevance_nats: Figure | None = None  # new - old, on the queries that its change rests on; None: these are all of them, or none
    own: OwnEffect | None = None  # None: it has no test scenarios that both runs were asked
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


def amended(old: Trained, new: Trained) -> Amended:
    """Compare the replies of what was trained on the two wordings, under their statements."""
    both, own = _pairs(old, new), _pairs(old, new, own=True)
    found = [_judged(change, (old, new), both, own) for change in changes(old.constitution, new.constitution).principles]
    questions = compare([ROSE] * len(found), [pairs_of(each.old, each.new) for each in found])
    return Amended(
        n_queries=len(both),
        principles=tuple(_effect(each, question, both) for each, question in zip(found, questions, strict=True)),
        relevance_nats=_relevance(both),
        surprise_nats=_difference([(surprise(a), surprise(b)) for a, b in both]),
        words=_difference([(float(len(words(a.text))), float(len(words(b.text)))) for a, b in both]),
        cut=paired_change([not a.ended for a, _ in both], [not b.ended for _, b in both]),
    )


def _pairs(old: Trained, new: Trained, *, own: bool = False) -> Replies:
    before, after = (stated(trained.answered, own=own) for trained in (old, new))
    return [(reply, after[query]) for query, reply in before.items() if query in after]


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """One principle with what its judge says of every pair of replies."""

    ruler: Ruler
    became: str
    number: int
    old_number: int | None
    new_number: int | None
    note: str
    old: list[bool | None]
    new: list[bool | None]
    own: OwnEffect | None


def _judged(change: PrincipleChange, runs: tuple[Trained, Trained], both: Replies, own: Replies) -> _Judged:
    """What is found of one principle, which at least one of the two texts has."""
    places = (change.before, change.after)
    principles = [trained.constitution.principles[place] if place is not None else None for trained, place in zip(runs, places, strict=True)]
    newest = 1 if principles[1] is not None else 0
    principle, place = principles[newest], places[newest]
    assert principle is not None
    assert place is not None
    ruler = ruler_of(principle, runs[newest], list(zip(runs, places, strict=True)))
    alike = [each is not None and _texts(each) == _texts(principle) for each in principles]
    numbers = [other + 1 if same and other is not None else None for other, same in zip(places, alike, strict=True)]
    before, after = _outcomes(ruler, both)
    return _Judged(
        ruler=ruler,
        became="new" if change.added else "removed" if change.removed else "same" if all(alike) else "changed",
        number=place + 1,
        old_number=numbers[0],
        new_number=numbers[1],
        note=_note(ruler, principles),
        old=before,
        new=after,
        own=_own(ruler, own),
    )


def _texts(principle: Principle) -> tuple[str, str]:
    return principle.statement, principle.antithesis


def _note(ruler: Ruler, principles: Sequence[Principle | None]) -> str:
    old, new = principles
    if old is None or new is None or ruler.judge is None:
        return ""
    if ruler.judge.name == CheckJudge.name:
        return "its check changed; both are judged by the new one" if old.check != new.check else ""
    return "both are judged by the new wording" if _texts(old) != _texts(new) else ""


def _outcomes(ruler: Ruler, both: Replies) -> tuple[list[bool | None], list[bool | None]]:
    """Whether the replies of either run follow, in the order of the queries."""

    def follows(reply: MeasuredReply) -> bool | None:
        return ruler.judge.judge(ruler.principle, reply.query, reply.text).follows if ruler.judge is not None else None

    return [follows(old) for old, _ in both], [follows(new) for _, new in both]


def _own(ruler: Ruler, replies: Replies) -> OwnEffect | None:
    tests = {same_question(scenario.query) for scenario in ruler.principle.scenarios if scenario.use == "test"}
    asked = [pair for pair in replies if same_question(pair[0].query) in tests]
    if not asked:
        return None
    return OwnEffect(n_queries=len(asked), change=paired_change(*_outcomes(ruler, asked)), relevance_nats=_relevance(asked))


def _effect(judged: _Judged, question: Question, both: Replies) -> PrincipleEffect:
    rests_on = [pair for pair, old, new in zip(both, judged.old, judged.new, strict=True) if old is not None and new is not None]
    ruler = judged.ruler
    return PrincipleEffect(
        title=ruler.principle.title,
        became=judged.became,
        number=judged.number,
        old_number=judged.old_number,
        new_number=judged.new_number,
        old=share(judged.old),
        new=share(judged.new),
        change=paired_change(judged.old, judged.new),
        question=question,
        check=str(ruler.principle.check) if ruler.principle.check is not None else None,
        judge=ruler.judge.name if ruler.judge is not None else None,
        marks=ruler.marks,
        models=ruler.models,
        relevance_nats=_relevance(rests_on) if 0 < len(rests_on) < len(both) else None,
        own=judged.own,
        note=judged.note,
    )


def _relevance(pairs: Replies) -> Figure:
    return _difference([(relevance(old), relevance(new)) for old, new in pairs])


def _difference(values: Sequence[tuple[float | None, float | None]]) -> Figure:
    known = [after - before for before, after in values if before is not None and after is not None]
    return mean(known) if known else UNMEASURED
