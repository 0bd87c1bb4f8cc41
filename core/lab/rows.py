"""From measured replies to the laboratory's rows: a bound by the policy and one by the base, compliance, relevance. Imports no torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.constitution.contrasts import asked_stances, flip_side
from core.constitution.principles import SIDES, Constitution, Principle
from core.lab.values import LabRow, Measured, measured, unmeasured
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.sense import OWN, relevance
from core.measure.statistics import mean, paired_change, share
from core.measure.tracing import Asked, bound_figure, column_term, scored_queries, scores_by_base, scores_by_policy, summed_by_policy
from core.measure.values import NO_SIDE, MeasuredReply
from core.methods.arms import Arm, arm_title

CAP_NATS = math.log(len(SIDES))  # of a principle: statement against antithesis
NO_CHECK = "no program judges this principle"
NO_PROMPT = "no constitution stands in its prompt, so there are no two sides to tell apart"
NO_TEXT = "no query was answered with a text under both sides"
NOT_ASKED = "nothing was answered without a constitution"
THE_BASE = "the base"


def rows_of(
    constitution: Constitution,
    answers: Mapping[Arm, Sequence[MeasuredReply]],
    against: Arm | None,
    floor: Sequence[MeasuredReply] = (),
    judges: Sequence[Judge] = JUDGES,
) -> tuple[LabRow, ...]:
    """A row for each principle and arm.

    Args:
        constitution: What stood in the prompts.
        answers: Of each arm, as `core.measure.report.evaluate` takes them.
        against: The arm that the others' changes are taken from, which makes them cells of the verdict; None: nothing is.
        floor: What the base answered the same queries with no constitution in its prompt.
        judges: Who may judge.
    """
    asked = {arm: Replies(constitution, arm.in_prompt, replies) for arm, replies in answers.items()}
    before = asked.get(against) if against is not None else None
    rows = []
    for position, principle in enumerate(constitution.principles):
        chance = floor_of(principle, floor, judges)
        for arm, replies in asked.items():
            held = against.key if against is not None and arm != against else ""
            row = row_of(replies, position, (arm.key, arm_title(arm), held), chance, judges)
            rows.append(compared(row, before, replies, position, judges) if held and before is not None else row)
    return tuple(rows)


class Replies:
    """What was answered, query by query, with what is known of the prompts."""

    def __init__(self, constitution: Constitution, in_prompt: bool, replies: Sequence[MeasuredReply]) -> None:
        self.constitution, self.in_prompt = constitution, in_prompt
        self.sides = tuple(asked_stances(len(constitution.principles))) if in_prompt else (NO_SIDE,)
        self.asked: list[Asked] = [replies[i : i + len(self.sides)] for i in range(0, len(replies), len(self.sides))]

    def pair(self, position: int) -> tuple[int, int]:
        """Where the two sides of one principle stand among those that were asked."""
        return 0, self.sides.index(flip_side(position, len(self.constitution.principles)))


def row_of(replies: Replies, position: int, named: tuple[str, str, str], floor: Measured, judges: Sequence[Judge] = JUDGES) -> LabRow:
    """The row of one principle. `named` is its key, its title for people, and the key that its changes are taken from."""
    key, title, against = named
    principle = replies.constitution.principles[position]
    bounds = _bounds(replies, position)
    read = [nats for nats in (relevance(query[OWN]) for query in replies.asked) if nats is not None]
    return LabRow(
        principle=principle.title,
        arm=title,
        key=key,
        against=against,
        cap_nats=CAP_NATS,
        own=bounds[0],
        own_summed=bounds[1],
        reader=bounds[2],
        compliance=compliance_of(principle, [query[OWN] for query in replies.asked], judges),
        floor=floor,
        relevance=measured(mean(read), "the replies were not read under other queries"),
    )


def _bounds(replies: Replies, position: int) -> tuple[Measured, Measured, Measured]:
    """By the policy from mean and from summed log-probabilities, and by the base."""
    if not replies.in_prompt:
        return unmeasured(NO_PROMPT), unmeasured(NO_PROMPT), unmeasured(NO_PROMPT)
    pair = replies.pair(position)
    scored = scored_queries(replies.asked, pair)
    own, summed, base = (measured(bound_figure(scored, scores, pair), NO_TEXT) for scores in (scores_by_policy, summed_by_policy, scores_by_base))
    return own, summed, measured(base.figure, NO_TEXT, THE_BASE)


def compliance_of(principle: Principle, replies: Sequence[MeasuredReply], judges: Sequence[Judge] = JUDGES) -> Measured:
    """The share of replies that follow a principle."""
    judge = judge_of(principle, judges)
    if judge is None or not replies:
        return unmeasured(NO_CHECK if judge is None else "nothing was answered")
    outcomes = [judge.judge(principle, reply.query, reply.text).follows for reply in replies]
    return measured(share(outcomes), f"the check ({principle.check}) can judge none of these replies", judge.name)


def floor_of(principle: Principle, replies: Sequence[MeasuredReply], judges: Sequence[Judge] = JUDGES) -> Measured:
    """What follows a principle by chance: of the base's replies with no constitution in the prompt."""
    return compliance_of(principle, replies, judges) if replies else unmeasured(NOT_ASKED)


def compared(row: LabRow, before: Replies, after: Replies, position: int, judges: Sequence[Judge] = JUDGES) -> LabRow:
    """A row with its changes from other replies to the same queries, query by query."""
    principle = before.constitution.principles[position]
    judge = judge_of(principle, judges)
    return replace(
        row,
        own_change=_bound_change(before, after, position),
        compliance_change=unmeasured(NO_CHECK)
        if judge is None
        else measured(paired_change(*([judge.judge(principle, q[OWN].query, q[OWN].text).follows for q in r.asked] for r in (before, after))), NO_CHECK),
    )


def _bound_change(before: Replies, after: Replies, position: int) -> Measured:
    if not (before.in_prompt and after.in_prompt):
        return unmeasured(NO_PROMPT)
    terms = [[_bound_term(query, replies.pair(position)) for query in replies.asked] for replies in (before, after)]
    return measured(mean([two - one for one, two in zip(*terms, strict=True) if one is not None and two is not None]), NO_TEXT)


def _bound_term(query: Asked, pair: tuple[int, int]) -> float | None:
    """What one query adds to the bound; None where a reply is empty."""
    if not all(query[side].logprobs for side in pair):
        return None
    return math.fsum(column_term(scores_by_policy(query[side]), side, pair) for side in pair) / len(pair)
