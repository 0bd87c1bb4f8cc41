"""What the marks on a check's replies come to: the link of every principle that no program judges, by the rule that programs have. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.constitution.principles import Constitution, Principle
from core.measure.cards import Deals, identity, shown_hash
from core.measure.judges import judge_of
from core.measure.marked import MarksOf, marks_of
from core.measure.marks import Mark, MarkJudge, RunnableCheck, listed
from core.runs.checked import Checked, check_cards
from core.runs.evidence import overall
from core.runs.judged_links import Judging, judged_link
from core.runs.links import PrincipleLink, Trainability
from core.runs.rounds import CLOSER, FIRST
from core.settings import SamplingConfig

ERROR = FIRST.error + CLOSER.error  # of a go by marks where both sides follow equally often, over all deals: what a check by programs may err


@dataclass(frozen=True, kw_only=True)
class MarkedCheck:
    """A check as its marks make it."""

    found: Trainability
    marks: tuple[MarksOf | None, ...]  # of each principle; None: nobody has marked any. Empty where nobody marked at all


def mark_check(checked: Checked, constitution: Constitution, marks: Sequence[Mark], sampling: SamplingConfig, name: str) -> MarkedCheck:
    """The check with what people said of its replies. A program comes first; the marks then stand beside it.

    Args:
        checked: As it was found.
        constitution: What was asked about.
        marks: Of everybody.
        sampling: Of the replies.
        name: Of the check, which decides what is dealt together.
    """
    if not marks:
        return MarkedCheck(found=checked.found, marks=())
    links, counted = [], []
    for position, (principle, link) in enumerate(zip(constitution.principles, checked.found.principles, strict=True)):
        deals = check_cards(constitution, position, checked.replies, name)
        people = MarkJudge(identity(principle), marks, deals, ())
        counted.append(marks_of(principle, people, deals))
        links.append(_link(checked, position, link, _Marked(principle, people, deals, greedy=sampling.temperature == 0)))
    return MarkedCheck(found=replace(checked.found, principles=tuple(links), verdict=overall([link.verdict for link in links])), marks=tuple(counted))


@dataclass(frozen=True)
class _Marked:
    """One principle, and the people who marked replies by it."""

    principle: Principle
    people: MarkJudge
    deals: Deals
    greedy: bool


def _link(checked: Checked, position: int, before: PrincipleLink, marked: _Marked) -> PrincipleLink:
    principle, people = marked.principle, marked.people
    if judge_of(principle, (RunnableCheck(),)) is not None or not people.can_judge(principle):
        return before
    if not (pairs := _marked_pairs(checked, position, marked)):
        return before
    judging = Judging(judge=people, error=ERROR / len(marked.deals), greedy=marked.greedy, people=listed(people.people))
    link = judged_link(principle, checked.replies.first(pairs), position, judging)
    return replace(link, shown=tuple(group for group in link.shown if group.follows is not None))  # what nobody judged may still be a card


def _marked_pairs(checked: Checked, position: int, marked: _Marked) -> int:
    """How many replies of each side to every query are marked whole."""
    replies = checked.replies

    def whole(place: int) -> bool:
        said = [(query, side[i][place]) for side in (replies.statement, replies.flipped[position]) for i, query in enumerate(replies.queries)]
        return all(shown_hash(marked.principle, query, text) in marked.people.counted for query, text in said if text)

    return max((place + 1 for place in range(replies.pairs) if whole(place)), default=0)
