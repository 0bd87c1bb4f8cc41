"""Whether replies follow the text or the base's habit: flips when the sides are swapped, and the pull of the prior. Imports no torch.

Flip rate: of the queries whose replies to both sides could be judged, the share where the reply under the statement follows and the one under the
antithesis does not. Of an arm whose prompt holds neither, the arm that stands for swapped sides is taken (core.methods.arms.swapped_arm).
Prior pull: compliance where what the base does anyway, without any constitution, follows the principle already, and where it does not. The two
lie together where the text decides, and far apart where the habit does; it is the counterpart for principles of the memorisation ratio of
Longpre et al. 2021.
"""

from collections.abc import Mapping, Sequence

from core.measure.statistics import UNMEASURED, Figure, share
from core.measure.values import AGREES, DISAGREES, NO_SIDE, opposite
from core.methods.arms import BASE, Arm, swapped_arm

Outcomes = Mapping[Arm, Mapping[str, Sequence[bool | None]]]  # by arm, by side as in `Cell`, whether each query's reply follows


def flips(outcomes: Outcomes) -> dict[str, Figure]:
    """By arm; of those that can be asked the other way round."""
    found = {}
    for arm, by_side in outcomes.items():
        if arm.in_prompt:
            found[arm.key] = flip_rate(by_side["statement"], by_side[opposite(by_side)])
        elif (turned := swapped_arm(arm, outcomes)) is not None:
            found[arm.key] = flip_rate(by_side[NO_SIDE], outcomes[turned][NO_SIDE])
    return found


def flip_rate(stated: Sequence[bool | None], swapped: Sequence[bool | None]) -> Figure:
    """Share of the queries judged both ways that follow and, swapped, do not."""
    return share([a and not b for a, b in zip(stated, swapped, strict=True) if a is not None and b is not None])


def pull(outcomes: Outcomes) -> dict[str, dict[str, Figure]]:
    """By arm, compliance under the statements, or with no constitution, where the base's own habit agrees and where it disagrees."""
    habit = next((by_side[NO_SIDE] for arm, by_side in outcomes.items() if arm.method == BASE), None)
    if habit is None:
        return {}
    return {
        arm.key: {name: _where(by_side["statement" if arm.in_prompt else NO_SIDE], habit, wanted) for name, wanted in ((AGREES, True), (DISAGREES, False))}
        for arm, by_side in outcomes.items()
        if arm.method != BASE
    }


def _where(outcomes: Sequence[bool | None], habit: Sequence[bool | None], wanted: bool) -> Figure:
    if not outcomes or not habit:
        return UNMEASURED
    return share([outcome for outcome, does in zip(outcomes, habit, strict=True) if does is wanted])
