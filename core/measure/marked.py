"""What the marks of a run come to, and the verdicts of models: its report evaluated anew with them as judges, and how far all agree. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.constitution.principles import Constitution, Principle
from core.measure.agreement import cohens_kappa, figure_says, krippendorff_alpha, replies_counted
from core.measure.asked_models import AskedModel, ModelJudge, ModelOf, by_agreement, model_of
from core.measure.cards import Deals, asked_cells, dealt, identity
from core.measure.judges import judge_of
from core.measure.marks import Mark, MarkJudge, RunnableCheck, judges_with
from core.measure.report import judged_anew
from core.measure.statistics import Figure
from core.measure.values import Answered, Report


@dataclass(frozen=True, kw_only=True)
class MarksOf:
    """The marks of one principle. Replies that read alike are one."""

    people: tuple[str, ...]
    marked: int  # replies with a mark
    waiting: int  # of these, whose deal is not whole yet: they count once it is
    judged: int  # of the others, on which all who marked them agree
    alpha: Figure | None  # Krippendorff's, of the people; "cannot tell" counts as no answer. None: only one of them
    kappa: Figure | None  # Cohen's, of what the people agree on and the program. None: no program judges this principle


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What people and models said of a run's replies; what they said of others says nothing here."""

    marks: tuple[Mark, ...]  # of everybody
    models: tuple[AskedModel, ...] = ()
    people: tuple[Mark, ...] = ()  # those that models are held against: by these principles, on the cards of all runs


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A report with what was said of its replies."""

    report: Report
    marks: tuple[MarksOf | None, ...]  # of each principle; None: nobody has marked any. Empty where nobody marked at all
    models: tuple[tuple[ModelOf, ...], ...] = ()  # of each model that was asked, in the order given, a place for each principle


def count_marks(report: Report, constitution: Constitution, answered: Answered, heard: Heard, name: str) -> Counted:
    """The report as the marks make it, and the verdicts of models that people agree with.

    Args:
        report: As the run ended.
        constitution: What the principles were.
        answered: By the report's arms, in their order.
        heard: What was said of them.
        name: Of the run, which decides what is dealt together.
    """
    deals = {identity(principle): dealt(constitution, i, answered, name) for i, principle in enumerate(constitution.principles)}
    cells = asked_cells(list(answered.replies), len(constitution.principles))
    of = tuple(
        marks_of(principle, MarkJudge(identity(principle), heard.marks, deals[identity(principle)], cells), deals[identity(principle)])
        for principle in constitution.principles
    )
    asked = [[ModelJudge(each, model, heard.people, deals[identity(each)], cells) for each in constitution.principles] for model in heard.models]
    judges = judges_with(heard.marks, deals, cells, by_agreement([judge for of_one in asked for judge in of_one]))
    chosen = [next((judge for judge in judges if judge.can_judge(principle)), None) for principle in constitution.principles]
    return Counted(
        report=judged_anew(report, constitution, answered, judges),
        marks=of if heard.marks else (),
        models=tuple(tuple(map(model_of, of_one, chosen)) for of_one in asked),
    )


def marks_of(principle: Principle, people: MarkJudge, deals: Deals) -> MarksOf | None:
    """How far the people are with the cards of one principle, and how far they agree; None where nobody has marked any."""
    texts = {card.shown: (card.query, card.text) for deal in deals for card in deal} if people.by_shown else {}
    given = {shown: those for shown, those in people.by_shown.items() if shown in texts}
    if not given:
        return None
    agreed = {shown: people.judge(principle, *texts[shown]).follows for shown in given}
    answers = [[mark.follows for mark in those if mark.follows is not None] for those in given.values()]
    return MarksOf(
        people=tuple(people.people),
        marked=len(given),
        waiting=len(given.keys() - people.counted),
        judged=sum(follows is not None for follows in agreed.values()),
        alpha=krippendorff_alpha(answers) if len(people.people) > 1 else None,
        kappa=_with_program(principle, {texts[shown]: follows for shown, follows in agreed.items() if follows is not None}),
    )


def _with_program(principle: Principle, agreed: Mapping[tuple[str, str], bool]) -> Figure | None:
    program = judge_of(principle, (RunnableCheck(),))
    if program is None:
        return None
    found = [(program.judge(principle, *reply).follows, follows) for reply, follows in agreed.items()]
    return cohens_kappa([(by_program, by_people) for by_program, by_people in found if by_program is not None])


def marks_to_data(marks: Sequence[MarksOf | None]) -> list[dict[str, Any] | None]:
    """Plain JSON data, a place for each principle; a figure without a value could not be told from chance."""
    return [asdict(each) if each is not None else None for each in marks]


def marks_says(marks: MarksOf) -> tuple[str, ...]:
    """How many replies were marked, and how far people and program agree, in sentences."""
    unclear = marks.marked - marks.waiting - marks.judged
    parts = [f"{marks.waiting} of them count once all that were dealt with them are marked"] if marks.waiting else []
    parts += [f"{unclear} of them not judged: somebody cannot tell, or two disagree"] if unclear else []
    counted = f"{', '.join([f'{replies_counted(marks.marked)} marked', *parts])}."
    alpha = [f"Agreement of {len(marks.people)} people: Krippendorff’s alpha {figure_says(marks.alpha)}."] if marks.alpha is not None else []
    kappa = [f"Agreement of marks and program: Cohen’s kappa {figure_says(marks.kappa)}."] if marks.kappa is not None else []
    return (counted, *alpha, *kappa)
