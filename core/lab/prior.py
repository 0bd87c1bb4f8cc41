"""Context against prior: whether swapping the two sides flips behaviour, and how far the base's habit pulls. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.lab.rows import Replies
from core.lab.values import LabRow, LabTable
from core.measure.habits import flip_rate
from core.measure.judges import JUDGES, Judge, judge_of
from core.measure.sense import OWN
from core.measure.statistics import Figure, share
from core.measure.values import MeasuredReply


@dataclass(frozen=True, kw_only=True)
class Pull:
    """One principle under one arm."""

    flips: Figure  # share of queries whose reply follows under the statement and does not with this principle turned
    agreeing: Figure  # compliance on queries where the base with no text follows anyway
    against: Figure  # and where it does not: what the text brings about there is not the habit


def pull_of(replies: Replies, position: int, habit: Sequence[MeasuredReply], judges: Sequence[Judge] = JUDGES) -> Pull | None:
    """None where nobody can judge.

    Args:
        replies: Under both sides.
        position: Of the principle.
        habit: What the base answers the same queries with no constitution in its prompt.
        judges: Who may judge.
    """
    principle = replies.constitution.principles[position]
    judge = judge_of(principle, judges)
    if judge is None:
        return None
    other = replies.pair(position)[1]
    follows = [judge.judge(principle, query[OWN].query, query[OWN].text).follows for query in replies.asked]
    turned = [judge.judge(principle, query[other].query, query[other].text).follows for query in replies.asked]
    usual = [judge.judge(principle, reply.query, reply.text).follows for reply in habit]
    return Pull(
        flips=flip_rate(follows, turned),
        agreeing=share([one for one, plain in zip(follows, usual, strict=True) if plain is True]),
        against=share([one for one, plain in zip(follows, usual, strict=True) if plain is False]),
    )


def pull_table(title: str, pulls: Sequence[tuple[LabRow, Pull]]) -> LabTable:
    """A line for each principle and arm."""
    return LabTable(
        title=title,
        heads=(
            "Principle",
            "Arm",
            "Bound, % of cap",
            "Compliance",
            "Flips with the sides",
            "Follows where the base would anyway",
            "Follows where it would not",
        ),
        rows=tuple(
            (
                row.principle,
                row.arm,
                percent(row.own.figure, row.cap_nats),
                percent(row.compliance.figure),
                percent(pull.flips),
                percent(pull.agreeing),
                percent(pull.against),
            )
            for row, pull in pulls
        ),
        note="Shares of queries with 95% intervals. Where a habit agrees with the principle, following it says little; where it does not, the text did it.",
    )


def points(figure: Figure, whole: float = 1.0) -> str:
    """A change: `+12 points (+3 to +21; n = 24)`."""
    if figure.value is None:
        return "could not be measured"
    told = f"{100 * figure.value / whole:+.0f} points (n = {figure.n})"
    if figure.low is not None and figure.high is not None:
        told = f"{100 * figure.value / whole:+.0f} points ({100 * figure.low / whole:+.0f} to {100 * figure.high / whole:+.0f}; n = {figure.n})"
    return told.replace("-", "−")


def percent(figure: Figure, whole: float = 1.0) -> str:
    """`67% (47 to 82; n = 24)`."""
    if figure.value is None:
        return "could not be measured"
    value = f"{100 * figure.value / whole:.0f}%"
    if figure.low is None or figure.high is None:
        return f"{value} (n = {figure.n})"
    return f"{value} ({100 * figure.low / whole:.0f} to {100 * figure.high / whole:.0f}; n = {figure.n})"
