"""What models said of a run's replies by each principle, and the judge that answers from it where people agree with the model. Imports no torch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.constitution.principles import Principle
from core.measure.agreement import figure_says, two_places
from core.measure.cards import Deals, identity
from core.measure.judges import CheckJudge, Judge
from core.measure.lengths import LENGTH_BOUND, Leaning, follows_length, leaning, length_of, longer_follows, longer_says
from core.measure.marks import Mark, MarkJudge
from core.measure.model_judge import LEAST_KAPPA, LEAST_SHARED, agreement_with_people, both_judged, reaches_bound
from core.measure.statistics import Figure
from core.measure.values import Cell, Outcome

BOUND = f"the lower end must be at least {LEAST_KAPPA:g}, with {LEAST_SHARED} cards or more"


@dataclass(frozen=True, kw_only=True)
class AskedModel:
    """What one model said, asked in one wording. A card is known by the hash of what is shown."""

    name: str  # `MODEL at HOST`
    said: tuple[tuple[str, bool | None], ...]  # of this run's cards; None: nothing is judged. What failed is not among them
    of_marked: tuple[tuple[str, bool], ...]  # of cards of all runs that people marked
    words: tuple[tuple[str, int], ...] = ()  # how long the replies of those are, as far as it is known


@dataclass(frozen=True, kw_only=True)
class ModelOf:
    """What one model said by one principle."""

    name: str
    cards: int  # there are
    follows: int
    does_not: int
    unjudged: int  # cards of which it says nothing that holds in both orders
    agreement: Figure  # Cohen's kappa with people, on the cards of all runs that both judged by this principle
    longer: Figure  # how often what it says follows is the longer, on the cards of this run
    leaning: Leaning  # the same beside people's marks, on the cards of all runs that both judged
    not_used: str  # why its verdicts are not used; empty where they are


class ModelJudge(MarkJudge):
    """A model as judge by one principle. Its deals count as wholes, as those of people do."""

    def __init__(self, principle: Principle, model: AskedModel, people: Sequence[Mark], deals: Deals, cells: Collection[Cell]) -> None:
        """`people` are the marks that the model is held against, of any run; `deals` and `cells` as in `MarkJudge`."""
        said, known = dict(model.said), identity(principle)
        cards = {card.shown: card for deal in deals for card in deal}
        given = [Mark(principle=known, query=card.query, shown=shown, who=model.name, follows=said[shown]) for shown, card in cards.items() if shown in said]
        super().__init__(known, given, deals, cells)
        self.model, self.cards = model.name, len(cards)
        self.agreement = agreement_with_people(principle, dict(model.of_marked), people)
        lengths = {shown: length_of(card.text) for shown, card in cards.items()}
        self.longer = longer_follows([(said, lengths[shown]) for shown, said in model.said if said is not None and shown in lengths])
        self.leaning = leaning(both_judged(principle, dict(model.of_marked), people), {**dict(model.words), **lengths})
        self.name = f"{model.name}, {_short(self.agreement)}"

    def can_judge(self, principle: Principle) -> bool:
        """Whether it was asked about a whole deal of replies by this principle, and is trusted."""
        return super().can_judge(principle) and is_trusted(self.agreement, self.leaning)

    def _agreed(self, shown: str) -> Outcome:
        given = self.by_shown[shown] if shown in self.counted else []
        if not given:
            return Outcome(follows=None, why="the model was not asked about it, or not yet about all that was dealt with it", by=self.name)
        follows = given[0].follows
        return Outcome(follows=follows, why="it says nothing of it that holds in both orders" if follows is None else "it says so in both orders", by=self.name)


def is_trusted(agreement: Figure, found: Leaning) -> bool:
    """Whether a model's verdicts may be used: people agree with it as far as they have to, and it is not shown to follow length more than they do."""
    return reaches_bound(agreement) and not follows_length(found)


def by_agreement(judges: Sequence[ModelJudge]) -> list[ModelJudge]:
    """Those first with whom people agree more surely: which of several is used must not depend on what it says of the run."""
    return sorted(judges, key=lambda judge: (-(judge.agreement.low if judge.agreement.low is not None else -1.0), judge.model))


def model_of(judge: ModelJudge, chosen: Judge | None) -> ModelOf:
    """What a model said by one principle; `chosen` is who judges that."""
    said = [marks[0].follows for marks in judge.by_shown.values()]
    return ModelOf(
        name=judge.model,
        cards=judge.cards,
        follows=said.count(True),
        does_not=said.count(False),
        unjudged=said.count(None),
        agreement=judge.agreement,
        longer=judge.longer,
        leaning=judge.leaning,
        not_used=_not_used(judge, chosen),
    )


def _not_used(judge: ModelJudge, chosen: Judge | None) -> str:
    if not judge.by_shown:
        return "it was not asked about this principle"
    if not reaches_bound(judge.agreement):
        return BOUND
    if follows_length(judge.leaning):
        return f"not used are {LENGTH_BOUND}"
    if not judge.counted:
        return "it counts once it was asked about all cards that were dealt together"
    if chosen is judge:
        return ""
    if isinstance(chosen, CheckJudge):
        return "a program judges this principle"
    return "another model judges it, with which people agree more surely" if isinstance(chosen, ModelJudge) else "people’s marks judge this principle"


def model_says(model: ModelOf) -> str:
    """What a model said by one principle, how far people agree with it, and whether it is used."""
    unjudged = f", {model.unjudged} not judged" if model.unjudged else ""
    use = f"shown and not used: {model.not_used}" if model.not_used else "used"
    said = f"{model.name}: {model.follows} follow, {model.does_not} do not{unjudged}."
    return f"{said} {agreement_says(model.agreement)}. {longer_says(model.leaning, model.longer)}; {use}."


def agreement_says(agreement: Figure) -> str:
    """How far people agree with a model, in words."""
    if agreement.n == 0:
        return "Nobody has marked cards that it judged by this principle, in any run"
    return f"Agreement with people, over all runs of this principle: Cohen’s kappa {figure_says(agreement)}"


def _short(agreement: Figure) -> str:
    """As the judge's name has it; of one that people do not agree with it is never told."""
    if agreement.value is None or agreement.low is None or agreement.high is None:
        return "κ unknown"
    return f"κ {two_places(agreement.value)} ({two_places(agreement.low)} to {two_places(agreement.high)}) with people on {agreement.n} cards"
