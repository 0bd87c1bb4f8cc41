"""What readers are shown, and what their readings come to, principle by principle. Imports no torch.

Two questions. *Which side?* — a reply is shown with the statement and the antithesis of one principle: the bound of this has the policy's own
beside it. *Which principle?* — a reply is shown with the principles of several constitutions, each as statement and as antithesis.
"""

from collections.abc import Mapping, Sequence

from core.constitution.principles import Constitution, Principle, squash
from core.lab.rows import Replies
from core.lab.values import Line
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.readers import EMPTY, Option, ReaderCard, Reading, by_likelihood, figures_of
from core.measure.statistics import UNMEASURED, Figure
from core.measure.tracing import summed_by_policy

MOST_OWN, MOST_DECOYS = 3, 2  # principles of the constitution, and of others, that replies are told apart among; each costs a round of replies
PROGRAM, POLICY = "program", "own reader"


def side_cards(replies: Replies, position: int) -> list[ReaderCard]:
    """Both replies to each query, each to be given back to its side."""
    principle = replies.constitution.principles[position]
    options = sides_of(principle)
    return [
        ReaderCard(query=query[stance].query, reply=query[stance].text, options=options, own=own)
        for query in replies.asked
        for own, stance in enumerate(replies.pair(position))
    ]


def sides_of(principle: Principle) -> tuple[Option, Option]:
    """A principle's two texts, as a reader is shown them."""
    return Option(text=principle.statement, title=principle.title), Option(text=principle.antithesis, title=f"{principle.title}, turned")


def own_readings(replies: Replies, position: int) -> list[Reading]:
    """What the policy itself makes of the same cards: it knows the whole constitution that stood in the prompt."""
    pair = replies.pair(position)
    return [
        by_likelihood([summed_by_policy(query[stance])[side] for side in pair]) if query[stance].logprobs else Reading(failure=EMPTY, final=True)
        for query in replies.asked
        for stance in pair
    ]


def program_readings(principle: Principle, cards: Sequence[ReaderCard], judges: Sequence[Judge] = JUDGES) -> list[Reading]:
    """What the principle's judge makes of them: a reply that follows is taken for the statement's. Empty where nobody judges."""
    judge = judge_of(principle, judges)
    if judge is None:
        return []
    outcomes = [judge.judge(principle, card.query, card.reply).follows for card in cards]
    return [Reading(failure="the program cannot judge it", final=True) if follows is None else Reading(pick=0 if follows else 1) for follows in outcomes]


def side_lines(replies: Replies, position: int, arm: str, outside: Mapping[str, Sequence[Reading]], judges: Sequence[Judge] = JUDGES) -> list[Line]:
    """All readers on one principle: the policy itself, those from outside with their readings of `side_cards`, and the program."""
    principle, cards = replies.constitution.principles[position], side_cards(replies, position)
    readings: dict[str, Sequence[Reading]] = {POLICY: own_readings(replies, position), **outside}
    if judged := program_readings(principle, cards, judges):
        readings[PROGRAM] = judged
    return [Line(principle=principle.title, arm=arm, reader=name, figures=figures_of(cards, read)) for name, read in readings.items()]


def decoys(constitution: Constitution, others: Sequence[Constitution]) -> list[Principle]:
    """Principles that replies are told apart among: the constitution's first ones, and one each of others that say something else."""
    chosen = list(constitution.principles[:MOST_OWN])
    taken = {squash(text) for principle in constitution.principles for text in (principle.statement, principle.antithesis)}
    for other in others:
        free = next((p for p in other.principles if squash(p.statement) not in taken and squash(p.antithesis) not in taken), None)
        if free is not None and len(chosen) < min(len(constitution.principles), MOST_OWN) + MOST_DECOYS:
            chosen.append(free)
            taken |= {squash(free.statement), squash(free.antithesis)}
    return chosen


def alone(constitution: Constitution, principle: Principle) -> Constitution:
    """A principle as a constitution by itself: the given one where it has no other, so that no reply is drawn twice."""
    return constitution if constitution.principles == (principle,) else Constitution(name=principle.title, principles=(principle,))


def decoy_cards(principles: Sequence[Principle], replies: Mapping[str, Replies]) -> list[ReaderCard]:
    """Replies under each principle alone, both sides, each to be given back to its text among all of them.

    Args:
        principles: Of `decoys`.
        replies: To the same queries under each of them alone, by its statement.
    """
    options = tuple(option for principle in principles for option in sides_of(principle))
    return [
        ReaderCard(query=reply.query, reply=reply.text, options=options, own=2 * i + side)
        for i, principle in enumerate(principles)
        for query in replies[principle.statement].asked
        for side, reply in enumerate(query)
    ]


def of_option(cards: Sequence[ReaderCard], readings: Sequence[Reading], own: int) -> Figure:
    """The share of one text's replies that are given back to it."""
    mine = [(card, reading) for card, reading in zip(cards, readings, strict=True) if card.own == own]
    return figures_of([card for card, _ in mine], [reading for _, reading in mine]).accuracy if mine else UNMEASURED
