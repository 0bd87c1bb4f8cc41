"""Who judges the replies of two runs by one wording of a principle: a program, else people, else a model that people agree with. Imports no torch.

One ruler for both. People and models are heard where they said something by this very wording: of the cards of either run, where the wording is that run's
own, or of the cards of both runs mixed, which tell nobody from which of them a reply comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.constitution.principles import Constitution, Principle
from core.measure.asked_models import ModelJudge, ModelOf, by_agreement, model_of
from core.measure.cards import Deals, dealt, dealt_together, identity
from core.measure.judges import Judge, judge_of
from core.measure.marked import Heard, MarksOf, marks_of
from core.measure.marks import MarkJudge, RunnableCheck
from core.measure.values import Answered


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One of two runs."""

    name: str  # of the run, which decides what is dealt together
    constitution: Constitution
    answered: Answered
    heard: Heard  # what was said of the replies of both runs; models are held against people by this run's text


@dataclass(frozen=True, kw_only=True)
class Ruler:
    """By what both runs are judged."""

    principle: Principle
    judge: Judge | None  # None: nobody can, so far
    marks: MarksOf | None  # of its cards; None: nobody has marked any
    models: tuple[ModelOf, ...]  # that were asked about them, in the order in which they were


def ruler_of(principle: Principle, by: Trained, both: Sequence[tuple[Trained, int | None]]) -> Ruler:
    """Who judges both runs by a principle.

    Args:
        principle: Of the text of one of them.
        by: That one.
        both: The two, each with the place of the principle in its text; None: it has no such principle.
    """
    deals = _deals(principle, both)
    people = MarkJudge(identity(principle), by.heard.marks, deals, ())
    asked = [ModelJudge(principle, model, by.heard.people, deals, ()) for model in by.heard.models]
    judges: list[Judge] = [RunnableCheck(), people, *by_agreement(asked)]
    chosen = next((judge for judge in judges if judge.can_judge(principle)), None)
    return Ruler(
        principle=principle,
        judge=judge_of(principle, judges),
        marks=marks_of(principle, people, deals),
        models=tuple(model_of(each, chosen) for each in asked),
    )


def _deals(principle: Principle, both: Sequence[tuple[Trained, int | None]]) -> Deals:
    """All cards that say something of these runs by this wording: of both mixed, then each run's as it deals them by itself."""
    mixed = dealt_together(principle, [(trained.name, trained.answered) for trained, _ in both])
    return (*mixed, *(deal for trained, place in both if place is not None for deal in _own(principle, trained, place)))


def _own(principle: Principle, trained: Trained, place: int) -> Deals:
    """The cards of one run by a wording in the place of its own. Another wording makes other cards, of which nobody said anything."""
    principles = trained.constitution.principles
    text = replace(trained.constitution, principles=(*principles[:place], principle, *principles[place + 1 :]))
    return dealt(text, place, trained.answered, trained.name)
