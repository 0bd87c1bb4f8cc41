"""What came out for a principle, in one of five words that anybody can read at a glance. Imports no torch.

A verdict is finer and says why; it maps to exactly one standing. A principle that nobody could judge is not judged, whatever its figures say.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from core.measure.values import PrincipleFigures
from core.measure.verdicts import Verdict


class Standing(StrEnum):
    """One word for lists, margins and the top of a result."""

    FOLLOWED = "followed"
    FORM_ONLY = "in form only"
    NO_RISE = "no rise shown"
    NOT_FOLLOWED = "not followed"
    NOT_JUDGED = "not judged"


STANDINGS = {
    Verdict.FOLLOWED: Standing.FOLLOWED,
    Verdict.ALREADY: Standing.FOLLOWED,
    Verdict.FORM_ONLY: Standing.FORM_ONLY,
    Verdict.STEADY: Standing.NO_RISE,
    Verdict.RISEN: Standing.FORM_ONLY,
    Verdict.BOTH_SIDES: Standing.FORM_ONLY,
    Verdict.REVERSED: Standing.NOT_FOLLOWED,
    Verdict.NOT_FOLLOWED: Standing.NOT_FOLLOWED,
    Verdict.UNSHOWN: Standing.NO_RISE,
    Verdict.UNCHECKED: Standing.NOT_JUDGED,
    Verdict.NO_EFFECT: Standing.NO_RISE,
    Verdict.SENSELESS: Standing.NOT_FOLLOWED,
    Verdict.UNMEASURED: Standing.NOT_JUDGED,
}
MEANINGS = {
    Standing.FOLLOWED: "replies do what it says because it says so, and nothing shows that they no longer answer",
    Standing.FORM_ONLY: "replies have the form asked for, but no longer answer, or it is not shown that the text decides it",
    Standing.NO_RISE: "it is not shown that more replies follow it than before training",
    Standing.NOT_FOLLOWED: "whether replies follow it is shown not to depend on it, they do the opposite, or they no longer answer",
    Standing.NOT_JUDGED: "nobody could say whether replies follow it",
}


def standing_of(verdict: Verdict | None, judge: str | None) -> Standing:
    """What a verdict comes to; without a judge, or without a verdict, nothing."""
    return STANDINGS[verdict] if verdict is not None and judge is not None else Standing.NOT_JUDGED


def standing(principle: PrincipleFigures) -> Standing:
    """What came out for one principle of a report."""
    return standing_of(principle.verdict, principle.judge)


def counted(standings: Iterable[Standing]) -> str:
    """`2 followed, 1 in form only, 3 not judged`; what none has is left out."""
    found = list(standings)
    return ", ".join(f"{found.count(each)} {each.value}" for each in Standing if each in found)


def standings_from_data(principles: object) -> tuple[Standing, ...]:
    """The same of the principles of a stored report, of which no more is read than this takes; empty where they are of another form."""
    rows = principles if isinstance(principles, list) else []
    try:
        return tuple(_from_data(row) for row in rows)
    except (KeyError, TypeError, ValueError):
        return ()


def _from_data(row: Mapping[str, Any]) -> Standing:
    return standing_of(Verdict(row["verdict"]) if row["verdict"] is not None else None, str(row["judge"]) if row["judge"] is not None else None)
