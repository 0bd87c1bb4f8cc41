"""What a principle's own test scenarios show: shares with intervals, and a sentence beside the verdict, which does not rest on them. No model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.constitution.contrasts import flip_side
from core.constitution.principles import SIDES, Constitution
from core.constitution.text import same_question
from core.measure.judges import Judge
from core.measure.statistics import DIFFERENCE, POWER, Figure, Pairs, more_queries, pairs_of, share
from core.measure.values import NO_SIDE, Cell, MeasuredReply, OwnScenarios, Roles, roles
from core.methods.arms import Arm, inner_title

Judged = Mapping[Arm, Mapping[str, Sequence[bool | None]]]  # by arm and side, whether the reply to each scenario follows


def own_scenarios(constitution: Constitution, position: int, replies: Mapping[Arm, Sequence[MeasuredReply]], judge: Judge | None) -> OwnScenarios | None:
    """The figures of one principle on its own test scenarios.

    Args:
        constitution: What the principles were.
        position: Of the principle.
        replies: Of each arm, to the test scenarios of all principles, in one order.
        judge: Who says whether a reply follows the principle; None: nobody.

    Returns:
        None where none of its test scenarios were measured.
    """
    tests = {same_question(scenario.query) for scenario in constitution.principles[position].scenarios if scenario.use == "test"}
    own = {arm: [reply for reply in answers if same_question(reply.query) in tests] for arm, answers in replies.items()}
    n_queries = len({reply.query for answers in own.values() for reply in answers})
    if not n_queries:
        return None
    judged = {arm: _by_side(constitution, position, arm, answers, judge) for arm, answers in own.items()}
    return OwnScenarios(
        written=len(tests),
        n_queries=n_queries,
        compliance={arm.key: {side: share(outcomes) for side, outcomes in by_side.items()} for arm, by_side in judged.items()},
        sentence=_sentence(_which(n_queries, len(tests)), judged, roles(list(replies)), judge is not None),
    )


def _by_side(constitution: Constitution, position: int, arm: Arm, replies: Sequence[MeasuredReply], judge: Judge | None) -> dict[str, list[bool | None]]:
    """Whether the replies of an arm follow, by the sides as a report names them."""
    k = len(constitution.principles)
    sides = {SIDES[0]: SIDES[0], flip_side(position, k): "flip" if k > 1 else "antithesis"} if arm.in_prompt else {NO_SIDE: NO_SIDE}

    def follows(reply: MeasuredReply) -> bool | None:
        if judge is None or not judge.reads(Cell(arm=arm.key, side=sides[reply.side])):
            return None
        return judge.judge(constitution.principles[position], reply.query, reply.text).follows

    return {name: [follows(reply) for reply in replies if reply.side == side] for side, name in sides.items()}


def _which(measured: int, written: int) -> str:
    if measured < written:
        return f"{measured} of its own {written} scenarios"
    return f"its own {'scenario' if written == 1 else f'{written} scenarios'}"


@dataclass(frozen=True)
class _Arm:
    """What one arm does on the scenarios."""

    figure: Figure
    when: str

    def __str__(self) -> str:
        """`2 of 6 before training (10% to 70%)`."""
        figure = self.figure
        if figure.value is None or figure.low is None or figure.high is None:
            return f"none that could be judged {self.when}"
        return f"{round(figure.value * figure.n)} of {figure.n} {self.when} ({figure.low:.0%} to {figure.high:.0%})"


def _sentence(which: str, judged: Judged, parts: Roles, has_judge: bool) -> str:
    """What the scenarios show of the arm that was trained and its control; empty where there are not both."""
    if parts.control is None or parts.trained is None:
        return ""
    before, after = judged[parts.control][SIDES[0]], judged[parts.trained][SIDES[0]]
    if not has_judge or not (share(before).n or share(after).n):
        return f"Nobody has judged the replies to {which}."
    trained = parts.trained.artifact is not None
    control = _Arm(share(before), "before training" if trained else "with the prompt alone")
    arm = _Arm(share(after), "after" if trained else f"by {inner_title(parts.trained)}")
    return f"On {which}: {control}, {arm}.{_needed(pairs_of(before, after))} The verdict does not rest on them."


def _needed(pairs: Pairs) -> str:
    """How many more scenarios would show a difference."""
    if not pairs.n:
        return " Of none could both replies be judged."
    more = more_queries(pairs)
    if more == 0:
        return f" A difference of {100 * DIFFERENCE:.0f} points would have been seen in {POWER:.0%} of results."
    return f" About {more:,} more {'scenario' if more == 1 else 'scenarios'} would show a difference of {100 * DIFFERENCE:.0f} points."
