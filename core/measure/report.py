"""From measured replies to the report: figures with intervals, and a plain sentence for each principle. No model, no drawing.

Mutual information cannot tell following from doing the opposite, nor either from a private code; only a judge of the text can.
So no principle is ever called followed on attribution alone.

Three arms answer two questions for each principle. Was training worth it over prompting? (trained with the constitution − control with
it.) And did training put it into the weights? The trained arm without the constitution is held against the control with it, on the same
queries; a base without the constitution is not measured, so what it follows by chance is not taken off.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.constitution.contrasts import asked_stances, flip_side
from core.constitution.principles import SIDES, Constitution
from core.constitution.text import loops, mentions_constitution, refuses, repetition, words
from core.measure.conclusions import Compared, conclude, sense_of
from core.measure.extremes import extremes
from core.measure.habits import Outcomes, flips, pull
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.own_scenarios import own_scenarios
from core.measure.sense import OWN, sense_change, sense_figures
from core.measure.statistics import Figure, Pairs, clustered_share, mean, paired_change, pairs_of, share
from core.measure.tracing import (
    Asked,
    all_traced,
    attribution_figure,
    bound_figure,
    confusion,
    scored_queries,
    scores_by_base,
    scores_by_policy,
    summed_by_policy,
    traced_among,
)
from core.measure.values import (
    NO_REPLIES,
    NO_SIDE,
    OVER_PROMPT,
    TEXT,
    WEIGHTS,
    Answered,
    ArmFigures,
    Cell,
    Change,
    MeasuredReply,
    PrincipleFigures,
    Report,
    Roles,
    SenseChange,
    opposite,
    roles,
)
from core.methods.arms import Arm


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """All that a report is made of."""

    constitution: Constitution
    asked: Mapping[Arm, Sequence[Asked]]  # by arm, the replies to each query
    judges: Sequence[Judge]
    own: Mapping[Arm, Sequence[MeasuredReply]] = field(default_factory=lambda: NO_REPLIES)  # by arm, the replies to test scenarios

    @property
    def prompted(self) -> list[Arm]:
        return [arm for arm in self.asked if arm.in_prompt]

    @property
    def roles(self) -> Roles:
        return roles(list(self.asked))

    def pair(self, position: int) -> tuple[int, int]:
        """The two stances that tell one principle from its antithesis, among those that are asked."""
        k = len(self.constitution.principles)
        sides = tuple(asked_stances(k))
        return sides.index("statement"), sides.index(flip_side(position, k))


def evaluate(
    constitution: Constitution,
    replies: Mapping[Arm, Sequence[MeasuredReply]],
    judges: Sequence[Judge] = JUDGES,
    own: Mapping[Arm, Sequence[MeasuredReply]] = NO_REPLIES,
) -> Report:
    """The report on arms that answered the same held-out queries.

    Args:
        constitution: What the principles were.
        replies: Of each arm, in the order in which arms are shown: under each of `asked_stances` for an arm with the constitution in its
            prompt, one under `NO_SIDE` for one without; the queries in the same order for all.
        judges: Who may judge, in the order in which they are asked.
        own: Of each arm, the replies to test scenarios, as `ask_scenarios` gives them. No other figure rests on them.
    """
    sides = tuple(asked_stances(len(constitution.principles)))
    asked = {_known_by_hash(arm): _by_query(answers, sides if arm.in_prompt else (NO_SIDE,)) for arm, answers in replies.items()}
    if len({tuple(query[0].query for query in queries) for queries in asked.values()}) > 1:
        raise ValueError(f"{', '.join(arm.key for arm in asked)} must have answered the same queries in the same order")
    measured = _Measured(constitution=constitution, asked=asked, judges=judges, own={_known_by_hash(arm): answers for arm, answers in own.items()})
    control, n_queries = measured.roles.control, max((len(queries) for queries in asked.values()), default=0)
    read_among = max((len(query[0].query_logprobs) for queries in asked.values() for query in queries), default=0)
    sense = tuple(sense_change(arm.key, constitution, asked[control], asked[arm]) for arm in measured.prompted if control is not None and arm != control)
    whole = all(len(traced_among(asked[arm])) == len(sides) for arm in measured.prompted if asked[arm])
    among = range(len(sides) if whole else len(SIDES))
    return Report(
        n_queries=n_queries,
        split="held-out",
        sides=sides,
        traced=() if whole else SIDES,
        cap_nats=math.log(len(among)),
        read_among=read_among,
        arms=tuple(arm_figures(arm, queries, constitution if arm.in_prompt else None, among) for arm, queries in asked.items()),
        principles=_principles(measured, sense, math.log(max(read_among, 1))),
        sense=sense,
    )


def judged_anew(report: Report, constitution: Constitution, answered: Answered, judges: Sequence[Judge]) -> Report:
    """A report whose principles are evaluated once more from the replies it was made of, by other judges. What was measured of arms stays.

    Args:
        report: On these replies.
        constitution: What the principles were.
        answered: By the report's arms, in their order, as for `evaluate`.
        judges: Who may judge now.
    """
    asked = {_known_by_hash(arm): _by_query(answers, report.sides if arm.in_prompt else (NO_SIDE,)) for arm, answers in answered.replies.items()}
    measured = _Measured(constitution=constitution, asked=asked, judges=judges, own={_known_by_hash(arm): answers for arm, answers in answered.own.items()})
    return replace(report, principles=_principles(measured, report.sense, math.log(max(report.read_among, 1))))


def _known_by_hash(arm: Arm) -> Arm:
    return arm if arm.artifact is None else replace(arm, artifact=replace(arm.artifact, place=""))


def _by_query(replies: Sequence[MeasuredReply], sides: Sequence[str]) -> list[Asked]:
    asked = [replies[i : i + len(sides)] for i in range(0, len(replies), len(sides))]
    if any([reply.side for reply in query] != list(sides) or len({reply.query for reply in query}) > 1 for query in asked):
        raise ValueError(f"every query must have been answered under {', '.join(sides)}")
    return asked


def arm_figures(arm: Arm, asked: Sequence[Asked], constitution: Constitution | None, among: Sequence[int] | None = None) -> ArmFigures:
    """Figures of one arm from its replies to each query.

    Args:
        arm: Whose.
        asked: Its replies.
        constitution: What stood in its prompts, if anything.
        among: The places of the stances that its replies are traced among; of an arm by itself as far as they were asked.
    """
    every = range(len(asked[0]) if asked else 0)
    among = [stance for stance in (traced_among(asked) if among is None else among) if stance in every]
    scored, whole = scored_queries(asked, among), scored_queries(asked, every)
    return ArmFigures(
        arm=arm,
        mi_bound_nats=bound_figure(scored, scores_by_policy, among),
        mi_bound_summed_nats=bound_figure(scored, summed_by_policy, among),
        attribution=attribution_figure(scored, scores_by_policy, among),
        confusion=confusion(scored, scores_by_policy, among) if arm.in_prompt else (),
        base_mi_bound_nats=bound_figure(scored, scores_by_base, among),
        base_attribution=attribution_figure(scored, scores_by_base, among),
        base_surprise_nats=mean([math.fsum(-scores_by_base(reply)[written] for written, reply in enumerate(query)) / len(every) for query in whole]),
        words=_by_side(arm, asked, lambda r: float(len(words(r.text)))),
        repetition=_by_side(arm, asked, lambda r: repetition(r.text)),
        loops=clustered_share([[loops(r.text) for r in query] for query in asked]),
        refusals=clustered_share([[refuses(r.text) for r in query] for query in asked]),
        mentions=clustered_share([[mentions_constitution(r.text) for r in query] for query in asked]),
        empty=clustered_share([[not r.text for r in query] for query in asked]),
        kl_policy_base_nats=mean([math.fsum(kls) / len(kls) for kls in map(_kls, whole) if len(kls) == len(every)]),
        **sense_figures(constitution, asked),
    )


def _kls(query: Asked) -> list[float]:
    """The distances of the replies to one query, as far as they were measured."""
    return [reply.kl_policy_base_nats for reply in query if reply.kl_policy_base_nats is not None]


def _by_side(arm: Arm, asked: Sequence[Asked], value: Callable[[MeasuredReply], float]) -> dict[str, Figure]:
    sides = SIDES if arm.in_prompt else (NO_SIDE,)
    return {side: mean([value(r) for query in asked for r in query if r.side == side and r.text]) for side in sides}


def _principles(measured: _Measured, sense: Sequence[SenseChange], cap_nats: float) -> tuple[PrincipleFigures, ...]:
    """Figures of all principles, with verdicts where there is a control and an arm to hold against it."""
    parts, outcomes = measured.roles, [_outcomes(measured, i) for i in range(len(measured.constitution.principles))]
    found = [_principle(measured, i, judged) for i, judged in enumerate(outcomes)]
    if parts.control is None or parts.trained is None:
        return tuple(found)
    n_queries, change = len(measured.asked[parts.trained]), next((each for each in sense if each.arm == parts.trained.key), None)
    compared = [_compared(figures, outcomes[i], _traced(measured, i, parts), (parts.control, parts.trained)) for i, figures in enumerate(found)]
    return conclude(compared, parts, sense_of(change, cap_nats, n_queries))


def _compared(figures: PrincipleFigures, outcomes: Outcomes, traced: Pairs, arms: tuple[Arm, Arm]) -> Compared:
    control, trained = arms
    under = outcomes[trained]
    rose = pairs_of(outcomes[control]["statement"], under["statement"])
    return Compared(figures=figures, rose=rose, depends=pairs_of(under[opposite(under)], under["statement"]), traced=traced)


def _traced(measured: _Measured, position: int, parts: Roles) -> Pairs:
    """Whether all replies to a query are traced right, of the control and of what is held against it."""
    scored = [all_traced(measured.asked[arm], scores_by_policy, measured.pair(position)) for arm in (parts.control, parts.trained) if arm is not None]
    return pairs_of(*scored)


def _principle(measured: _Measured, position: int, outcomes: Outcomes) -> PrincipleFigures:
    """Figures of one principle, from the replies of all arms."""
    principle, pair = measured.constitution.principles[position], measured.pair(position)
    judge, trained = judge_of(principle, measured.judges), measured.roles.trained
    scored = {arm: scored_queries(measured.asked[arm], pair) for arm in measured.prompted}
    return PrincipleFigures(
        title=principle.title,
        check=str(principle.check) if principle.check is not None else None,
        judge=judge.name if judge is not None else None,
        compliance={arm.key: {side: share(judged) for side, judged in by_side.items()} for arm, by_side in outcomes.items()},
        mi_bound_nats={arm.key: bound_figure(queries, scores_by_policy, pair) for arm, queries in scored.items()},
        attribution={arm.key: attribution_figure(queries, scores_by_policy, pair) for arm, queries in scored.items()},
        base_attribution={arm.key: attribution_figure(queries, scores_by_base, pair) for arm, queries in scored.items()},
        changes=_changes(outcomes, measured.roles.control),
        flips=flips(outcomes),
        pull=pull(outcomes),
        verdict=None,
        sentence="",
        control="",
        extremes=extremes([query[OWN] for query in measured.asked[trained]], outcomes[trained]["statement"]) if trained is not None else (),
        scenarios=own_scenarios(measured.constitution, position, measured.own, judge),
    )


def _outcomes(measured: _Measured, position: int) -> Outcomes:
    """A judge's outcomes on the replies of every arm under the sides that concern one principle."""
    principle, k = measured.constitution.principles[position], len(measured.constitution.principles)
    chosen = judge_of(principle, measured.judges)
    flipped = flip_side(position, k)
    named = {side: side if side in SIDES else "flip" for side in (*SIDES, flipped)}

    def judged(arm: Arm, side: str) -> list[bool | None]:
        if chosen is None:
            return []
        if not chosen.reads(Cell(arm=arm.key, side=named.get(side, side))):
            return [None] * len(measured.asked[arm])
        return [chosen.judge(principle, r.query, r.text).follows for query in measured.asked[arm] for r in query if r.side == side]

    return {arm: {name: judged(arm, side) for side, name in named.items()} if arm.in_prompt else {NO_SIDE: judged(arm, NO_SIDE)} for arm in measured.asked}


def _changes(outcomes: Outcomes, control: Arm | None) -> tuple[Change, ...]:
    """The pairs that are compared, for every arm but the control."""

    def change(name: str, before: tuple[Arm, str], after: tuple[Arm, str]) -> Change:
        figure = paired_change(outcomes[before[0]][before[1]], outcomes[after[0]][after[1]])
        return Change(name=name, before=Cell(arm=before[0].key, side=before[1]), after=Cell(arm=after[0].key, side=after[1]), figure=figure)

    changes = []
    for arm in outcomes:
        if arm.in_prompt and arm != control:
            if control is not None:
                changes.append(change(OVER_PROMPT, (control, "statement"), (arm, "statement")))
            changes.append(change(TEXT, (arm, opposite(outcomes[arm])), (arm, "statement")))
        if not arm.in_prompt and arm.artifact is not None and control is not None:
            changes.append(change(WEIGHTS, (control, "statement"), (arm, NO_SIDE)))
    return tuple(changes)
